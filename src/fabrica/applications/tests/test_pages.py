"""The applicant's pages: they work, refuse the outsider, keep what was typed, and need no script."""

import re
from datetime import timedelta

import pytest
from fabrica.applications import pages, queries, services
from fabrica.applications.forms import initial_of
from fabrica.applications.models import Application
from fabrica.applications.tests.factories import COMPLETE, draft, submitted
from fabrica.trust.tests.answers import answers_for

GAP_LINK = re.compile(r'<li><a href="([^"]+)">([^<]+)</a> ([^<]+)</li>')
FIELD_ERROR = re.compile(r'id="id_(\w+)_error"><p class="error"><span class="visually-hidden">Error: </span>([^<]+)<')


def typed(application, **changes):
    """What a browser posts: every field of the form as it stands, with changes."""
    values = {key: "" if value is None else str(value) for key, value in initial_of(application).items()}
    return {**values, **changes}


@pytest.fixture
def made(cast, call, now):
    return draft(cast, call, now)


@pytest.fixture
def ada(browser_of):
    return browser_of("applicant")


@pytest.mark.parametrize("page", ["", "edit/", "check/", "proposal/"])
def test_a_draft_is_shown_to_its_organisation_and_not_found_by_others(browser_of, made, page):
    answers = {who: browser_of(who).get(f"/applications/{made.code}/{page}").status_code
               for who in ("applicant", "mate", "officer", "operator", "outsider")}  # fmt: skip
    assert answers == {"applicant": 200, "mate": 200, "officer": 404, "operator": 404, "outsider": 404}


@pytest.mark.parametrize("page", ["edit/", "autosave/", "check/", "withdraw/"])
def test_an_outsider_posts_into_nothing(browser_of, made, page):
    assert browser_of("outsider").post(f"/applications/{made.code}/{page}", typed(made)).status_code == 404
    made.refresh_from_db()
    assert (made.state, made.draft_version) == ("draft", 1)


def test_an_officer_reads_what_was_submitted_and_writes_nothing(browser_of, cast, call, now):
    code = submitted(cast, call, now).code
    olga = browser_of("officer")
    assert olga.get(f"/applications/{code}/").status_code == 200
    statuses = [olga.get(f"/applications/{code}/edit/").status_code,
                olga.post(f"/applications/{code}/autosave/", {}).status_code,
                olga.post(f"/applications/{code}/withdraw/").status_code]  # fmt: skip
    assert statuses == [403, 403, 403]


def test_a_draft_begins_with_a_redirect_to_its_form(ada, cast, call):
    assert ada.get("/calls/playground/apply/").status_code == 200
    answer = ada.post("/calls/playground/apply/", {"organisation": cast.startup.uid})
    code = Application.objects.get().code
    assert (answer.status_code, answer.url) == (302, f"/applications/{code}/edit/")


def test_another_organisation_cannot_be_chosen(ada, cast, call):
    answer = ada.post("/calls/playground/apply/", {"organisation": cast.stranger.uid})
    assert (answer.status_code, Application.objects.count()) == (200, 0)
    assert list(answer.context["form"].errors) == ["organisation"]


def test_who_works_for_nobody_is_led_to_register_an_organisation(browser_of, call):
    answer = browser_of("assessor").get("/calls/playground/apply/")
    assert answer.context["has_organisation"] is False
    assert "Register your organisation" in answer.text


def test_a_closed_call_says_so_and_begins_nothing(ada, cast, call):
    call.state, call.pause_reason = "paused", "Maintenance until Friday."
    call.save()
    assert "Maintenance until Friday." in ada.get("/calls/playground/apply/").text
    ada.post("/calls/playground/apply/", {"organisation": cast.startup.uid})
    assert Application.objects.count() == 0


def test_saving_redirects_and_keeps_every_answer(ada, made):
    answer = ada.post(f"/applications/{made.code}/edit/", typed(made, title="New title", save="1"))
    assert (answer.status_code, answer.url) == (302, f"/applications/{made.code}/edit/")
    made.refresh_from_db()
    assert queries.answers_of(made) == {**COMPLETE, "title": "New title"}


def test_the_other_button_goes_on_to_the_check(ada, made):
    answer = ada.post(f"/applications/{made.code}/edit/", typed(made, check="1"))
    assert (answer.status_code, answer.url) == (302, f"/applications/{made.code}/check/")


def test_what_cannot_be_read_stays_typed_with_its_error_and_the_rest_is_saved(ada, made):
    values = typed(made, title="New title", parameters_millions="four", gpu_hours="lots", check="1")
    answer = ada.post(f"/applications/{made.code}/edit/", values)
    assert answer.status_code == 200
    assert [name for name, _ in FIELD_ERROR.findall(answer.text)] == ["parameters_millions", "gpu_hours"]
    assert dict(FIELD_ERROR.findall(answer.text))["parameters_millions"] == "Enter a whole number."
    assert answer.context["form"]["parameters_millions"].value() == "four"
    assert 'value="four"' in answer.text
    made.refresh_from_db()
    assert queries.answers_of(made) == {**COMPLETE, "title": "New title"}


def test_after_an_error_the_mended_form_is_saved_without_a_conflict(ada, made):
    first = ada.post(f"/applications/{made.code}/edit/", typed(made, runs="x"))
    version = first.context["form"]["draft_version"].value()
    second = ada.post(f"/applications/{made.code}/edit/", typed(made, runs="7", draft_version=version))
    made.refresh_from_db()
    assert (version, second.status_code, made.runs) == (2, 302, 7)


def test_of_two_editors_the_second_keeps_her_words_and_sees_what_was_saved(ada, browser_of, made):
    page = f"/applications/{made.code}/edit/"
    ada.post(page, typed(made, title="Ada's", runs="5"))
    answer = browser_of("mate").post(page, typed(made, title="Max's", purpose="Other words"))
    assert answer.status_code == 409
    assert [(str(label), value) for label, value in answer.context["theirs"]] == [
        ("Title", "Ada's"), ("What it is for", COMPLETE["purpose"]), ("Number of training runs", 5),
    ]  # fmt: skip
    form = answer.context["form"]
    assert [form[name].value() for name in ("title", "purpose", "draft_version")] == ["Max's", "Other words", 2]
    made.refresh_from_db()
    assert made.title == "Ada's"


def test_saving_again_after_seeing_both_is_a_choice(browser_of, ada, made):
    page = f"/applications/{made.code}/edit/"
    ada.post(page, typed(made, title="Ada's"))
    shown = browser_of("mate").post(page, typed(made, title="Max's")).context["form"]
    again = {**typed(made, title="Max's"), "draft_version": shown["draft_version"].value()}
    assert browser_of("mate").post(page, again).status_code == 302
    made.refresh_from_db()
    assert made.title == "Max's"


@pytest.mark.parametrize("version", ["", "x", "-1"])
def test_a_form_that_does_not_say_its_draft_overwrites_nothing(ada, made, version):
    values = typed(made, title="Blind", draft_version=version)
    assert ada.post(f"/applications/{made.code}/edit/", values).status_code == 409
    assert ada.post(f"/applications/{made.code}/autosave/", values).status_code == 409
    made.refresh_from_db()
    assert made.title == COMPLETE["title"]


def test_hours_that_were_not_touched_keep_their_seconds(ada, cast, made, now):
    services.save_draft(application=made, values={"gpu_seconds_requested": 36_007}, by=cast.applicant, now=now)
    ada.post(f"/applications/{made.code}/edit/", typed(made, title="Other"))
    made.refresh_from_db()
    assert (made.title, made.gpu_seconds_requested) == ("Other", 36_007)


def test_autosave_answers_with_the_version_that_the_next_one_carries(ada, made):
    page = f"/applications/{made.code}/autosave/"
    first = ada.post(page, typed(made, title="One"))
    assert (first.status_code, first.json()) == (200, {"what": "", "fields": [], "draft_version": 2})
    second = ada.post(page, typed(made, title="Two", draft_version=2))
    assert (second.status_code, second.json()["draft_version"]) == (200, 3)


def test_autosave_names_what_it_could_not_read_and_keeps_the_rest(ada, made):
    answer = ada.post(f"/applications/{made.code}/autosave/", typed(made, title="Kept", runs="many"))
    assert (answer.status_code, answer.json()) == (422, {
        "what": "How many runs?: Enter a whole number.",
        "fields": [{"path": "runs", "message": "Enter a whole number."}],
        "draft_version": 2,
    })  # fmt: skip
    made.refresh_from_db()
    assert (made.title, made.runs) == ("Kept", 3)


def test_autosave_tells_of_the_other_editor_and_keeps_their_words(ada, made):
    page = f"/applications/{made.code}/autosave/"
    ada.post(page, typed(made, title="First"))
    answer = ada.post(page, typed(made, title="Second"))
    assert (answer.status_code, answer.json()) == (409, {
        "what": "Somebody else saved this draft meanwhile.", "why": "",
        "todo": "Look at what they wrote, then save your answers again.",
    })  # fmt: skip
    made.refresh_from_db()
    assert made.title == "First"


def test_a_link_changes_nothing(ada, made):
    answers = [ada.get(f"/applications/{made.code}/{page}").status_code for page in ("autosave/", "withdraw/")]
    made.refresh_from_db()
    assert (answers, made.state) == ([405, 200], "draft")


def test_every_gap_leads_to_its_field(ada, cast, call, now):
    made = services.start(call=call, organisation=cast.startup, by=cast.applicant, now=now)
    page = ada.get(f"/applications/{made.code}/check/").text
    form = ada.get(f"/applications/{made.code}/edit/").text
    links = [link for link, _label, _message in GAP_LINK.findall(page)]
    assert len(links) == len(queries.gaps_of(made, now)) == 12
    *of_the_form, interview = links
    assert [link for link in of_the_form if f'id="{link.partition("#")[2]}"' not in form] == []
    assert {link.partition("#")[2] for link in of_the_form} >= {"id_title", "id_gpu_hours", "id_has_data_rights_0"}
    assert interview == f"/applications/{made.code}/trust/"


def test_beyond_the_limit_the_check_says_so_beside_a_link(ada, cast, call, now):
    made = draft(cast, call, now, gpu_seconds_requested=5001 * 3600)
    ((link, label, message),) = GAP_LINK.findall(ada.get(f"/applications/{made.code}/check/").text)
    assert (link, label) == (f"/applications/{made.code}/edit/#id_gpu_hours", "GPU-hours")
    assert message.startswith("Playground gives at most 5,000 GPU-hours; you ask for 5,001. Source of the limit: ")


def test_submitting_redirects_to_where_it_stands(ada, made):
    answer = ada.post(f"/applications/{made.code}/check/", follow=True)
    assert answer.redirect_chain == [(f"/applications/{made.code}/", 302)]
    made.refresh_from_db()
    assert made.state == "submitted"


def test_an_incomplete_one_is_not_submitted_and_the_check_comes_back(ada, cast, made, now):
    services.save_draft(application=made, values={"title": ""}, by=cast.applicant, now=now)
    answer = ada.post(f"/applications/{made.code}/check/", follow=True)
    assert answer.redirect_chain == [(f"/applications/{made.code}/check/", 302)]
    assert [str(message) for message in answer.context["messages"]] == ["It is not complete yet."]
    assert GAP_LINK.findall(answer.text) == [
        (f"/applications/{made.code}/edit/#id_title", "Title", "This is still empty.")
    ]


def test_what_was_submitted_is_not_written_in_any_more(ada, cast, call, now):
    made = submitted(cast, call, now)
    assert ada.get(f"/applications/{made.code}/edit/").status_code == 409
    assert ada.post(f"/applications/{made.code}/autosave/", typed(made, title="Late")).status_code == 409
    made.refresh_from_db()
    assert made.title == COMPLETE["title"]


def test_withdrawing_redirects_and_leaves_it_to_read(ada, made):
    answer = ada.post(f"/applications/{made.code}/withdraw/", follow=True)
    assert answer.redirect_chain == [(f"/applications/{made.code}/", 302)]
    assert f"/applications/{made.code}/withdraw/" not in answer.text
    assert [ask(f"/applications/{made.code}/withdraw/").status_code for ask in (ada.get, ada.post)] == [409, 409]


def test_withdrawing_asks_first_and_takes_a_reason(ada, made):
    assert "Withdraw this application?" in ada.get(f"/applications/{made.code}/withdraw/").text
    assert ada.post(f"/applications/{made.code}/withdraw/", {"reason": "x" * 3001}).status_code == 200
    ada.post(f"/applications/{made.code}/withdraw/", {"reason": "We merged."})
    made.refresh_from_db()
    assert (made.state, made.transitions.last().reason) == ("withdrawn", "We merged.")


@pytest.mark.parametrize("who", ["officer", "assessor"])
def test_staff_do_not_withdraw(browser_of, cast, call, now, who):
    made = submitted(cast, call, now)
    client = browser_of(who)
    assert [ask(f"/applications/{made.code}/withdraw/").status_code for ask in (client.get, client.post)] == [403, 403]


@pytest.fixture
def page_at(monkeypatch, ada):
    """The page of an application as the applicant sees it at a moment."""

    def text(made, moment):
        monkeypatch.setattr(pages, "utcnow", lambda: moment)
        return ada.get(f"/applications/{made.code}/").text

    return text


def test_the_page_says_who_has_it_and_until_when(page_at, cast, call, now):
    made = submitted(cast, call, now)
    told = "An officer screens it, by the end of 24 November 2026 (at most 1 working day)."
    assert [told in page_at(made, now + timedelta(days=days)) for days in (0, 1, 3)] == [True, True, False]
    assert ["We are late" in page_at(made, now + timedelta(days=days)) for days in (0, 1, 3)] == [False, False, True]
    assert "An officer should have screened it by the end of 24" in page_at(made, now + timedelta(days=3))
    assert "Access is promised by 25 November 2026: within 2 working days." in page_at(made, now)
    services.screen(application=made, by=cast.officer, now=now)
    assert "An assessor looks at whether the plan fits the machine, by the end of 24 November" in page_at(made, now)


def test_the_page_says_that_our_clock_stands_still_while_it_waits_for_the_applicant(page_at, cast, call, now):
    made = submitted(cast, call, now)
    services.send_back(application=made, reason="Why?", by=cast.officer, now=now)
    told = "It waits for you since 23 November 2026; until you submit it again our clock stands still."
    assert told in page_at(made, now + timedelta(days=9))


def test_what_the_officer_asks_is_read_at_both_places(ada, cast, call, now):
    made = submitted(cast, call, now)
    services.send_back(application=made, reason="Which licence?", by=cast.officer, now=now)
    shown = [ada.get(f"/applications/{made.code}/{page}").text.count("Which licence?") for page in ("", "edit/")]
    assert shown == [2, 1]  # as the next step and in the timeline; above the form


def test_the_questions_and_reasons_of_the_gate_are_read_in_french(browser_of, cast, call, now):
    made = draft(cast, call, now, trust_answers=answers_for("ACCEPT_CONDITIONS"))
    ada = browser_of("applicant", "fr")
    asked, owed = (
        "Peut-il écrire du texte ou du code ?",
        "Dire aux gens qu’ils ont affaire à une IA ; un agent dit aussi pour qui il agit.",
    )
    assert ada.get(f"/applications/{made.code}/check/").text.count(asked) == 1
    services.submit(application=made, by=cast.applicant, now=now)
    page = ada.get(f"/applications/{made.code}/").text
    assert (page.count(asked), page.count(owed)) == (1, 1)


def test_only_what_may_stay_empty_is_called_optional(ada, made):
    page = ada.get(f"/applications/{made.code}/edit/").text
    assert page.count('<span class="optional">') == 2  # a data set of the catalogue, and other attachments
    assert re.search(r'Dataset in our catalogue <span class="optional">', page)


def test_words_are_shown_as_they_were_written(ada, cast, made, now):
    evil = "<script>alert(1)</script>"
    services.save_draft(application=made, values={"title": evil, "purpose": evil}, by=cast.applicant, now=now)
    shown = [ada.get(f"/applications/{made.code}/{page}").text for page in ("", "edit/", "check/")]
    assert [page.count(evil) for page in shown] == [0, 0, 0]


def test_the_page_of_one_costs_the_same_however_long_its_story(ada, cast, call, now, django_assert_max_num_queries):
    made = submitted(cast, call, now)
    with django_assert_max_num_queries(20) as short:
        ada.get(f"/applications/{made.code}/")
    for _ in range(3):
        services.send_back(application=made, reason="Why?", by=cast.officer, now=now)
        services.submit(application=made, by=cast.applicant, now=now)
    with django_assert_max_num_queries(20) as long:
        ada.get(f"/applications/{made.code}/")
    assert len(long) == len(short)
