"""Answers to a call's own questions: read strictly, said in words, and carried over to a newer form. Pure."""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.formats import date_format, number_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fabrica.applications.engine import Gap
from fabrica.calls.engine.form import Form, asked
from fabrica.calls.engine.questions import Question, Words
from fabrica.kit.errors import Refused

PREFIX = "x_"  # of their names on the form, so that none is a fixed field's
NUMBER_LETTERS = 40
UNKEEPABLE = re.compile("[\\x00\\ud800-\\udfff]")  # what no database keeps


def said_in(words: Words) -> str:
    """Words of a definition in the language of the reader, else in English."""
    return words.get((get_language() or "en").partition("-")[0], "") or words.get("en", "")


def read(question: Question, value: Any) -> Any:
    """An answer as it is kept: text, a key, a list of keys, a number as text, true or false, a day as text.

    None where nothing was answered. Raises ValueError, with a sentence for the writer.
    """
    if value is None or value in ("", []):
        return None
    reader = READERS.get(question.kind)
    if reader is None:
        raise ValueError(_("Add files as attachments, not among the answers."))
    return reader(question, value)


def _text(question: Question, value: Any) -> str | None:
    if not isinstance(value, str) or UNKEEPABLE.search(value):
        raise ValueError(_("Write words here."))
    text = value.replace("\r\n", "\n").strip() if question.kind == "long" else " ".join(value.split())
    if len(text) > question.most:
        raise ValueError(_("Write at most %(most)s letters.") % {"most": question.most})
    return text or None


def _choice(question: Question, value: Any) -> str:
    if not isinstance(value, str) or value not in question.decides:
        raise ValueError(_("Choose one of the answers."))
    return value


def _choices(question: Question, value: Any) -> list[str]:
    if not isinstance(value, list) or any(not isinstance(one, str) or one not in question.decides for one in value):
        raise ValueError(_("Choose among the answers."))
    if len(set(value)) > question.most:
        raise ValueError(_("Choose at most %(most)s.") % {"most": question.most})
    return [key for key, _words in question.options if key in value]


def _number(question: Question, value: Any) -> str:
    try:
        found = Decimal(str(value)[:NUMBER_LETTERS])
    except InvalidOperation:
        raise ValueError(_("Write a number.")) from None
    if isinstance(value, bool) or not found.is_finite() or len(str(value)) > NUMBER_LETTERS:
        raise ValueError(_("Write a number."))
    if (question.least is not None and found < question.least) or (question.most is not None and found > question.most):
        raise ValueError(_within(question))
    try:
        exact = round(found, question.decimals)
    except InvalidOperation:  # more digits than a number has room for
        raise ValueError(_("Write a number.")) from None
    if exact != found:
        raise ValueError(_("Write at most %(most)s decimals.") % {"most": question.decimals})
    return f"{exact:f}"


def _within(question: Question) -> str:
    if question.most is None:
        return _("At least %(least)s.") % {"least": _figure(question.least)}
    if question.least is None:
        return _("At most %(most)s.") % {"most": _figure(question.most)}
    facts = {"least": _figure(question.least), "most": _figure(question.most)}
    return _("From %(least)s to %(most)s.") % facts


def _figure(limit: Any) -> str:
    return date_format(limit, "j F Y") if isinstance(limit, date) else number_format(limit, force_grouping=True)


def _yes_no(_question: Question, value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(_("Answer yes or no."))  # noqa: TRY004 - one kind of complaint for every kind of answer
    return value


def _day(question: Question, value: Any) -> str:
    try:
        found = value if isinstance(value, date) else date.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError(_("Write a day such as 2027-01-31.")) from None
    if (question.least and found < question.least) or (question.most and found > question.most):
        raise ValueError(_within(question))
    return found.isoformat()


READERS = {
    "text": _text, "long": _text, "choice": _choice, "choices": _choices, "number": _number, "yes_no": _yes_no,
    "date": _day,
}  # fmt: skip


def merged(form: Form, before: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The answers kept so far with those given now; one that is empty is taken away. Raises Refused."""
    told = dict(before)
    for key, value in given.items():
        question = form.question(key)
        if question is None:
            known = ", ".join(one.key for one in form.questions) or "–"
            raise Refused(_("This form has no question %(key)s.") % {"key": key[:40]}, todo=known)
        try:
            answer = read(question, value)
        except ValueError as error:
            raise Refused(_("These answers cannot be kept."), why=f"{key}: {error}") from error
        told[key] = answer
    return {key: answer for key, answer in told.items() if answer is not None}


def missing(form: Form, answers: Mapping[str, Any], fixed: Mapping[str, Any], files: Mapping[str, int]) -> list[Gap]:
    """The questions that must be answered and are not; `files` counts those attached to each."""
    empty = [
        one
        for one in asked(form, answers, fixed)
        if one.required and (files.get(one.key, 0) < 1 if one.kind == "file" else one.key not in answers)
    ]
    told = {True: _("Add a file here."), False: _("This is still empty.")}
    return [Gap(f"{PREFIX}{one.key}", told[one.kind == "file"]) for one in empty]


def said(question: Question, answer: Any) -> str:
    """An answer as people read it; a dash where there is none."""
    if answer is None:
        return "–"
    sayer = SAYERS.get(question.kind)
    return sayer(question, answer) if sayer else str(answer)


def _labels(question: Question, answer: Any) -> str:
    labels = {key: said_in(words) for key, words in question.options}
    return "; ".join(labels[one] for one in (answer if isinstance(answer, list) else [answer]))


def _said_number(question: Question, answer: Any) -> str:
    return f"{number_format(Decimal(answer), force_grouping=True)} {said_in(question.unit)}".strip()


def _said_yes_no(_question: Question, answer: Any) -> str:
    return _("Yes") if answer else _("No")


def _said_day(_question: Question, answer: Any) -> str:
    return date_format(date.fromisoformat(answer), "j F Y")


SAYERS = {
    "choice": _labels,
    "choices": _labels,
    "number": _said_number,
    "yes_no": _said_yes_no,
    "date": _said_day,
}


def carried(old: Form, new: Form, answers: Mapping[str, Any]) -> tuple[dict[str, Any], list[list[str]]]:
    """Answers to one form as answers to a newer one, and those it has no place for, as labels and words."""
    kept: dict[str, Any] = {}
    former: list[list[str]] = []
    order = {one.key: at for at, one in enumerate(old.questions)}  # a database may keep them in another
    for key in sorted(answers, key=lambda one: (order.get(one, len(order)), one)):
        answer, question, was = answers[key], new.question(key), old.question(key)
        try:
            if question is None:
                raise ValueError(key)  # noqa: TRY301 - told apart from an answer that it cannot read by nobody
            kept[key] = read(question, answer)
        except ValueError:
            former.append([said_in(was.label), said(was, answer)] if was else [key, str(answer)])
    return kept, former
