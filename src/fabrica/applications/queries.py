"""Reading applications. Every list starts from `visible_to`."""

from collections.abc import Mapping, Sequence
from copy import copy
from datetime import datetime
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from fabrica.applications import rules
from fabrica.applications.engine import FIELDS, Gap, gaps, propose
from fabrica.applications.engine.clocks import Clock, Move, clock, lengths, until
from fabrica.applications.models import Application, Transition
from fabrica.applications.states import WITH_THE_FACTORY, State
from fabrica.clusters.queries import calendar_of, calendars, calibration_of, facts_of
from fabrica.kit.calendar import Calendar
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
TONES = {State.AWARDED: "good", State.REFUSED: "bad", State.RETURNED: "warning", State.WITHDRAWN: "neutral"}


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
    mode = application.call.mode
    return clock(moves, calendar, mode=mode.key, promised=mode.access_working_days, by=lengths())


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


def values(application: Application) -> dict[str, Any]:
    """The answers of an application, by field."""
    return {name: getattr(application, name) for name in FIELDS}


def gaps_of(application: Application) -> list[Gap]:
    """What keeps it from being submitted."""
    return gaps(values(application), application.call.mode)


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
