"""The rules of its own mode against what is known of an application: met, broken or open, each with its source."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import formats, timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fabrica.applications.engine.eligible import CONTRACT, REMEDIES, Known, contract, needed_until, profile_of, todo
from fabrica.applications.models import Application
from fabrica.applications.queries import answers_asked
from fabrica.calls.engine.terms import text_of
from fabrica.calls.queries import weighed
from fabrica.people.models import SmeDeclaration


@dataclass(frozen=True)
class Line:
    """A rule of the check list. `holds` None: open. `todo` is what the applicant can do about it, if anything."""

    told: dict[str, Any]
    todo: str

    @property
    def holds(self) -> bool | None:
        return self.told["holds"]  # type: ignore[no-any-return]  # plain data

    @property
    def is_broken(self) -> bool:
        """Broken, and it decides: advice and what nobody is sure of do not."""
        return self.holds is False and bool(self.told["decides"])

    def as_dict(self) -> dict[str, Any]:
        return {**self.told, "todo": self.todo}


@dataclass(frozen=True)
class Eligibility:
    """The check list of an application."""

    lines: Sequence[Line]

    @property
    def broken(self) -> list[Line]:
        return [one for one in self.lines if one.is_broken]

    @property
    def unsettled(self) -> list[Line]:
        """Open, or broken without deciding."""
        return [one for one in self.lines if not (one.holds or one.is_broken)]

    @property
    def met(self) -> list[Line]:
        return [one for one in self.lines if one.holds]


def eligibility_of(application: Application, declared: SmeDeclaration | None, now: datetime) -> Eligibility:
    """The check list, with the newest SME declaration of its organisation. Empty for calls of before rules were kept.

    No statement: what it needs has been read.
    """
    answers = answers_asked(application)
    profile = profile_of(_known(application, declared, answers, now))
    lines = [Line(told, _said(todo(one, profile))) for one, told in weighed(application.call, profile)]
    return Eligibility([*lines, *_contract(application, answers, now)])


def _said(text: str) -> str:
    return _(text) if text else ""


def _known(application: Application, declared: SmeDeclaration | None, answers: dict[str, Any], now: datetime) -> Known:
    is_valid = declared is not None and declared.is_valid(now)
    return Known(
        kind=application.organisation.kind, country=application.organisation.country,
        is_sme=declared.is_sme if declared is not None and is_valid else None,
        has_personal_data=application.has_personal_data, gpu_seconds=application.gpu_seconds_requested,
        months=application.months, parameters_millions=application.parameters_millions,
        gpus_per_node=application.call.mode.gpus_per_node, trust_answers=application.trust_answers,
        extra_answers=answers,
    )  # fmt: skip


def _contract(application: Application, answers: dict[str, Any], now: datetime) -> list[Line]:
    """The principal investigator's contract, where the mode asks to have it ready."""
    asked = next((one for one in application.call.terms.prepare if one.id == CONTRACT), None)
    if asked is None:
        return []
    begin = application.due_on or timezone.localdate(now)
    until = needed_until(begin, application.months) if application.months else None
    text = " ".join([text_of(asked.text, (get_language() or "en").partition("-")[0]), *_days(begin, until)])
    holds = contract(answers, until)
    told = {"rule": CONTRACT, "holds": holds, "decides": True, "text": text, **asked.source.as_dict()}
    return [Line(told, _(REMEDIES[CONTRACT]) if holds is False else "")]


def _days(begin: date, until: date | None) -> list[str]:
    if until is None:
        return []
    told = _("If it began on %(begin)s: until %(until)s at least.")
    return [told % {"begin": formats.date_format(begin, "j F Y"), "until": formats.date_format(until, "j F Y")}]
