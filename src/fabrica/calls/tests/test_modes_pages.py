"""The operator's pages of modes and calls: they work, refuse others, and lose nothing that was typed."""

from copy import deepcopy

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from fabrica.calls import engine, queries, services
from fabrica.calls.engine.own import told_by
from fabrica.calls.forms.mode import ModeForm, initial_of
from fabrica.calls.models import Call, ModeVersion
from fabrica.calls.states import State
from fabrica.kit.time import utcnow

pytestmark = pytest.mark.django_db
PAGES = ("/modes/", "/modes/new/", "/modes/fast-lane/", "/modes/fast-lane/change/", "/modes/fast-lane/retire/",
         "/modes/fast-lane/open/", "/calls/playground/state/")  # fmt: skip


@pytest.fixture
def browser_of(cast):
    def signed_in(who, language="en"):
        client = Client(headers={"accept-language": language})
        client.force_login(getattr(cast, who), backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return signed_in


@pytest.fixture
def ingrid(browser_of):
    return browser_of("operator")


def typed(mode="fast-lane", number=1, **changes):
    """What a browser posts of a mode's form as it stands, with changes."""
    values = initial_of(queries.newest_row(mode), number=number, today=utcnow().date())
    posted = {name: "" if value is None else value for name, value in values.items()}
    return {**posted, "source": "Decision of the director", **changes}


def errors(answer):
    return {name: [str(one) for one in told] for name, told in answer.context["form"].errors.items()}


@pytest.mark.parametrize("page", PAGES)
def test_operators_alone_find_these_pages(browser_of, call, page):
    found = {who: browser_of(who).get(page).status_code for who in ("operator", "officer", "applicant", "outsider")}
    assert found == {"operator": 200, "officer": 403, "applicant": 403, "outsider": 403}
    assert Client().get(page).status_code == 302


@pytest.mark.parametrize("page", PAGES[1:])
def test_others_write_nothing(browser_of, call, page):
    statuses = {browser_of(who).post(page, typed()).status_code for who in ("officer", "applicant")}
    assert (statuses, ModeVersion.objects.count(), Call.objects.count()) == ({403}, 0, 1)


@pytest.mark.parametrize("key", engine.rows())
def test_each_shipped_mode_goes_through_the_form_unchanged_but_for_what_must_be_said(cast, key):
    """What the form does not ask about is kept, each figure with its own source."""
    row = told_by(engine.rows()[key])
    said = {
        "unit": "gpu_hour",
        "size_at_most": 10,
        "months": "1",
        "clock": 1,
        "clock_unit": "week",
        "how": "first_come",
    }
    known = {one["id"]: one["value"] for one in row["facts"]}
    lacking = {} if known["unit"] else {**said, "clock_from": "submission"}
    values = typed(key, **lacking)
    form = ModeForm(values, base=row, known=engine.rows(), is_new=False, initial=values)
    assert form.is_valid(), form.errors
    made = form.row()
    facts = {one["id"]: one for one in made["facts"]}
    kept = [
        one
        for one in row["facts"]
        if not (lacking and one["id"] in ("unit", "size_at_most", "months", "clock", "opening"))
    ]
    assert [facts[one["id"]] for one in kept if one != facts[one["id"]]] == []
    assert (made["rules"], made["prepare"]) == (row["rules"], row["prepare"])


def test_from_the_form_over_the_preview_to_a_version(ingrid):
    shown = ingrid.post("/modes/fast-lane/change/", typed(size_at_most="60000", step="preview"))
    page = " ".join(shown.content.decode().split())
    assert (shown.status_code, ModeVersion.objects.count()) == (200, 0)
    assert [(one.label, one.after.split(" (")[0]) for one in shown.context["differences"]][-1:] == [
        ("Size, at most", "60,000 GPU-hours")
    ]
    assert [one.shown.told["verdict"] for one in shown.context["tried"]] == [
        "may_fit", "does_not_fit", "does_not_fit",
    ]  # fmt: skip
    assert 'name="size_at_most" value="60000"' in page
    again = ingrid.post("/modes/fast-lane/change/", typed(size_at_most="60000", step="edit"))
    assert 'value="60000"' in again.content.decode()
    done = ingrid.post("/modes/fast-lane/change/", typed(size_at_most="60000", step="publish"))
    assert (done.status_code, done.url) == (302, "/modes/fast-lane/")
    assert [one.number for one in queries.versions_of("fast-lane")] == [2, 1]
    page = ingrid.get("/modes/fast-lane/").content.decode()
    assert "60,000 GPU-hours" in page
    assert "In force" in page


def test_what_awards_may_be_extended_and_renewed_by_is_written_in_the_form(ingrid):
    more = {"extension_months": "3", "extension_percent": "10", "renewals": "2", "step": "publish"}
    assert ingrid.post("/modes/fast-lane/change/", typed(**more)).status_code == 302
    facts = {one["id"]: one for one in queries.newest_row("fast-lane")["facts"]}
    assert (facts["extension"]["value"], facts["renewals"]["value"]) == (
        {"months": 3, "percent": 10, "on": "interim_report"}, 2,
    )  # fmt: skip
    assert facts["extension"]["confidence"] == "A"


@pytest.mark.parametrize(
    ("changes", "field", "told"),
    [
        ({"months": "one"}, "months", "This cannot be read: one"),
        ({"months": ""}, "months", "This field is required."),
        ({"how": "cut_offs", "dates": ""}, "dates", "Write the published days"),
        ({"how": "cut_offs", "dates": "30.1.2027"}, "dates", "This cannot be read: 30.1.2027"),
        ({"how": "cut_offs", "dates": "2027-02-30"}, "dates", "This cannot be read: 2027-02-30"),
        ({"size_at_least": "60000"}, "size_at_most", "It must lie above the least."),
        ({"size_at_most": ""}, "size_at_most", "Say how much there is at most"),
        ({"package": "5"}, "package", "Either one fixed package"),
        ({"size_at_least": "5", "size_above": "5"}, "size_above", "Either"),
        ({"zone": "Paris"}, "zone", "There is no such time zone."),
        ({"clock": "99", "clock_unit": "month"}, "clock", "At most 12 of these."),
        ({"clock_from": "cut_off"}, "clock_from", "has no cut-off"),
        ({"extension_percent": "10"}, "extension_months", "Say for how many months, too."),
        ({"code": "fl"}, "code", "Two to four capital letters."),
        ({"source": ""}, "source", "This field is required."),
        ({"rules": ["nothing"]}, "rules", "Select a valid choice"),
        ({"valid_from": "soon"}, "valid_from", "Enter a valid date."),
    ],
)
def test_what_is_wrong_is_told_beside_its_field_and_everything_stays_typed(ingrid, changes, field, told):
    values = typed(title="Kept title", note="Kept note", **changes)
    answer = ingrid.post("/modes/fast-lane/change/", {**values, "step": "publish"})
    found = errors(answer)
    assert (answer.status_code, list(found)) == (200, [field])
    assert told in found[field][0]
    form = answer.context["form"]
    assert {name: form[name].value() for name in ("title", "note")} == {"title": "Kept title", "note": "Kept note"}
    assert [name for name, value in changes.items() if form[name].value() != value] == []
    assert not ModeVersion.objects.exists()


def test_a_code_that_is_taken_is_told_before_anything_is_published(ingrid):
    answer = ingrid.post("/modes/new/", typed(number=0, code="FL", key="mine", step="preview"))
    assert (answer.status_code, errors(answer)["__all__"]) == (
        409, ["The code FL belongs to the mode fast-lane. Choose another code."],
    )  # fmt: skip


def test_of_two_operators_the_second_is_told_and_keeps_what_she_typed(ingrid):
    ingrid.post("/modes/fast-lane/change/", typed(size_at_most="60000", step="publish"))
    answer = ingrid.post("/modes/fast-lane/change/", typed(size_at_most="70000", after=1, step="publish"))
    assert answer.status_code == 409
    assert "Somebody else changed this mode meanwhile." in errors(answer)["__all__"][0]
    assert answer.context["form"]["size_at_most"].value() == "70000"


def test_a_mode_like_another_begins_with_its_answers_but_not_with_its_name_or_sources(ingrid):
    form = ingrid.get("/modes/new/?like=benchmark").context["form"]
    assert [form[name].value() for name in ("key", "code", "title", "source", "size_at_least", "months")] == [
        "", "", "", None, 200, "2, 3",
    ]  # fmt: skip
    values = typed("benchmark", number=0, key="bench", code="BB", title="Ours", step="publish")
    assert ingrid.post("/modes/new/?like=benchmark", values).status_code == 302
    kept = queries.versions_of("bench").get()
    assert {one["source"] for one in kept.row["facts"]} == {"Decision of the director"}


def test_a_mode_that_nobody_can_open_says_what_it_lacks(ingrid):
    page = ingrid.get("/modes/pay-per-use/").content.decode()
    assert "Not known: Unit, Months to choose from, Opening, Access within, Size, at most." in page
    assert 'href="/modes/pay-per-use/open/"' not in page


def test_retiring_is_confirmed_with_a_reason_and_open_calls_are_named(cast, machine, ingrid, now):
    services.open_call(slug="f", title="Fast 2026", mode="fast-lane", machine=machine, by=cast.operator, now=now)
    assert "Fast 2026" in ingrid.get("/modes/fast-lane/retire/").content.decode()
    assert errors(ingrid.post("/modes/fast-lane/retire/", {"after": 0})) == {"reason": ["This field is required."]}
    assert ingrid.post("/modes/fast-lane/retire/", {"after": 0, "reason": "Over."}).status_code == 302
    assert "fast-lane" not in queries.mode_rows(utcnow())
    assert "Fast Lane" in ingrid.get("/modes/").content.decode()


def test_a_call_is_opened_and_a_problem_is_told_on_the_form(ingrid, machine, call):
    values = {"machine": machine.slug, "title": "Fast", "slug": "playground"}
    assert errors(ingrid.post("/modes/fast-lane/open/", values)) == {"__all__": ["There is a call playground already."]}
    assert ingrid.post("/modes/fast-lane/open/", {**values, "slug": "fast"}).url == "/calls/fast/"
    assert Call.objects.get(slug="fast").mode.key == "fast-lane"


def test_applicants_read_the_pause_its_reason_and_where_to_go(cast, browser_of, ingrid, machine, call, now):
    services.open_call(slug="other", title="Other <way>", mode="fast-lane", machine=machine, by=cast.operator, now=now)
    page = "/calls/playground/state/"
    assert errors(ingrid.post(page, {"state": "paused"})) == {"reason": ["Say why it is paused."]}
    values = {"state": "paused", "reason": "The machine is full.", "alternatives": ["other"]}
    assert ingrid.post(page, values).url == "/calls/playground/"
    told = [
        browser_of("applicant").get(one).content.decode()
        for one in ("/calls/", "/calls/playground/", "/calls/playground/apply/")
    ]
    assert ["The machine is full." in one for one in told] == [True] * 3
    assert ['<a href="/calls/other/">Other &lt;way&gt;</a>' in one for one in told] == [True] * 3
    assert ingrid.post(page, {"state": "open"}).status_code == 302
    call.refresh_from_db()
    assert (call.state, call.pause_reason) == (State.OPEN, "")


def test_an_update_of_the_shipped_data_is_told_where_the_site_changed_the_mode(ingrid, monkeypatch):
    ingrid.post("/modes/fast-lane/change/", typed(size_at_most="60000", step="publish"))
    row = engine.rows()["fast-lane"]
    newer = {**row, "version": "2027-03-01", "for_whom": "Everybody."}
    monkeypatch.setitem(engine.rows(), "fast-lane", newer)
    answer = ingrid.get("/modes/fast-lane/")
    assert [(one.label, one.after) for one in answer.context["news"]] == [("For whom", "Everybody.")]
    assert queries.mode_rows(utcnow())["fast-lane"]["for_whom"] != "Everybody."


def test_the_pages_speak_french(browser_of, call):
    ingrid = browser_of("operator", "fr")
    with translation.override("fr"):  # what a request activates must not stay for other tests
        pages = [ingrid.get(one).content.decode() for one in ("/modes/", "/modes/fast-lane/")]
    assert "Modes d’accès" in pages[0]  # noqa: RUF001 - French spells it so
    assert "Faire une nouvelle version" in pages[1]


def kept_form(cast, now, *, note="", mode="playground", **changes):
    """One more version of a form, with one more question."""
    row = deepcopy(queries.form_row(mode))
    asked = {"key": "region", "kind": "yes_no", "label": "Region?", "label_fr": "Région ?", **changes}
    row["sections"][0]["items"] = [one for one in row["sections"][0]["items"] if isinstance(one, str)] + [asked]
    return services.keep_form(mode=mode, row=row, by=cast.operator, now=now, note=note)


def test_the_versions_of_a_form_say_when_by_whom_why_and_what_they_ask_otherwise(cast, ingrid, now):
    kept_form(cast, now, note="A <regional> rule.")
    kept_form(cast, now, note="The law changed.", required=True)
    kept_form(cast, now, key="town", label="Town?", label_fr="Ville ?")
    answer = ingrid.get("/modes/playground/")
    told = [
        (one.version.number, one.is_in_force, [each.label for each in one.differences])
        for one in answer.context["forms"]
    ]
    assert told == [
        (3, True, ["Added: Town? / Ville ? (town)", "Removed: Region? / Région ? (region)"]),
        (2, False, ["Changed: Region? / Région ? (region)"]),
        (1, False, ["Added: Region? / Région ? (region)"]),
    ]
    page = answer.content.decode()
    parts = ["A &lt;regional&gt; rule.", "The law changed.", "1 difference from what comes with Fabrica now",
             f"{now:%-d %B %Y} · {cast.operator}", "fabrica-site forms show playground --version NUMBER"]  # fmt: skip
    assert [part for part in parts if part not in page] == []
    assert 'id="form-1"' not in ingrid.get("/modes/fast-lane/").content.decode()


def test_what_came_with_fabrica_is_named_so(ingrid, now):
    services.form_for(mode="large-scale", now=now)
    answer = ingrid.get("/modes/large-scale/")
    assert [(one.differences, one.is_in_force) for one in answer.context["forms"]] == [([], True)]
    assert "as it came with Fabrica" in answer.content.decode()


def test_the_last_ten_versions_of_a_form_cost_as_much_as_one(cast, ingrid, now, django_assert_num_queries):
    kept_form(cast, now)
    with CaptureQueriesContext(connection) as one:
        ingrid.get("/modes/playground/")
    for number in range(11):
        kept_form(cast, now, key=f"q{number}")
    with django_assert_num_queries(len(one)):
        answer = ingrid.get("/modes/playground/")
    assert [one.version.number for one in answer.context["forms"]] == [*range(12, 2, -1)]
    assert answer.context["forms"][-1].differences != []
    assert "the API lists all of them" in answer.content.decode()
