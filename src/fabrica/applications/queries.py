"""Reading applications. Every list starts from `visible_to`."""

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from fabrica.applications import rules
from fabrica.applications.engine import FIELDS, Gap, gaps, propose
from fabrica.applications.engine.asked import Advice, advice, spread
from fabrica.applications.engine.changed import Piece, pieces
from fabrica.applications.engine.clocks import Clock, Move, clock, lengths, until
from fabrica.applications.models import Application, Submission, Transition
from fabrica.applications.states import WITH_THE_FACTORY, State
from fabrica.clusters.queries import calendar_of, calendars, calibration_of, facts_of, gpus_of
from fabrica.kit.calendar import Calendar, Unit, days_promised
from fabrica.kit.errors import NotFound
from fabrica.kit.units import gpu_hours
from fabrica.people import rules as people_rules
from fabrica.people.models import Person
from fabrica.people.queries import organisations_of
from fabrica.people.states import Role
from fabrica.planner import Plan, Proposal
from fabrica.trust.engine import questions
from fabrica.trust.states import Answer
from fabrica.web.components import Event

PARTS: list[tuple[str | Promise, tuple[str, ...]]] = [
    (gettext_lazy("Your project"), ("title", "purpose")),
    (gettext_lazy("What you will train"), ("model_description", "parameters_millions", "tokens_millions", "runs")),
    (gettext_lazy("Data"), ("data_description", "dataset_uri", "has_personal_data", "has_data_rights")),
    (gettext_lazy("Computing time"), ("gpu_seconds_requested", "months")),
]
NOTHING = "–"
UNITS = {"working_day": Unit.WORKING_DAYS, "week": Unit.WEEKS, "month": Unit.MONTHS}
TONES = {State.AWARDED: "good", State.REFUSED: "bad", State.RETURNED: "warning", State.WITHDRAWN: "neutral"}


@dataclass(frozen=True)
class Change:
    """An answer that is another one now, with its words: those that stayed, are gone, or are new."""

    label: str
    before: str
    after: str
    pieces: Sequence[Piece]


def visible_to(person: Person) -> QuerySet[Application]:
    """Those of the person's organisations, newest first.

    The factory's staff see what was ever submitted; one that was sent back they see as it is being mended. They never
    see a draft. The panel sees what experts have reviewed, until it is decided.
    """
    mine = Q(organisation__in=organisations_of(person))
    if people_rules.is_staff_member(person):
        mine |= Q(submitted_at__isnull=False)
    if people_rules.has_role(person, Role.PANEL):
        mine |= Q(state__in=[State.EVALUATED, State.RANKED])
    rows = Application.objects.select_related("call__machine__site", "organisation", "applicant", "gate")
    return rows.filter(mine).order_by("-pk")


def application_of(person: Person, code: str) -> Application:
    """An application by its code. Raises NotFound, also for one the person may not see."""
    found = visible_to(person).filter(code=code).first()
    if found is None:
        told = _("There is no application %(code)s for you to see.") % {"code": code}
        raise NotFound(told, todo=_("See yours on your home page."))
    return found


def queue(person: Person) -> QuerySet[Application]:
    """What waits for the factory, most urgent first: by the end of the step that runs."""
    return visible_to(person).filter(state__in=WITH_THE_FACTORY).order_by("step_due_at", "pk")


def is_late(now: datetime) -> Q:
    """The condition for what waits for the factory and is past the end of its step."""
    return Q(step_due_at__lt=now, state__in=WITH_THE_FACTORY)


def clocks_of(applications: Sequence[Application]) -> dict[int, Clock]:
    """The clock of each of these that was ever submitted, by key: three statements, however many there are."""
    moves: dict[int, list[Move]] = {}
    rows = Transition.objects.filter(application__in=[one.pk for one in applications]).order_by("pk")
    for key, application, after, at in rows.values_list("pk", "application_id", "after", "at"):
        moves.setdefault(application, []).append(Move(key, State(after), at))
    known = calendars()
    told = {one.pk: _clock(one, moves.get(one.pk, []), known[one.call.machine.site_id]) for one in applications}
    return {key: found for key, found in told.items() if found is not None}


def clock_of(application: Application) -> Clock | None:
    """The clock of an application, derived from its moves; None before it was ever submitted."""
    return clocks_of([application]).get(application.pk)


def clock_as_dict(application: Application, now: datetime) -> dict[str, Any] | None:
    """The clock of an application at a moment as the API tells it; None before it was ever submitted."""
    told = clock_of(application)
    if told is None:
        return None
    late = told.late_days(now, calendar_of(application.call.machine.site))
    return told.as_dict(now, late)


def _clock(application: Application, moves: Sequence[Move], calendar: Calendar) -> Clock | None:
    """What was done before the cut-off it counts for counts as done at the cut-off: the promise begins there."""
    mode = application.call.mode
    first = next((one.at for one in moves if one.after is State.SUBMITTED), None)
    if first is None:
        return None
    begins = mode.counts_from(first)
    told = [replace(one, at=max(one.at, begins)) for one in moves]
    promised = days_promised(calendar, begins, mode.promise.at_most, UNITS[mode.promise.unit])
    return clock(told, calendar, mode=mode.key, promised=promised, by=lengths())


def appeal_until(application: Application) -> datetime | None:
    """The last instant at which its refusal may be appealed against; None where that cannot be any more, or not yet."""
    refused_at = application.decided_at
    if application.state != State.REFUSED or application.appealed_at is not None or refused_at is None:
        return None
    return until(calendar_of(application.call.machine.site), refused_at, lengths().appeal_days)


def reply_until(application: Application, now: datetime) -> datetime:
    """The last instant for an answer to reviews that the applicant is shown now."""
    return until(calendar_of(application.call.machine.site), now, lengths().reply_days)


def refused_from(application: Application) -> State:
    """The state in which it was refused last. For one that was refused."""
    last = application.transitions.filter(after=State.REFUSED).last()
    return State(last.before) if last else State.SUBMITTED


def ringing(now: datetime) -> Application | None:
    """The application whose step is to be told of first, if one is due to be."""
    rows = Application.objects.select_related("call__machine__site", "organisation")
    return rows.filter(clock_rings_at__lte=now).order_by("clock_rings_at").first()


def uncounted() -> Application | None:
    """One whose clock is to be counted anew: the site's calendar changed, or no version of ours has counted it yet."""
    rows = Application.objects.select_related("call__machine__site").order_by("pk")
    waiting = rows.filter(state__in=(*WITH_THE_FACTORY, State.RETURNED))
    changed = waiting.exclude(clock_calendar=F("call__machine__site__calendar_version")).first()
    return changed or rows.filter(state=State.AWARDED, clock_calendar=0).first()


def answers_of(application: Application) -> dict[str, Any]:
    """The answers of an application, by field."""
    return {name: getattr(application, name) for name in FIELDS}


def gaps_of(application: Application) -> list[Gap]:
    """What keeps it from being submitted."""
    return gaps(answers_of(application), application.call.mode)


def drafts_of(person: Person) -> QuerySet[Application]:
    """What waits for the person: drafts, and applications sent back."""
    return visible_to(person).filter(state__in=[State.DRAFT, State.RETURNED], organisation__in=organisations_of(person))


def proposal_of(application: Application) -> tuple[Plan, Proposal] | None:
    """What the planner proposes to ask for; None until size, tokens and runs are given."""
    size, tokens, runs = application.parameters_millions, application.tokens_millions, application.runs
    if not (size and tokens and runs):
        return None
    machine = application.call.machine
    return propose(size, tokens, runs, facts_of(machine), calibration_of(machine))


def advice_of(application: Application) -> list[Advice]:
    """What to think over before asking for these hours; nothing of it keeps anybody from asking."""
    found = proposal_of(application)
    proposed = found[1].gpu_seconds if found else None
    seconds = application.gpu_seconds_requested or 0
    return advice(seconds, application.months, gpus_of(application.call.machine), proposed)


def spread_of(application: Application) -> list[Advice]:
    """What the hours asked for mean for the machine, over the months."""
    seconds, months = application.gpu_seconds_requested, application.months
    return spread(seconds, months, gpus_of(application.call.machine)) if seconds and months else []


def summary_of(application: Application) -> list[tuple[str | Promise, list[tuple[Any, Any]]]]:
    """All answers as people read them: parts with labels and values, the gate's questions last."""
    parts = [(title, [_answer(application, name) for name in names]) for title, names in PARTS]
    answered = application.trust_answers
    asked = questions(get_language())
    answers = [(one.question, Answer(answered[one.id]).label if one.id in answered else NOTHING) for one in asked]
    return [*parts, (gettext_lazy("Trust questions"), answers)]


def differences(application: Application, values: Mapping[str, Any]) -> list[tuple[Any, Any]]:
    """Labels and saved answers wherever `values`, which somebody typed, say something else."""
    typed = copy(application)
    for name, value in values.items():
        setattr(typed, name, value)
    rows = zip(summary_of(application), summary_of(typed), strict=True)
    pairs = [pair for (_title, saved), (_same, other) in rows for pair in zip(saved, other, strict=True)]
    return [saved for saved, other in pairs if saved != other]


def submissions_of(application: Application) -> list[Submission]:
    """Its submissions, the first first; few, for each came back to its writer in between."""
    return list(application.submissions.order_by("number"))


def submission_of(application: Application, number: int) -> Submission:
    """One of them. Raises NotFound."""
    found = application.submissions.filter(number=number).first()
    if found is None:
        raise NotFound(f"{application.code} has no version {number}.")
    return found


def as_it_was(application: Application, submission: Submission) -> Application:
    """The application with the answers of a submission, for reading; nothing may save it."""
    old = copy(application)
    for name, value in submission.answers.items():
        setattr(old, name, value)
    return old


def changes(application: Application, before: Submission, after: Submission) -> tuple[Change, ...]:
    """The answers that differ, in the order of the form."""
    olds, news = (_rows(as_it_was(application, one)) for one in (before, after))
    pairs = zip(olds, news, strict=True)
    return tuple(Change(label, old, new, pieces(old, new)) for (label, old), (_same, new) in pairs if old != new)


def _rows(application: Application) -> list[tuple[str, str]]:
    return [(str(label), str(value)) for _title, rows in summary_of(application) for label, value in rows]


def _answer(application: Application, name: str) -> tuple[Any, Any]:
    value = getattr(application, name)
    if name == "gpu_seconds_requested":
        return _("GPU-hours"), NOTHING if value is None else gpu_hours(value)
    if isinstance(value, bool):
        value = _("Yes") if value else _("No")
    label = application._meta.get_field(name).verbose_name  # type: ignore[union-attr]  # our fields have names
    return str(label).capitalize(), NOTHING if value in (None, "") else value


def timeline_of(application: Application, reader: Person) -> list[Event]:
    """What happened to it, oldest first: who did what, when, and what the applicant was told.

    Who assessed or ranked it is told to the factory's staff alone.
    """
    started = Event(application.created_at, _("Started"), str(application.applicant))
    names_assessor = rules.sees_assessor(reader, application)
    moves = application.transitions.select_related("by")
    return [started, *(_event(State(one.after), one, names_assessor=names_assessor) for one in moves)]


def _event(after: State, move: Transition, *, names_assessor: bool) -> Event:
    who = "" if after in (State.ASSESSED, State.RANKED) and not names_assessor else str(move.by)
    return Event(move.at, after.label, who, move.reason, TONES.get(after, "info"))
