"""On which applications a person decides nothing, asked of many at once."""

from collections.abc import Sequence

from django.db.models import Q

from fabrica.applications.models import Transition
from fabrica.applications.states import State
from fabrica.people.models import Person
from fabrica.reviews.models import TechnicalAssessment
from fabrica.reviews.queries.panel import Candidate


def had_part_in(person: Person, found: Sequence[Candidate]) -> set[str]:
    """The codes of those that the person assessed, ranked, or refused before an appeal, in two statements.

    For pages: `rules.can_decide` asks it of one, and counts when something is decided. Interests: `barred_of`.
    """
    codes = {one.application.pk: one.code for one in found}
    assessed = TechnicalAssessment.objects.filter(application__in=codes, assessor=person)
    refused = Q(after=State.REFUSED, application__appealed_at__isnull=False)
    moved = Transition.objects.filter(Q(after=State.RANKED) | refused, application__in=codes, by=person)
    keys = {*assessed.values_list("application", flat=True), *moved.values_list("application", flat=True)}
    return {codes[pk] for pk in keys}
