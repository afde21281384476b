"""Impact assessments: who sees which, where one stands, and whether a project may use personal data."""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from fabrica.kit.errors import NotFound, Refused
from fabrica.people import rules as people_rules
from fabrica.people.models import Person
from fabrica.people.queries import organisations_of
from fabrica.people.states import Role
from fabrica.projects.models import Project
from fabrica.projects.states import Right, holders
from fabrica.trust.engine import impact
from fabrica.trust.models import Condition, ImpactAssessment, ImpactVersion, Seat
from fabrica.trust.states import Met


def visible_to(person: Person) -> QuerySet[ImpactAssessment]:
    """Those a person may read, newest first: their side's, and for the board all but those barred."""
    mine = Q(organisation__members__person=person) | Q(project__members__person=person)
    if people_rules.has_role(person, Role.ETHICS, Role.BOARD):
        barred = Seat.objects.filter(person=person, conflicted_at__isnull=False).values("referral__subject")
        mine |= ~Q(organisation__in=people_rules.interests(person)) & ~Q(subject__in=barred)
    rows = ImpactAssessment.objects.filter(pk__in=ImpactAssessment.objects.filter(mine).values("pk"))
    return rows.select_related("organisation", "applicant", "project").order_by("-pk")


def assessment_of(person: Person, pk: int) -> ImpactAssessment:
    """One by its number. Raises NotFound, also for one the person may not read."""
    found = visible_to(person).filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such impact assessment for you to see."))
    return found


def version_of(assessment: ImpactAssessment, number: int) -> ImpactVersion:
    """A version that was signed, by its number. Raises NotFound."""
    found = assessment.versions.filter(number=number).first()
    if found is None:
        raise NotFound(_("There is no version of that number."), todo=_("See the page of the impact assessment."))
    return found


def assessment_about(*, subject: str = "", project: Project | None = None) -> ImpactAssessment | None:
    """That of a project, else of a subject; None where none is owed or was begun."""
    kind, _colon, slug = subject.partition(":")
    about = Q(subject=subject) if subject else Q(pk=None)
    if kind == "project":
        about |= Q(project__slug=slug)
    if project is not None:
        about |= Q(project=project)
    rows = ImpactAssessment.objects.select_related("organisation", "applicant", "project")
    return rows.filter(about).order_by("pk").first()


def condition_of(assessment: ImpactAssessment) -> Condition | None:
    """The newest condition that it is the evidence for."""
    rows = Condition.objects.filter(subject=assessment.subject, key=impact.KEY).exclude(state=Met.DROPPED)
    return rows.order_by("-pk").first()


def to_sign(person: Person) -> QuerySet[ImpactAssessment]:
    """Those that are owed and wait for the person's side, the oldest first."""
    writes = Q(organisation__in=organisations_of(person))
    writes |= Q(project__members__person=person, project__members__role__in=holders(Right.WORK))
    waits = Condition.objects.filter(subject=OuterRef("subject"), key=impact.KEY, state=Met.OPEN)
    rows = ImpactAssessment.objects.filter(Exists(waits), writes).select_related("project")
    return rows.order_by("pk").distinct()


def is_to_be_signed(assessment: ImpactAssessment) -> bool:
    """Whether a signature says something new: other answers, or a condition that waits for it."""
    last, condition = assessment.versions.last(), condition_of(assessment)
    if last is None or not assessment.is_signed or last.digest != digest_of(assessment):
        return True
    return condition is not None and condition.state == Met.OPEN


def gaps_of(assessment: ImpactAssessment, now: datetime) -> Sequence[impact.Gap]:
    """What keeps it from being signed."""
    form = impact.questions(assessment.version)
    return impact.gaps(assessment.answers, assessment.risks, form, timezone.localdate(now))


def digest_of(row: ImpactAssessment | ImpactVersion) -> str:
    """SHA-256 of what is, or was, signed."""
    content = {"version": row.version, "answers": row.answers, "risks": row.risks}
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def must_be_assessed(project: Project) -> None:
    """Raises Refused where no impact assessment of the project was found good, or waived, by the board.

    For data that says of itself that it is personal; one that is still owed holds up all data, as conditions do.
    """
    settled = Condition.objects.filter(project=project, key=impact.KEY, state__in=[Met.CLOSED, Met.WAIVED])
    if not settled.exists():
        raise Refused(
            _("This is personal data, and the project has no impact assessment yet."),
            why=_("It must be signed before personal data is used for training (GDPR, Art. 35)."),
            todo=_("Begin it on the project's page; two persons of the ethics board close the condition."),
        )
