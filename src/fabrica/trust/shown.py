"""An impact assessment in the words of its reader: for pages, the document and the API."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from fabrica.trust.engine import impact
from fabrica.trust.engine.impact import Gap, Kind, Question
from fabrica.trust.models import ImpactAssessment, ImpactVersion
from fabrica.trust.queries.impact import gaps_of
from fabrica.trust.states import Answer, ImpactOutcome

NOTHING = "–"
Row = ImpactAssessment | ImpactVersion
WHY = {
    "high_left": gettext_lazy(
        "A risk remains high: the conclusion must be prior consultation, or the risk be made smaller."
    ),
    "past": gettext_lazy("The day of the next look must lie ahead."),
}


@dataclass(frozen=True)
class Missing:
    """What is still missing, in words, with the section and the field where it is given."""

    section: impact.Section
    field: str
    told: str

    @property
    def title(self) -> str:
        """The section's."""
        return self.section.said("title", get_language())


@dataclass(frozen=True)
class Told:
    """A section as it reads; each risk is a list of questions with answers."""

    title: str
    rows: list[tuple[str, str]]
    risks: list[list[tuple[str, str]]]


def missing(row: ImpactAssessment, now: datetime) -> list[Missing]:
    """All that keeps it from being signed."""
    form = impact.questions(row.version)
    numbers = {one["id"]: number for number, one in enumerate(row.risks, start=1)}
    titles = {one.id: one for one in form.sections}
    return [_missing(one, titles[one.section], form, numbers) for one in gaps_of(row, now)]


def _missing(gap: Gap, section: impact.Section, form: impact.Questions, numbers: dict[str, int]) -> Missing:
    if gap.why == "no_risks":
        return Missing(section, "", _("At least one risk is to be described."))
    asked = {one.id: one for one in (form.risk if gap.risk else form.by_id.values())}[gap.question]
    field = f"id_{gap.risk}-{asked.id}" if gap.risk else f"id_{asked.id}"
    told = WHY[gap.why] if gap.why else _numbered(asked, numbers.get(gap.risk, 0))
    return Missing(section, f"{field}_0" if asked.answers else field, str(told))


def _numbered(asked: Question, risk: int) -> str:
    told = asked.said("question", get_language())
    return _("Risk %(number)d: %(question)s") % {"number": risk, "question": told} if risk else told


def sections(row: ImpactAssessment, found: Sequence[Missing]) -> list[tuple[impact.Section, str, str, int, bool]]:
    """Each section with title and words, how much is missing, and whether the answers so far ask for it."""
    form, language = impact.questions(row.version), get_language()
    is_needed = impact.screen(row.answers, form).is_needed
    return [
        (one, one.said("title", language), one.said("told", language), sum(each.section is one for each in found),
         is_needed or number == 0)
        for number, one in enumerate(form.sections)
    ]  # fmt: skip


def after(row: ImpactAssessment, here: str) -> str:
    """The section that comes next; empty at the end, and where no assessment is needed."""
    form = impact.questions(row.version)
    keys = [one.id for one in form.sections]
    if impact.screen(row.answers, form).is_spared or here == keys[-1]:
        return ""
    return keys[keys.index(here) + 1]


def outcome(row: ImpactAssessment) -> ImpactOutcome:
    """What it would conclude; for one without gaps."""
    return impact.outcome(row.answers, impact.questions(row.version))


def parts(row: Row) -> list[Told]:
    """The sections that count, with questions and answers."""
    language = get_language()
    return [
        Told(
            one.section.said("title", language), [_row(*pair) for pair in one.rows],
            [[_row(*pair) for pair in risk] for risk in one.risks],
        )
        for one in impact.report(row.answers, row.risks, impact.questions(row.version))
    ]  # fmt: skip


def _row(asked: Question, answer: str) -> tuple[str, str]:
    return asked.said("question", get_language()), said(asked, answer)


def said(asked: Question, answer: str) -> str:
    """An answer in words."""
    if not answer:
        return NOTHING
    if asked.kind is Kind.FLAG:
        return str(Answer(answer).label)
    day = parse_date(answer) if asked.kind is Kind.DATE else None
    return date_format(day, "j F Y") if day else asked.shown(answer, get_language())


def changed(before: ImpactVersion, now: ImpactVersion) -> list[tuple[str, str, str]]:
    """What a version changed in another: the question, what was said before, what is said now; empty: nothing."""
    form = impact.questions(now.version)
    found = impact.changes((before.answers, before.risks), (now.answers, now.risks), form)
    return [
        (_numbered(one.question, one.risk), _or_empty(one.question, one.before), _or_empty(one.question, one.after))
        for one in found
    ]


def _or_empty(asked: Question, answer: str) -> str:
    return said(asked, answer) if answer else ""


def as_dict(one: ImpactVersion) -> dict[str, Any]:
    """A version as plain data, with words in the reader's language."""
    return {
        "number": one.number, "outcome": one.outcome, "digest": one.digest, "signer_name": one.signer_name,
        "signed_at": one.signed_at, "form": one.version, "answers": one.answers, "risks": one.risks,
        "sections": [{"title": told.title, "rows": told.rows, "risks": told.risks} for told in parts(one)],
    }  # fmt: skip


def day_of(one: ImpactVersion) -> datetime:
    """When it was signed, as clocks at the site tell it."""
    return timezone.localtime(one.signed_at)
