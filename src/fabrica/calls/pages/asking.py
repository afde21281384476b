"""What an application form asks for, as operators and applicants read it."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from fabrica.calls.engine.form import form_from
from fabrica.calls.engine.questions import Question, Words

KINDS: dict[str, str | Promise] = {
    "text": gettext_lazy("a line of text"), "long": gettext_lazy("text"), "choice": gettext_lazy("one of several"),
    "choices": gettext_lazy("some of several"), "number": gettext_lazy("a number"), "yes_no": gettext_lazy("yes or no"),
    "date": gettext_lazy("a day"), "file": gettext_lazy("files"),
}  # fmt: skip


def asking(row: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Sections with the call's own questions, each with what may be answered; sections without any are left out."""
    parts = [
        (_said(one.title), [_told(own) for own in one.items if isinstance(own, Question)])
        for one in form_from(row).sections
    ]
    return [(title, told) for title, told in parts if told]


def _told(question: Question) -> tuple[str, str]:
    facts = [str(KINDS[question.kind])]
    if question.required:
        facts.append(_("must be answered"))
    if question.when:
        facts.append(_("only after a certain answer"))
    return _said(question.label), ", ".join(facts)


def _said(words: Words) -> str:
    return words.get((get_language() or "en").partition("-")[0]) or words["en"]


def both(words: Words) -> str:
    """Words in each language that says them otherwise."""
    return " / ".join(dict.fromkeys(filter(None, words.values())))


def described(question: Question) -> str:
    """All that a question asks, so that two that differ read otherwise."""
    facts = [both(question.label), str(KINDS[question.kind])]
    if question.required:
        facts.append(_("must be answered"))
    if question.when:
        answers = ", ".join(sorted(question.when.one_of))
        facts.append(_("only where %(key)s is %(answers)s") % {"key": question.when.key, "answers": answers})
    return "; ".join([*facts, *_limits(question), *filter(None, [both(question.help)])])


def _limits(question: Question) -> list[str]:
    told = [
        (_("at least %(limit)s"), question.least), (_("at most %(limit)s"), question.most),
        (_("decimals: %(limit)s"), question.decimals or None), (_("unit: %(limit)s"), both(question.unit) or None),
        (_("files: %(limit)s"), ", ".join(question.types) or None),
        (_("answers: %(limit)s"), ", ".join(f"{both(label)} ({key})" for key, label in question.options) or None),
    ]  # fmt: skip
    return [words % {"limit": limit} for words, limit in told if limit is not None]
