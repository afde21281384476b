"""What the panel ranks: each application with its reviews merged."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from fabrica.applications.models import Application
from fabrica.applications.states import State
from fabrica.calls.models import Call
from fabrica.people import rules as people_rules
from fabrica.people.models import Person
from fabrica.people.queries import interests_of, with_role
from fabrica.people.states import Role
from fabrica.reviews.engine.ranking import Measured, Merged, Scored, calibrate, merge, points
from fabrica.reviews.engine.ranking import rank as by_merit
from fabrica.reviews.models import Evaluation, Reply, Review, TechnicalAssessment
from fabrica.reviews.states import COUNTS, REVIEWED, Stage

MOST_CANDIDATES = 500


@dataclass(frozen=True)
class Candidate:
    """An application that experts have reviewed. `gpu_seconds` is what the assessor recommends."""

    evaluation: Evaluation
    merged: Merged
    position: int
    is_tied: bool
    reviews: Sequence[Review]
    has_reply: bool
    gpu_seconds: int

    @property
    def application(self) -> Application:
        return self.evaluation.application

    @property
    def code(self) -> str:
        return self.application.code

    def is_ready(self, now: datetime) -> bool:
        """Whether the panel may rank it: the applicant has answered, or the time for it is over."""
        until = self.evaluation.reply_until
        is_due = self.has_reply or (until is not None and now > until)
        return self.application.state == State.EVALUATED and is_due


def panel_calls(person: Person) -> QuerySet[Call]:
    """The calls with applications that the panel ranks or has ranked, for panel and officers; none for others."""
    if not people_rules.has_role(person, Role.PANEL, Role.OFFICER):
        return Call.objects.none()
    waiting = Application.objects.filter(state__in=REVIEWED).values("call")
    return Call.objects.select_related("machine").filter(pk__in=waiting).order_by("-pk")


def to_rank(person: Person, now: datetime) -> QuerySet[Evaluation]:
    """What somebody of the panel may rank now: answered, or past the time for it; none they have an interest in."""
    if not people_rules.has_role(person, Role.PANEL):
        return Evaluation.objects.none()
    ready = Q(reply__isnull=False) | Q(reply_until__lt=now)
    others = Evaluation.objects.exclude(application__organisation__in=people_rules.interests(person))
    return others.filter(ready, application__state=State.EVALUATED)


def candidates_of(call: Call) -> list[Candidate]:
    """What waits for the panel, best first. For services and pages of those who were let in."""
    return _candidates(call, State.EVALUATED)


def ranked_of(call: Call) -> list[Candidate]:
    """What the panel has ranked and nobody has decided yet, in the panel's order."""
    return sorted(_candidates(call, State.RANKED), key=lambda one: (one.evaluation.ranked_at, one.evaluation.rank))


def barred_of(people: Sequence[Person], found: Sequence[Candidate]) -> dict[int, set[str]]:
    """For each person the codes of those they have a part in, in a constant number of statements.

    They have an interest in who applies, or were asked to review it.
    """
    keys = [one.pk for one in people]
    interests, asked = interests_of(keys), defaultdict[int, set[int]](set)
    rows = Review.objects.filter(
        reviewer__in=keys, stage__in=COUNTS, evaluation__in=[one.evaluation.pk for one in found]
    )
    for person, evaluation in rows.values_list("reviewer", "evaluation"):
        asked[person].add(evaluation)
    return {
        key: {
            one.code
            for one in found
            if one.application.organisation_id in interests[key].all or one.evaluation.pk in asked[key]
        }
        for key in keys
    }


def lacks_panel(ready: Sequence[Candidate]) -> bool:
    """Whether every member of the panel has a part in one of these; not so where nobody is on the panel."""
    members = list(with_role(Role.PANEL))
    barred = barred_of(members, ready)
    return bool(ready) and bool(members) and all(barred.values())


def _candidates(call: Call, state: State) -> list[Candidate]:
    rows = Evaluation.objects.select_related("application__organisation", "application__call__machine__site")
    found = list(rows.filter(application__call=call, application__state=state).order_by("pk")[:MOST_CANDIDATES])
    reviews: dict[int, list[Review]] = {}
    for one in _handed_in(found):
        reviews.setdefault(one.evaluation_id, []).append(one)
    replied = set(Reply.objects.filter(evaluation__in=found).values_list("evaluation_id", flat=True))
    assessed = TechnicalAssessment.objects.filter(application__in=[one.application_id for one in found]).order_by("pk")
    hours = dict(assessed.values_list("application_id", "gpu_seconds_recommended"))
    by_code = {one.application.code: one for one in found}
    merged = [_merged(one, reviews[one.pk]) for one in found if one.pk in reviews]
    made = []
    for place in by_merit(merged):
        evaluation = by_code[place.merged.application]
        asked = evaluation.application.gpu_seconds_requested or 0
        seconds = hours.get(evaluation.application_id, asked)
        given, has_reply = reviews[evaluation.pk], evaluation.pk in replied
        made.append(Candidate(evaluation, place.merged, place.position, place.is_tied, given, has_reply, seconds))
    return made


def _handed_in(found: Sequence[Evaluation]) -> QuerySet[Review]:
    rows = Review.objects.select_related("reviewer").filter(evaluation__in=found, stage=Stage.SUBMITTED)
    return rows.order_by("pk")


def _merged(one: Evaluation, reviews: Sequence[Review]) -> Merged:
    scored = [Scored(one.application.code, each.reviewer.uid, each.scores) for each in reviews]
    return merge(one.application.code, scored, one.criteria)


def calibration_of(found: Sequence[Candidate]) -> list[tuple[Person, Measured]]:
    """How each reviewer of these scores beside the others."""
    people, given = {}, []
    for one in found:
        criteria = one.evaluation.criteria
        for each in one.reviews:
            people[each.reviewer.uid] = each.reviewer
            scored = Scored(one.code, each.reviewer.uid, each.scores)
            given.append((scored, points(each.scores, criteria)))
    return [(people[measured.reviewer], measured) for measured in calibrate(given)]
