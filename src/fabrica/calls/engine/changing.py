"""One version of a form compared with the one before: which questions came, went, or ask something else. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fabrica.calls.engine.form import Form, form_from
from fabrica.calls.engine.questions import Question, Words

SOURCE = ("source", "checked_on", "confidence")


@dataclass(frozen=True)
class Changed:
    """A question in two versions of a form; None where one does not ask it. Questions are the same by their key.

    `label` is what the later one calls it, or the earlier where the later does not ask it.
    """

    key: str
    label: Words
    before: Question | None
    after: Question | None


@dataclass(frozen=True)
class Changes:
    """What a version asks otherwise than the one before.

    `questions` stand in the order of the later form, those that went last. `is_arranged` says whether titles or helps
    of sections, their number, or the order of what both ask, differ.
    """

    before: Form
    after: Form
    questions: tuple[Changed, ...]
    is_arranged: bool
    is_sourced: bool


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Changes:
    """What the row of a later version asks otherwise. Raises ValueError for what is no form."""
    forms = form_from(before), form_from(after)
    old, new = ({one.key: one for one in form.questions} for form in forms)
    found = tuple(
        Changed(key, one.label, old.get(key), new.get(key))
        for key, one in {**new, **{key: one for key, one in old.items() if key not in new}}.items()
        if old.get(key) != new.get(key)
    )
    gone = set(old) ^ set(new)
    first, second = (_arranged(form, gone) for form in forms)
    is_sourced = [before[key] for key in SOURCE] != [after[key] for key in SOURCE]
    return Changes(*forms, found, first != second, is_sourced)


def keys(items: tuple[str | Question, ...]) -> list[str]:
    """The names of fixed fields and the keys of questions, in order."""
    return [one if isinstance(one, str) else one.key for one in items]


def _arranged(form: Form, gone: set[str]) -> list[Any]:
    """Sections with what both versions ask; one that only has what the other lacks stands there all the same."""
    return [(part.title, part.help, [key for key in keys(part.items) if key not in gone]) for part in form.sections]
