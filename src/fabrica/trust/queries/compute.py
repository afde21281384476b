"""Reading what trainings took, its alerts and its clocks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from fabrica.kit.errors import NotFound
from fabrica.people.models import Person
from fabrica.projects.models import Project
from fabrica.projects.queries import sees_all
from fabrica.trust.engine.compute import ARCHITECTURE, GRANTED, METERED, Base, Estimate, Measure, measures
from fabrica.trust.models import ComputeAlert, ComputeEstimate, NotificationClock

MOST_MODELS = 20


def model_subject(project: str, name: str) -> str:
    """What the model is called that a project trains under a recipe's name, as in the registry."""
    return f"model:{project}/{name[:80]}"


def award_subject(project: str) -> str:
    """What the hours granted to a project are called here."""
    return f"award:{project}"


def jobs_subject(project: str) -> str:
    """What the jobs of a project are called that are no runs."""
    return f"jobs:{project}"


def as_estimate(row: ComputeEstimate) -> Estimate:
    """A kept estimate as the engine knows it; the row must not be empty."""
    return Estimate(row.method, row.low or 0, row.flop or 0, row.high or 0, row.inputs, tuple(row.sources))


def base_of(project: Project) -> Base:
    """The base model that was declared to the gate; nothing where nobody was asked."""
    row = ComputeEstimate.objects.filter(subject=award_subject(project.slug), method=GRANTED).first()
    told = (row.inputs.get("base") if row else None) or {}
    return Base(told.get("modifies"), told.get("flop"), told.get("is_systemic"))


def as_facts(subject: str) -> list[dict[str, Any]]:
    """What documents tell of a model's compute, a row for each method: empty values are what nobody knows."""
    rows = ComputeEstimate.objects.filter(subject=subject, is_part=False).order_by("method")
    return [{"method": row.method, "flop": row.flop, "low": row.low, "high": row.high, "how": how(row)} for row in rows]


def how(row: ComputeEstimate) -> str:
    """In a sentence of English, how an estimate was made."""
    told = _HOW[row.method]
    if "of" in row.inputs:
        told += f" Sum of {row.inputs['parts']} of {row.inputs['of']} runs and other jobs, failed ones included."
    return told


_HOW = {
    METERED: "GPU-seconds metered by the machine, times its device's peak, times the utilisation of usual trainings "
    "(or times the rate measured there); the error is that of the utilisation.",
    ARCHITECTURE: "Operations counted from parameters and tokens, up to the last step that was reached.",
    GRANTED: "GPU-seconds granted, times the device's peak, and the utilisation of usual trainings; at most its peak.",
}


def alerts_visible_to(person: Person) -> QuerySet[ComputeAlert]:
    """Alerts of projects that the person sees, newest first; officers and operators see all."""
    rows = ComputeAlert.objects.select_related("project__organisation", "acknowledged_by", "clock__done_by")
    if not sees_all(person):
        rows = rows.filter(project__members__person=person)
    return rows.order_by("-pk")


def waiting(rows: QuerySet[ComputeAlert]) -> QuerySet[ComputeAlert]:
    """Those that nobody acknowledged, or whose clock still runs."""
    return rows.filter(Q(acknowledged_at=None) | Q(clock__isnull=False, clock__done_at=None))


def alert_of(person: Person, pk: int) -> ComputeAlert:
    """An alert by its number. Raises NotFound, also for one the person may not see."""
    found = alerts_visible_to(person).filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such alert for you to see."))
    return found


def clocks_to_remind_of(today: date) -> QuerySet[NotificationClock]:
    """The clocks that run and of which people are to be reminded, the earliest first."""
    rows = NotificationClock.objects.select_related("alert__project__organisation")
    return rows.filter(done_at=None, remind_on__lte=today).order_by("remind_on", "pk")


@dataclass(frozen=True)
class Compute:
    """What a project's training took and could take, by subject; the thresholds of today, and its alerts."""

    project: Sequence[ComputeEstimate]
    award: Sequence[ComputeEstimate]
    models: Sequence[Sequence[ComputeEstimate]]
    more_models: bool
    measures: Sequence[Measure]
    base: Base
    alerts: Sequence[ComputeAlert]


def compute_of(project: Project, today: date) -> Compute:
    """Everything kept of a project's compute: three statements, however many runs it has."""
    sums = ComputeEstimate.objects.filter(project=project, is_part=False)
    fixed = list(sums.filter(subject__in=[project.subject, award_subject(project.slug)]).order_by("-method"))
    of_models = sums.filter(subject__startswith="model:").order_by("subject", "-method")
    found: dict[str, list[ComputeEstimate]] = {}
    for row in of_models[: 2 * MOST_MODELS + 1]:
        found.setdefault(row.subject, []).append(row)
    own = [row for row in fixed if row.subject == project.subject]
    award = [row for row in fixed if row.subject != project.subject]
    told = next((row.inputs.get("base") for row in award if row.method == GRANTED), None) or {}
    base = Base(told.get("modifies"), told.get("flop"), told.get("is_systemic"))
    alerts = (
        ComputeAlert.objects.filter(project=project).select_related("clock", "project").order_by("-pk")[:MOST_MODELS]
    )
    return Compute(
        own, award, list(found.values())[:MOST_MODELS], len(found) > MOST_MODELS, measures(base, today), base,
        list(alerts),
    )  # fmt: skip
