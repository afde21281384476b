"""What an application form asks for: read strictly, kept as versions, asked only where its condition holds."""

import json
import re
from copy import deepcopy
from pathlib import Path

import pytest
from fabrica.audit.queries import about
from fabrica.calls import queries, services
from fabrica.calls.engine.changing import changes
from fabrica.calls.engine.form import FIXED, STANDARD, asked, form_from, shipped, shipped_row
from fabrica.calls.engine.questions import question_from
from fabrica.calls.models import FormVersion
from fabrica.calls.pages.asking import described
from fabrica.calls.services.forms import FormKeptMeanwhile
from fabrica.config.site_forms import app
from fabrica.kit.errors import NotAllowed, NotFound, Refused
from typer.testing import CliRunner

LARGE = shipped_row("large-scale")
ASK = {"key": "why_us", "kind": "yes_no", "label": "Why?", "label_fr": "Pourquoi ?"}


def with_question(row=LARGE, at=0, **changes):
    """The form of Large Scale with one more question at the end of a section."""
    made = deepcopy(row)
    made["sections"][at]["items"].append({**ASK, **changes})
    return made


def test_only_large_scale_comes_with_questions_of_its_own():
    own = {key: [one.key for one in form_from(row).questions] for key, row in shipped().items()}
    assert (own[STANDARD], list(own)) == ([], [STANDARD, "large-scale"])
    assert shipped_row("playground") == shipped_row("fast-lane") == shipped()[STANDARD]
    assert {"scaling", "data_management", "milestones"} < set(own["large-scale"])


def test_a_form_may_hold_every_kind_of_question():
    kinds = {one.kind for one in form_from(LARGE).questions}
    made = with_question(kind="choices", options=[{"key": key, "label": key, "label_fr": key} for key in "ab"], most=1)
    assert kinds | {form_from(made).question("why_us").kind} == {
        "text", "long", "choice", "choices", "number", "yes_no", "date", "file",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"when": {"key": "nobody", "one_of": ["yes"]}}, "why_us depends on nobody, which does not stand before it"),
        ({"when": {"key": "other_system", "one_of": ["yes"]}}, "depends on other_system, which does not stand before"),
        ({"when": {"key": "title", "one_of": ["yes"]}}, "depends on an answer to title that there is not: yes"),
        ({"when": {"key": "why_us", "one_of": ["yes"]}}, "depends on why_us, which does not stand before it"),
        ({"when": {"key": "innovation", "one_of": []}}, "a condition lists at least one answer"),
        ({"key": "scaling"}, "the key scaling stands twice"),
        ({"key": "purpose"}, "the key purpose stands twice"),
        ({"key": "Why"}, "key: small letters"),
        ({"kind": "colour"}, "a question has a kind"),
        ({"label": ""}, "label stands there in English and in French"),
        ({"label": "Who will do it?"}, "two questions have the same label"),
        ({"most": 3}, "a question of kind yes_no has no most"),
        ({"kind": "number", "least": 3, "most": 2}, "why_us: the least lies above the most"),
        ({"kind": "number", "most": "NaN"}, "why_us: a limit is a number within"),
        ({"kind": "number", "decimals": 9}, "decimals is a whole number from 0 to 6"),
        ({"kind": "text", "most": 5_000}, "most is a whole number from 1 to 200"),
        ({"kind": "date", "least": "2027-02-30"}, "a limit is a day such as"),
        ({"kind": "choice", "options": [{"key": "a", "label": "A", "label_fr": "A"}]}, "options: at least two"),
        ({"kind": "choice", "options": [{"key": "a", "label": "A", "label_fr": "A"}] * 2}, "an option stands twice"),
        ({"kind": "file", "types": ["exe"]}, "types: some of pdf, png, jpg, txt, csv"),
        ({"kind": "file", "most": 11}, "most is a whole number from 1 to 10"),
        ({"required": "yes"}, "required is true or false"),
    ],
)  # fmt: skip
def test_what_dangles_or_makes_no_sense_is_refused_by_name(changes, why):
    with pytest.raises(ValueError, match=why):
        form_from(with_question(**changes))


@pytest.mark.parametrize("name", FIXED)
def test_a_field_that_every_application_has_stands_there_once(name):
    for change in (lambda items: items.remove(name), lambda items: items.append(name)):
        made = deepcopy(LARGE)
        change(next(part["items"] for part in made["sections"] if name in part["items"]))
        with pytest.raises(ValueError, match=name):
            form_from(made)


def test_what_is_no_form_at_all_is_refused_in_words():
    for row in (None, [], {}, {**LARGE, "more": 1}, {**LARGE, "sections": []}, {**LARGE, "sections": [7]},
                {**LARGE, "checked_on": "soon"}, {**LARGE, "sections": LARGE["sections"] * 40}):  # fmt: skip
        with pytest.raises(ValueError):  # noqa: PT011 - the words differ, what matters is that it is one kind of error
            form_from(row)


def test_a_question_is_asked_where_its_condition_and_those_before_it_hold():
    chain = with_question(at=2, when={"key": "largest_run", "one_of": ["one_node"]})
    chain["sections"][2]["items"].append(
        {**ASK, "key": "after", "label": "And?", "label_fr": "Et ?", "when": {"key": "why_us", "one_of": ["no"]}}
    )
    form = form_from(chain)

    def conditional(answers, *, personal=None):
        found = {one.key for one in asked(form, answers, {"has_personal_data": personal})}
        return sorted(found & {"largest_gpus", "why_us", "after", "legal_basis"})

    assert conditional({}) == []
    assert conditional({}, personal=True) == ["legal_basis"]
    assert conditional({"largest_run": "one_node", "why_us": False}) == ["after", "largest_gpus", "why_us"]
    assert conditional({"largest_run": "several_nodes", "why_us": False}, personal=False) == ["largest_gpus"]


@pytest.mark.django_db
def test_each_change_is_a_version_with_its_entry(cast, now):
    assert services.form_for(mode="playground", now=now) is None
    shipped_one = services.form_for(mode="large-scale", now=now)
    assert (shipped_one.number, shipped_one.by) == (1, None)
    assert services.form_for(mode="large-scale", now=now) == shipped_one
    for mode in ("large-scale", "playground"):
        row = with_question(queries.form_row(mode))
        kept = services.keep_form(mode=mode, row=row, by=cast.operator, now=now, note="Because.")
        assert (services.form_for(mode=mode, now=now), queries.form_row(mode)) == (kept, {**row, "key": mode})
        assert [(one.verb, one.facts) for one in about(f"mode:{mode}")] == [("form.change", {"number": kept.number})]
    assert [str(one) for one in FormVersion.objects.all()] == ["large-scale 1", "large-scale 2", "playground 1"]


@pytest.mark.django_db
def test_a_new_form_of_fabrica_reaches_a_mode_that_nobody_changed_here(now):
    old = FormVersion.objects.create(slug="large-scale", number=1, row=with_question(), created_at=now)
    assert queries.form_row("large-scale") == LARGE
    assert services.form_for(mode="large-scale", now=now).number == old.number + 1


@pytest.mark.django_db
def test_who_may_not_and_what_cannot_be_kept(cast, now):
    def keep(by="operator", mode="large-scale", row=None, **how):
        services.keep_form(mode=mode, row=row or with_question(), by=getattr(cast, by), now=now, **how)

    for how, problem, told in (
        ({"by": "officer"}, NotAllowed, "Only an operator"),
        ({"mode": "nothing"}, NotFound, "There is no access mode nothing"),
        ({"row": with_question(kind="colour")}, Refused, "This form makes no sense.*a question has a kind"),
        ({"row": LARGE}, Refused, "This is what the form asks for already"),
        ({"after": 7}, FormKeptMeanwhile, "Somebody else changed this form meanwhile"),
        ({"note": "x" * 501}, Refused, "A note has at most 500"),
    ):
        with pytest.raises(problem, match=told):
            keep(**how)
    assert FormVersion.objects.count() == 0


def test_the_file_of_the_operators_page_is_kept_by_the_command(cast, tmp_path, db):
    page = (Path(__file__).parents[4] / "docs" / "operator" / "forms.md").read_text(encoding="utf-8")
    question = json.loads(re.search(r"```json\n(.*?)```", page, re.DOTALL)[1])
    run = CliRunner(env={"COLUMNS": "200"}).invoke
    shown = run(app, ["show", "playground"])
    row = json.loads(shown.output)
    assert (shown.exit_code, row) == (0, shipped()[STANDARD])
    row["sections"][0]["items"].append(question)
    file = tmp_path / "form.json"
    file.write_text(json.dumps(row), encoding="utf-8")
    checked = run(app, ["check", str(file)])
    assert f"  {question['key']} ({question['kind']}): {question['label']}" in checked.output.splitlines()
    kept = run(app, ["keep", "playground", str(file), "--note", "A regional rule."])
    assert kept.output == "Version 1 of the form of playground is in force.\n"
    assert queries.form_row("playground")["sections"] == row["sections"]
    file.write_text("[", encoding="utf-8")
    refused = run(app, ["keep", "playground", str(file)])
    assert (refused.exit_code, "is no JSON" in refused.output) == (1, True)


def test_an_older_version_comes_out_again_and_goes_back_in(cast, now, tmp_path):
    first, second = with_question(), with_question(key="other")
    for row in (first, second):
        services.keep_form(mode="large-scale", row=row, by=cast.operator, now=now)
    run, file = CliRunner(env={"COLUMNS": "200"}).invoke, tmp_path / "form.json"
    shown = run(app, ["show", "large-scale", "--version", "1"])
    assert (shown.exit_code, json.loads(shown.output)) == (0, first)
    file.write_text(shown.output, encoding="utf-8")
    assert run(app, ["keep", "large-scale", str(file)]).output == "Version 3 of the form of large-scale is in force.\n"
    assert queries.form_row("large-scale") == first
    for number in ("0", "4", str(10**30)):
        refused = run(app, ["show", "large-scale", "--version", number])
        assert (refused.exit_code, f"has no version {number}." in refused.output) == (1, True)


def test_questions_that_came_went_or_ask_something_else_are_told_by_their_key():
    before = with_question()
    after = with_question(with_question(label="What for?"), key="new", label="New?", label_fr="Nouveau ?")
    for part in after["sections"]:
        part["items"] = [one for one in part["items"] if isinstance(one, str) or one["key"] != "milestones"]
    found = changes(before, after)
    assert [(one.key, one.before is None, one.after is None) for one in found.questions] == [
        ("why_us", False, False), ("new", True, False), ("milestones", False, True),
    ]  # fmt: skip
    assert (found.is_arranged, found.is_sourced) == (False, False)


def test_another_order_another_title_and_another_source_are_told_too():
    turned, named = deepcopy(LARGE), deepcopy(LARGE)
    turned["sections"].reverse()
    named["sections"][0]["title_fr"] = "Autre"
    told = [changes(LARGE, one) for one in (LARGE, turned, named, {**LARGE, "confidence": "unknown"})]
    assert [(one.is_arranged, one.is_sourced, one.questions) for one in told] == [
        (False, False, ()), (True, False, ()), (True, False, ()), (False, True, ()),
    ]  # fmt: skip


NUMBER = {**ASK, "kind": "number"}
OPTIONS = [{"key": key, "label": key, "label_fr": key} for key in "abc"]


@pytest.mark.parametrize(
    ("before", "change"),
    [
        (ASK, {"label_fr": "Autre ?"}), (ASK, {"help": "More.", "help_fr": "Plus."}), (ASK, {"required": True}),
        (ASK, {"kind": "text"}), (ASK, {"when": {"key": "innovation", "one_of": ["yes"]}}),
        ({**ASK, "kind": "date"}, {"least": "2027-01-31"}), (NUMBER, {"decimals": 2}), (NUMBER, {"least": 0}),
        (NUMBER, {"most": 7}), (NUMBER, {"unit": "kg", "unit_fr": "kg"}),
        ({**ASK, "kind": "file"}, {"types": ["pdf"]}),
        ({**ASK, "kind": "choice", "options": OPTIONS}, {"options": OPTIONS[1:]}),
    ],
)  # fmt: skip
def test_two_questions_that_differ_read_otherwise(before, change):
    assert described(question_from(before)) != described(question_from({**before, **change}))
