"""Conditions: which hold a step up, and which a person may read."""

from collections.abc import Iterable
from datetime import date, datetime

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from fabrica.kit.errors import NotFound
from fabrica.people import rules as people_rules
from fabrica.people.models import Person
from fabrica.people.states import Role
from fabrica.projects.models import Project
from fabrica.trust.engine.owed import Row, owed_by, soon_owed
from fabrica.trust.models import Assessment, Condition, Seat
from fabrica.trust.states import PENDING, Blocks, Decision, Met, Owner

Step = Blocks  # the word of those who ask: `blocking(..., step=Step.PUBLICATION)`


def blocking(
    *, step: Blocks, project: Project | None = None, subject: str = "", gpu_seconds: int = 0
) -> list[Condition]:
    """The conditions of a project, or of a subject, that hold a step up now; the first due first.

    For runs, `gpu_seconds` is what the project used so far and asks for now: a condition holds up what goes beyond it.
    """
    rows = _about(project, subject).filter(state__in=PENDING, blocks=step)
    if step == Blocks.RUN:
        rows = rows.filter(run_gpu_seconds__lt=gpu_seconds)
    return list(rows.order_by("due_on", "pk"))


def brought_by(assessment: Assessment) -> tuple[Row, ...]:
    """The rows of the data file that what the gate said brings: none where it said no.

    Where it referred, they are owed once the board's yes is released.
    """
    if assessment.decision == Decision.REJECT:
        return ()
    labels = [one["label"] for one in assessment.labels or ()]
    duties = soon_owed(assessment.duties or (), assessment.as_of or timezone.localdate(assessment.assessed_at))
    return owed_by(labels, duties, [one["rule"] for one in assessment.reasons])


def held_up(subjects: Iterable[str], step: Blocks) -> set[str]:
    """Those of these subjects that a condition keeps from a step now, in one statement."""
    rows = Condition.objects.filter(subject__in=[*subjects], state__in=PENDING, blocks=step)
    return set(rows.values_list("subject", flat=True))


def owed_before_award(person: Person, subjects: Iterable[str]) -> dict[str, Condition]:
    """By subject, the first condition due that the award waits for and whose evidence the applicant's side owes.

    One statement, whatever the subjects; the caller has them from what the person's organisations applied for.
    """
    named = Q(person=None) | Q(person=person)
    rows = Condition.objects.filter(named, subject__in=[*subjects, ""], owner=Owner.APPLICANT)
    rows = rows.filter(state=Met.OPEN, blocks=Blocks.AWARD).order_by("-due_on", "-pk")
    return {one.subject: one for one in rows}


def _about(project: Project | None, subject: str) -> QuerySet[Condition]:
    if project is None and not subject:
        return Condition.objects.none()
    about = Q(subject=subject) if subject else Q(pk=None)
    return Condition.objects.filter(about | Q(project=project) if project is not None else about)


def conditions_of(*, project: Project | None = None, subject: str = "") -> list[Condition]:
    """All conditions of a project or a subject, those that wait first; few, for each was written for it."""
    rows = list(_about(project, subject).select_related("organisation", "project").order_by("due_on", "pk"))
    return sorted(rows, key=lambda one: one.is_settled)


def visible_to(person: Person) -> QuerySet[Condition]:
    """The conditions a person may read, newest first: their side's, and for board and officers all but those barred."""
    mine = Q(organisation__members__person=person) | Q(project__members__person=person)
    if people_rules.has_role(person, Role.ETHICS, Role.BOARD, Role.OFFICER):
        barred = Seat.objects.filter(person=person, conflicted_at__isnull=False).values("referral__subject")
        mine |= ~Q(organisation__in=people_rules.interests(person)) & ~Q(subject__in=barred)
    rows = Condition.objects.filter(pk__in=Condition.objects.filter(mine).values("pk"))
    return rows.select_related("organisation", "project", "given_by", "found_by", "settled_by").order_by("-pk")


def condition_of(person: Person, pk: int) -> Condition:
    """A condition by its number. Raises NotFound, also for one the person may not read."""
    found = visible_to(person).filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such condition for you to see."))
    return found


def pending(person: Person) -> QuerySet[Condition]:
    """Those that still hold something up, as the board's desk lists them."""
    return visible_to(person).filter(state__in=PENDING)


def overdue(person: Person, day: date) -> QuerySet[Condition]:
    """Those that should have been met before a day."""
    return pending(person).filter(due_on__lt=day)


def ringing(now: datetime) -> Condition | None:
    """The condition whose owner is to be told of first, if one is due to be."""
    rows = Condition.objects.select_related("organisation", "applicant", "person", "project")
    return rows.filter(rings_at__lte=now).order_by("rings_at", "pk").first()
