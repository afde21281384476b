"""What an application form asks for: sections with the fields that every application has, and a call's own questions.

Pure. A definition is a row of plain data, whole in itself; `form_from` reads it and takes nothing that dangles.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from fabrica.calls.engine.questions import LANGUAGES, Condition, Question, question_from, words
from fabrica.kit.facts import load, source_of

# What every application has and the engines need; those that can be answered yes or no may decide on later questions.
FIXED = (
    "title", "purpose", "model_description", "parameters_millions", "tokens_millions", "runs", "data_description",
    "dataset_uri", "has_personal_data", "has_data_rights", "gpu_seconds_requested", "months",
)  # fmt: skip
FIXED_YES_NO = ("has_personal_data", "has_data_rights")
STANDARD = "standard"
KEYS = {"key", "source", "checked_on", "confidence", "sections"}
SECTION = {"title", "title_fr", "help", "help_fr", "items"}
MAX_BYTES, MOST_SECTIONS, MOST_QUESTIONS, MOST_OPTIONS = 60_000, 20, 40, 150
SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Section:
    """A part of the form: its title and help by language, and its items: names of fixed fields, or questions."""

    title: Mapping[str, str]
    help: Mapping[str, str]
    items: tuple[str | Question, ...]


@dataclass(frozen=True)
class Form:
    """A definition that was read."""

    key: str
    sections: tuple[Section, ...]

    @property
    def questions(self) -> tuple[Question, ...]:
        """The questions of the call's own, in order."""
        return tuple(one for part in self.sections for one in part.items if isinstance(one, Question))

    def question(self, key: str) -> Question | None:
        """One of them by its key."""
        return next((one for one in self.questions if one.key == key), None)


@cache
def shipped() -> dict[str, dict[str, Any]]:
    """The definitions that come with Fabrica by the key of their mode, each validated; `standard` is for the others."""
    rows = load("fabrica.calls", "forms.json")["forms"]
    found = {row["key"]: row for row in rows}
    if len(found) != len(rows) or STANDARD not in found:
        raise ValueError("forms.json: each mode once, and one for the others")
    for row in rows:
        form_from(row)
    return found


def shipped_row(mode: str) -> dict[str, Any]:
    """What comes with Fabrica for a mode."""
    return shipped().get(mode, shipped()[STANDARD])


def form_from(row: Any) -> Form:
    """Read a definition. Raises ValueError, in words, for one that lacks something or makes no sense."""
    try:
        return _form(row)
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"a form that lacks something or makes no sense: {error!r}") from error


def _form(row: Any) -> Form:
    if not isinstance(row, Mapping) or set(row) != KEYS:
        raise ValueError(f"a form has exactly these keys: {', '.join(sorted(KEYS))}")
    if len(json.dumps(row)) > MAX_BYTES:
        raise ValueError(f"a form takes at most {MAX_BYTES} bytes")
    if not isinstance(row["key"], str) or not SLUG.fullmatch(row["key"]):
        raise ValueError("key: small letters, digits and single hyphens")
    source_of(dict(row))
    if not isinstance(row["sections"], list) or not 0 < len(row["sections"]) <= MOST_SECTIONS:
        raise ValueError(f"sections: at least one, at most {MOST_SECTIONS}")
    form = Form(row["key"], tuple(_section(one) for one in row["sections"]))
    _check(form)
    return form


def _section(row: Any) -> Section:
    if not isinstance(row, Mapping) or not set(row) <= SECTION or not isinstance(row.get("items"), list):
        raise ValueError(f"a section has items, and no keys but {', '.join(sorted(SECTION))}")
    if not row["items"]:
        raise ValueError(f"a section without anything in it: {row.get('title')}")
    items = tuple(one if isinstance(one, str) else question_from(one) for one in row["items"])
    return Section(words(row, "title", 100), words(row, "help", 1_000, needed=False), items)


def _check(form: Form) -> None:
    """Fixed fields and keys stand there once, and conditions ask for what stands before and can be answered so."""
    items = [one for part in form.sections for one in part.items]
    fixed = [one for one in items if isinstance(one, str)]
    if sorted(fixed) != sorted(FIXED):
        wrong = sorted(set(fixed) ^ set(FIXED)) or sorted({one for one in fixed if fixed.count(one) > 1})
        raise ValueError(f"each field that every application has stands there once; look at: {', '.join(wrong)}")
    questions = form.questions
    options = sum(len(one.options) for one in questions)
    for language in LANGUAGES:
        labels = [one.label[language] for one in questions]
        if len(set(labels)) != len(labels):
            raise ValueError("two questions have the same label")
    if len(questions) > MOST_QUESTIONS or options > MOST_OPTIONS:
        raise ValueError(f"at most {MOST_QUESTIONS} questions with {MOST_OPTIONS} options in all")
    before: dict[str, frozenset[str]] = {}
    for one in items:
        if isinstance(one, Question):
            _check_question(one, before)
            before[one.key] = one.decides
        else:
            before[one] = frozenset({"yes", "no"}) if one in FIXED_YES_NO else frozenset()


def _check_question(question: Question, before: Mapping[str, frozenset[str]]) -> None:
    if question.key in before or question.key in FIXED:
        raise ValueError(f"the key {question.key} stands twice")
    condition = question.when
    if condition is None:
        return
    if condition.key not in before:
        raise ValueError(f"{question.key} depends on {condition.key}, which does not stand before it")
    if not condition.one_of <= before[condition.key]:
        wrong = ", ".join(sorted(condition.one_of - before[condition.key]))
        raise ValueError(f"{question.key} depends on an answer to {condition.key} that there is not: {wrong}")


def asked(form: Form, answers: Mapping[str, Any], fixed: Mapping[str, Any]) -> Iterator[Question]:
    """The questions that are to be answered, given the answers so far: those whose condition holds."""
    hidden: set[str] = set()
    for one in form.questions:
        if one.when and (one.when.key in hidden or not _holds(one.when, {**fixed, **answers})):
            hidden.add(one.key)
        else:
            yield one


def _holds(condition: Condition, answers: Mapping[str, Any]) -> bool:
    answer = answers.get(condition.key)
    if isinstance(answer, bool):
        return ("yes" if answer else "no") in condition.one_of
    given = answer if isinstance(answer, list) else [answer]
    return not condition.one_of.isdisjoint(given)
