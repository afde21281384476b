"""Reading self-assessments. Who may read about a subject is asked by who calls this."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from fabrica.kit.errors import NotFound
from fabrica.trust.models import SelfAssessment


def newest(subject: str) -> SelfAssessment | None:
    """The open one, else the last that was handed in."""
    return SelfAssessment.objects.filter(subject=subject).order_by("-pk").first()


def handed_in(subject: str) -> Sequence[SelfAssessment]:
    """Each that was handed in, the first first: as many as there were submissions."""
    return list(SelfAssessment.objects.filter(subject=subject, handed_in_at__isnull=False).order_by("pk"))


def last_handed_in(subject: str) -> SelfAssessment | None:
    """The last that was handed in."""
    return SelfAssessment.objects.filter(subject=subject, handed_in_at__isnull=False).order_by("-pk").first()


def handed_in_as(subject: str, number: int) -> SelfAssessment:
    """The one of that number, counted from 1. Raises NotFound."""
    found = handed_in(subject)
    if not 1 <= number <= len(found):
        raise NotFound(_("There is no self-assessment of that number."), todo=_("See the application's page."))
    return found[number - 1]
