"""The call's own questions: answered, asked, kept with their version, and carried over to a newer form."""

import re
from datetime import timedelta

import pytest
from fabrica.applications import queries, services
from fabrica.applications.engine.extra import read, said
from fabrica.applications.forms import initial_of
from fabrica.applications.tests.factories import COMPLETE, EXTRA
from fabrica.audit.queries import about
from fabrica.calls.engine.questions import question_from
from fabrica.kit.errors import Refused

HOUR = timedelta(hours=1)
OPTIONS = [{"key": key, "label": key.upper(), "label_fr": key} for key in "abc"]


def typed(application, **changes):
    """What a browser posts: every field of the form as it stands, with changes."""
    values = {key: "" if value is None else str(value) for key, value in initial_of(application).items()}
    return {**values, **changes}


def question(kind, **more):
    return question_from({"key": "k", "kind": kind, "label": "L", "label_fr": "L", **more})


def rows_of(application):
    return {label: value for _title, rows in queries.summary_of(application) for label, value in rows}


@pytest.mark.parametrize(
    ("asked", "given", "kept", "shown"),
    [
        (question("text"), "  one   line ", "one line", "one line"),
        (question("long"), "two\r\nlines", "two\nlines", "two\nlines"),
        (question("choice", options=OPTIONS), "b", "b", "B"),
        (question("choices", options=OPTIONS), ["c", "a"], ["a", "c"], "A; C"),
        (question("number", decimals=1, unit="TB", unit_fr="To"), "1234.50", "1234.5", "1,234.5 TB"),
        (question("number", least=2), 2, "2", "2"),
        (question("yes_no"), False, False, "No"),
        (question("date"), "2027-01-31", "2027-01-31", "31 January 2027"),
        (question("text"), "", None, "–"),
        (question("choices", options=OPTIONS), [], None, "–"),
    ],
)  # fmt: skip
def test_an_answer_is_kept_in_one_way_and_said_in_words(asked, given, kept, shown):
    assert (read(asked, given), said(asked, kept)) == (kept, shown)


@pytest.mark.parametrize(
    ("asked", "given", "told"),
    [
        (question("number"), "1e50", "Write a number."),
        (question("number", decimals=2), "-1e999999", "Write a number."),
        (question("text", most=3), "four", "Write at most 3 letters."),
        (question("text"), 7, "Write words here."),
        (question("text"), "a\0b", "Write words here."),
        (question("long"), "a\ud800b", "Write words here."),
        (question("choice", options=OPTIONS), "d", "Choose one of the answers."),
        (question("choices", options=OPTIONS), ["a", "d"], "Choose among the answers."),
        (question("choices", options=OPTIONS, most=1), ["a", "b"], "Choose at most 1."),
        (question("number"), "many", "Write a number."),
        (question("number"), "NaN", "Write a number."),
        (question("number"), True, "Write a number."),
        (question("number"), "9" * 41, "Write a number."),
        (question("number"), "1.5", "Write at most 0 decimals."),
        (question("number", least=2, most=4), "5", "From 2 to 4."),
        (question("number", least=2), "1", "At least 2."),
        (question("yes_no"), "yes", "Answer yes or no."),
        (question("date"), "31/1", "Write a day such as 2027-01-31."),
        (question("date", most="2026-12-31"), "2027-01-01", "At most 31 December 2026."),
        (question("file"), "plan.pdf", "Add files as attachments, not among the answers."),
    ],
)  # fmt: skip
def test_what_cannot_be_an_answer_is_refused(asked, given, told):
    with pytest.raises(ValueError) as problem:  # noqa: PT011 - its words are compared below
        read(asked, given)
    assert str(problem.value) == told


def test_answers_are_kept_beside_each_other(cast, large, now):
    services.save_draft(
        application=large, values={"extra_answers": {"team": "Three.", "innovation": None}}, by=cast.mate, now=now
    )
    assert large.extra_answers == {
        key: "Three." if key == "team" else told for key, told in EXTRA.items() if key != "innovation"
    }
    for values, told in (
        ({"nobody": 1}, "no question nobody"),
        ({"largest_gpus": 1}, "largest_gpus: From 2 to 100,000"),
    ):
        with pytest.raises(Refused, match=told):
            services.save_draft(application=large, values={"extra_answers": values}, by=cast.mate, now=now)


def test_what_is_asked_and_empty_keeps_it_from_being_submitted_in_the_order_of_the_form(cast, large, now):
    values = {"has_personal_data": True, "purpose": "", "extra_answers": {"team": None, "largest_run": "none"}}
    services.save_draft(application=large, values=values, by=cast.applicant, now=now)
    assert [gap.field for gap in queries.gaps_of(large, now)] == ["purpose", "x_legal_basis", "x_team"]
    with pytest.raises(Refused, match="It is not complete yet"):
        services.submit(application=large, by=cast.applicant, now=now)


def test_only_what_was_asked_is_handed_in_with_the_version_of_the_form(cast, large, now):
    services.save_draft(
        application=large, values={"extra_answers": {"largest_run": "none"}}, by=cast.applicant, now=now
    )
    services.submit(application=large, by=cast.applicant, now=now)
    (kept,) = queries.submissions_of(large)
    asked = {**EXTRA, "largest_run": "none"}
    del asked["largest_gpus"]  # hidden by then; the draft has it still
    assert kept.answers["extra_answers"] == asked
    assert (kept.answers["form"], large.extra_answers["largest_gpus"]) == ("large-scale 1", "4")
    shown = rows_of(large)
    assert (shown["Who will do it?"], shown["What is the largest run of this code so far?"]) == (
        EXTRA["team"], "It has not run yet",
    )  # fmt: skip
    assert "On how many GPUs did it run?" not in shown


def test_a_draft_keeps_its_form_until_its_writer_takes_the_new_one_and_nothing_is_lost(cast, large, change_form, now):
    def change(one):
        if one["key"] == "team":
            return None
        if one["key"] == "largest_gpus":
            return {**one, "most": 3}
        return {**one, "label": "New words"} if one["key"] == "scaling" else one

    old = large.form
    change_form(change)
    assert (large.form, queries.has_newer_form(large), str(old)) == (old, True, "large-scale 1")
    taken = services.take_form(application=large, by=cast.mate, now=now)
    assert (str(taken.form), queries.has_newer_form(taken)) == ("large-scale 2", False)
    assert taken.former_answers == [["On how many GPUs did it run?", "4 GPUs"], ["Who will do it?", EXTRA["team"]]]
    assert taken.extra_answers == {key: told for key, told in EXTRA.items() if key not in ("team", "largest_gpus")}
    assert rows_of(taken)["New words"] == EXTRA["scaling"]
    assert list(about(taken.subject))[-1].facts == {"form": "large-scale 2"}
    with pytest.raises(Refused, match="no newer form"):
        services.take_form(application=taken, by=cast.mate, now=now)


def test_what_was_handed_in_keeps_its_form_also_when_it_comes_back(cast, large, change_form, now):
    services.submit(application=large, by=cast.applicant, now=now)
    change_form(lambda one: None if one["key"] == "team" else one)
    services.send_back(application=large, reason="For whom?", by=cast.officer, now=now + HOUR)
    assert (queries.has_newer_form(large), rows_of(large)["Who will do it?"]) == (False, EXTRA["team"])
    with pytest.raises(Refused, match="no newer form"):
        services.take_form(application=large, by=cast.applicant, now=now)
    values = {"extra_answers": {"team": "Three engineers who have trained on such machines.", "largest_run": "none"}}
    services.save_draft(application=large, values=values, by=cast.applicant, now=now + HOUR)
    services.submit(application=large, by=cast.applicant, now=now + HOUR)
    told = queries.changes(large, *queries.submissions_of(large))
    assert [(one.label, one.before, one.after) for one in told] == [
        ("What is the largest run of this code so far?", "On several GPUs of one node", "It has not run yet"),
        ("Who will do it?", EXTRA["team"], values["extra_answers"]["team"]),
        ("On how many GPUs did it run?", "4 GPUs", "–"),
    ]
    assert [piece.text for piece in told[1].pieces if piece.kind != "same"] == ["Two", "Three"]


def test_the_page_asks_saves_and_complains_beside_the_question(browser_of, large):
    ada, address = browser_of("applicant"), f"/applications/{large.code}"
    page = ada.get(f"{address}/edit/").text
    assert '<div data-when="x_largest_run" data-when-is="one_node several_nodes">' in page
    assert "Only where you answered “Yes” to: Is there personal data in it?" in page
    assert "Combien de GPU" not in page
    answer = ada.post(
        f"{address}/autosave/", typed(large, x_team="We.", x_largest_gpus="one", x_starts_on="2027-02-01")
    )
    assert (answer.status_code, [one["path"] for one in answer.json()["fields"]]) == (422, ["x_largest_gpus"])
    large.refresh_from_db()
    kept = [large.extra_answers.get(key) for key in ("team", "largest_gpus", "starts_on")]
    assert kept == ["We.", "4", "2027-02-01"]
    answer = ada.post(f"{address}/edit/", typed(large, x_largest_gpus="1", x_other_system="true", check="1"))
    assert "From 2 to 100,000." in answer.text
    large.refresh_from_db()
    answer = ada.post(f"{address}/edit/", typed(large, x_largest_gpus="1 024", x_other_system="true", check="1"))
    assert answer.status_code == 302, re.findall(r'class="error">(.*?)</p>', answer.text)
    check = ada.get(answer.url).text
    assert re.findall(r'#(id_x_\w+)">([^<]+)</a> ([^<]+)<', check) == [
        ("id_x_other_system_which", "Which one, and what would change?", "This is still empty.")
    ]
    assert "1,024 GPUs" in check


def test_the_page_takes_the_new_form_with_what_was_typed(browser_of, large, change_form):
    change_form(lambda one: None if one["key"] == "team" else one)
    ada, address = browser_of("applicant", "fr"), f"/applications/{large.code}/edit/"
    assert "Le formulaire de cet appel a changé" in ada.get(address).text
    assert ada.post(address, typed(large, title="Typed", take_form="1")).url == address
    page = ada.get(address).text
    large.refresh_from_db()
    assert (large.title, str(large.form)) == ("Typed", "large-scale 2")
    assert ("Le formulaire de cet appel a changé" in page, EXTRA["team"] in page) == (False, True)


def test_words_of_a_form_are_no_markup(browser_of, large, change_form, cast, now):
    change_form(lambda one: {**one, "help": "<b>bold</b>", "label": f"<i>{one['key']}</i>"} if "help" in one else one)
    services.take_form(application=large, by=cast.applicant, now=now)
    pages = [browser_of("applicant").get(f"/applications/{large.code}/{page}").text for page in ("", "edit/", "check/")]
    assert [page.count("<b>bold</b>") + page.count("<i>") for page in pages] == [0, 0, 0]
    assert pages[1].count("&lt;b&gt;bold&lt;/b&gt;") >= 5


def test_staff_and_the_api_read_the_answers(api, browser_of, cast, large, now):
    services.submit(application=large, by=cast.applicant, now=now)
    assert EXTRA["exploitation"] in browser_of("officer").get(f"/desk/{large.code}/").text
    told = api("officer", "get", f"/applications/{large.code}")[1]
    assert (told["form"], told["extra_answers"]) == ("large-scale 1", EXTRA)
    version = api("officer", "get", f"/applications/{large.code}/versions/1")[1]
    assert version["answers"]["extra_answers"] == EXTRA
    assert api("outsider", "get", f"/applications/{large.code}/form")[0] == 404


def test_the_api_answers_and_takes_the_new_form(api, large, change_form):
    address = f"/applications/{large.code}"
    status, told = api("applicant", "patch", address, {"extra_answers": {"largest_gpus": 8, "other_system": True}})
    assert (status, told["extra_answers"]["largest_gpus"], told["extra_answers"]["other_system"]) == (200, "8", True)
    assert api("applicant", "patch", address, {"extra_answers": {"largest_run": "huge"}})[0] == 409
    form = api("applicant", "get", f"{address}/form")[1]
    assert (form["version"], form["has_newer"], "other_system_which" in form["asked"]) == ("large-scale 1", False, True)
    change_form(lambda one: None if one["key"] == "team" else one)
    assert api("applicant", "get", f"{address}/form")[1]["has_newer"]
    status, form = api("applicant", "post", f"{address}/form")
    assert (status, form["version"], form["former_answers"]) == (
        200,
        "large-scale 2",
        [["Who will do it?", EXTRA["team"]]],
    )


def test_what_was_not_handed_in_its_writers_alone_read(api, cast, large, change_form, now):
    values = {"extra_answers": {"largest_run": "none"}}  # so that `largest_gpus` is not asked
    services.save_draft(application=large, values=values, by=cast.applicant, now=now)
    change_form(lambda one: None if one["key"] == "team" else one)
    services.take_form(application=large, by=cast.applicant, now=now)
    services.submit(application=large, by=cast.applicant, now=now)

    def read_by(who):
        told = [api(who, "get", f"/applications/{large.code}{rest}")[1] for rest in ("", "/form")]
        return told[0]["extra_answers"].get("largest_gpus"), told[1]["former_answers"]

    nothing, everything = (None, []), (EXTRA["largest_gpus"], [["Who will do it?", EXTRA["team"]]])
    assert [read_by(who) for who in ("officer", "assessor", "applicant")] == [nothing, nothing, everything]


def test_playground_asks_nothing_besides(api, cast, call, now):
    made = services.start(call=call, organisation=cast.startup, by=cast.applicant, now=now, values=COMPLETE)
    told = api("applicant", "get", f"/applications/{made.code}")[1]
    assert (told["form"], told["extra_answers"], made.form) == ("", {}, None)
    services.submit(application=made, by=cast.applicant, now=now)
    assert queries.submissions_of(made)[0].answers == COMPLETE


def test_operators_read_and_change_the_form_over_the_api(api, large):
    status, told = api("outsider", "get", "/modes/large-scale/form")
    assert (status, told["number"], told["row"]["key"]) == (200, 1, "large-scale")
    row = {**told["row"], "source": "Ours"}
    assert api("officer", "post", "/modes/large-scale/form", {"row": row, "after": 1})[0] == 403
    assert api("operator", "post", "/modes/large-scale/form", {"row": row, "after": 0})[0] == 409
    assert api("operator", "post", "/modes/large-scale/form", {"row": row, "after": 1}) == (
        201,
        {"row": row, "number": 2},
    )
    assert queries.has_newer_form(large)
