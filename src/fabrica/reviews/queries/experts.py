"""The pool, and what stands between each of its experts and an application."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from fabrica.applications.models import Application
from fabrica.applications.states import State
from fabrica.people import rules as people_rules
from fabrica.people.models import Authorship, Member, Organisation, Person
from fabrica.people.queries import Tie, Ties, alike, authorships_of, noted, ties_of
from fabrica.people.states import Role
from fabrica.reviews.engine import Given, assign
from fabrica.reviews.engine.assigning import Unfilled
from fabrica.reviews.engine.given import Application as Wanted
from fabrica.reviews.engine.given import Expert as Able
from fabrica.reviews.engine.pairing import CONFLICTS, Pairing, Pairings
from fabrica.reviews.models import (
    Conflict,
    Evaluation,
    Expert,
    Invitation,
    Link,
    Newcomer,
    Review,
    TechnicalAssessment,
)
from fabrica.reviews.queries.newcomers import newcomers_for
from fabrica.reviews.states import COUNTS, OPEN, Stage

MOST_EXPERTS = 1_000
MOST_ALIKE = 50
AGAINST: dict[str, Promise] = {
    "same organisation": _("works for who applies"),
    "linked organisations": _("works for an organisation linked to who applies"),
    "declared": _("declared an interest in who applies"),
    "named in the application": _("is named in the application"),
    "co-author": _("wrote with somebody who applies"),
    "blocked": _("assessed it, or said no to this review"),
    "language": _("does not read its language"),
    "field": _("does not know its fields"),
}
BINDS: dict[str, Promise] = {
    "limit": _("All who could review it are at their limit."),
    "conflict": _("All others who know its field and language have a conflict of interest."),
    "blocked": _("All others who know its field and language assessed it or said no."),
    "language": _("Nobody else who knows its field reads its language."),
    "field": _("Nobody else knows its field."),
}


@dataclass(frozen=True)
class Pooled:
    """One expert beside one application. `stage` is that of their review, if they were asked; `load` what is open."""

    person: Person
    affiliation: str
    pairing: Pairing
    load: int
    most: int
    stage: Stage | None
    is_proposed: bool = False
    tie: Tie | None = None  # how their employer belongs to who applies, as it was declared
    doubtful: frozenset[str] = frozenset()  # conflicts that rest on the word of the applicant or a third party alone

    @property
    def uid(self) -> str:
        return self.person.uid

    @property
    def name(self) -> str:
        return str(self.person)

    @property
    def points(self) -> int:
        return self.pairing.points

    @property
    def conflicts(self) -> list[str]:
        return [one for one in self.pairing.against if one in CONFLICTS]

    @property
    def bars(self) -> list[str]:
        """The conflicts that no officer sets aside."""
        return [one for one in self.conflicts if one not in self.doubtful]

    @property
    def needs_reason(self) -> bool:
        """Whether an officer may choose them, and has to say why."""
        return bool(self.conflicts) and not self.bars

    @property
    def conflict_words(self) -> list[Promise | str]:
        return [self._say(one) for one in self.conflicts]

    @property
    def against_words(self) -> list[Promise | str]:
        return [self._say(one) for one in self.pairing.against]

    def _say(self, against: str) -> Promise | str:
        if against != "linked organisations" or self.tie is None:
            return AGAINST[against]
        return f"{AGAINST[against]}: {self.tie.words}"

    @property
    def is_full(self) -> bool:
        return self.load >= self.most

    @property
    def is_asked(self) -> bool:
        return self.stage in COUNTS

    def why(self) -> dict[str, Any]:
        """What spoke for this expert, as it is kept with the review."""
        return {"points": self.points, "fields": dict(self.pairing.fields), "against": list(self.pairing.against)}

    def despite(self) -> dict[str, Any]:
        """The conflicts that an officer set aside, for the audit; empty where there are none."""
        return {"despite": self.conflicts} if self.needs_reason else {}


@dataclass(frozen=True)
class Proposal:
    """The engine's answer for one application: everybody beside it, the proposed first; what is lacking and why."""

    rows: Sequence[Pooled]
    missing: int = 0
    binds: Promise | str = ""
    one_organisation: bool = False


@dataclass
class _Known:
    """What was looked up for one evaluation."""

    experts: list[Expert]
    organisations: dict[int, list[Organisation]] = field(default_factory=dict)
    load: dict[int, int] = field(default_factory=dict)
    stages: dict[int, Stage] = field(default_factory=dict)
    ties: dict[int, Tie] = field(default_factory=dict)
    doubtful: dict[int, frozenset[str]] = field(default_factory=dict)
    written: dict[int, Authorship] = field(default_factory=dict)  # of experts and of who applies


def pool(person: Person) -> QuerySet[Expert]:
    """The experts, for officers, newest first; nobody for others."""
    if not people_rules.has_role(person, Role.OFFICER):
        return Expert.objects.none()
    open_reviews = Count("person_id", filter=Q(person__is_active=True))
    return Expert.objects.select_related("person").annotate(n=open_reviews).order_by("-pk")


def expert_of(person: Person) -> Expert | None:
    """What the person said of themselves as an expert."""
    return Expert.objects.filter(person=person).first()


def invitation_for(person: Person, now: datetime) -> Invitation | Newcomer | None:
    """The invitation into the pool that waits for the person's answer, to their account or to an address of theirs."""
    found = Invitation.objects.filter(person=person, answered_at=None, expires_at__gt=now).first()
    return found or newcomers_for(person, now).first()


def pairings_of(evaluation: Evaluation) -> list[Pooled]:
    """Every available expert, and whoever was asked already, beside the application: best first. For services."""
    known = _known(evaluation)
    given = _given(evaluation, known)
    pairs, application = Pairings(given), given.applications[0]
    able = {one.id: one for one in given.experts}
    rows = [_pooled(one, pairs.pair(able[one.person.uid], application), known) for one in known.experts]
    return sorted(rows, key=lambda row: (bool(row.pairing.against), -row.points, row.load, row.name))


def proposal_of(evaluation: Evaluation) -> Proposal:
    """Who should review it, by the engine; who was asked already stays."""
    known = _known(evaluation)
    given = _given(evaluation, known)
    found = assign(given)
    chosen = {one.expert.id for one in found.pairs}
    pairs, able = Pairings(given), {one.id: one for one in given.experts}
    rows = [
        _pooled(
            one, pairs.pair(able[one.person.uid], given.applications[0]), known, is_proposed=one.person.uid in chosen
        )
        for one in known.experts
    ]
    rows.sort(key=lambda row: (not row.is_proposed, bool(row.pairing.against), -row.points, row.load, row.name))
    lacking: Unfilled | None = found.unfilled[0] if found.unfilled else None
    binds = BINDS[lacking.binds] if lacking else ""
    return Proposal(rows, lacking.missing if lacking else 0, binds, bool(found.one_organisation))


def _pooled(one: Expert, pairing: Pairing, known: _Known, *, is_proposed: bool = False) -> Pooled:
    key = one.person_id
    return Pooled(
        one.person,
        one.affiliation,
        pairing,
        known.load.get(key, 0),
        one.most_reviews,
        known.stages.get(key),
        is_proposed,
        known.ties.get(key),
        known.doubtful.get(key, frozenset()),
    )


def _known(evaluation: Evaluation) -> _Known:
    stages = dict(evaluation.reviews.values_list("reviewer_id", "stage"))
    asked = [key for key, stage in stages.items() if stage in COUNTS]
    rows = Expert.objects.select_related("person").filter(
        Q(is_available=True, person__is_active=True, person__role_grants__role=Role.EXPERT) | Q(person__in=asked)
    )
    experts = list(rows.distinct().order_by("pk")[:MOST_EXPERTS])
    people = [one.person_id for one in experts]
    found = _Known(experts, stages={key: Stage(stage) for key, stage in stages.items()})
    for one in Member.objects.select_related("organisation").filter(person__in=people).order_by("pk"):
        found.organisations.setdefault(one.person_id, []).append(one.organisation)
    found.written = authorships_of([*people, evaluation.application.applicant_id])
    elsewhere = Review.objects.filter(
        reviewer__in=people, stage__in=OPEN, evaluation__application__state=State.ASSESSED
    ).exclude(evaluation=evaluation)
    found.load = dict(elsewhere.order_by().values_list("reviewer").annotate(n=Count("pk")))
    return found


def _given(evaluation: Evaluation, known: _Known) -> Given:
    """One application for the engine. What the expert takes elsewhere is off their limit."""
    application = evaluation.application
    ties = ties_of(application.organisation)
    linked = _linked_to(application, ties.organisations)
    keys = {each.name_key for each in Organisation.objects.filter(pk__in=linked)} - {""} if linked else set()
    keys |= set(ties.names)
    for one in known.experts:
        theirs = (ties.organisations.get(each.pk) for each in known.organisations.get(one.person_id, []))
        if tie := next(filter(None, (*theirs, ties.names.get(one.affiliation_key))), None):
            known.ties[one.person_id] = tie
    known.doubtful = _doubtful(application, known, ties)
    nodes = {one.pk: _node(one, application, known, linked, keys) for one in known.experts}
    experts = tuple(sorted((_able(one, nodes[one.pk], known) for one in known.experts), key=lambda one: one.id))
    wanted = Wanted(
        application.code, _mine(application), frozenset(evaluation.fields), evaluation.language,
        max(evaluation.reviews_wanted, sum(stage in COUNTS for stage in known.stages.values())),
        *_authors(application, known),
    )  # fmt: skip
    made = Given(
        experts, (wanted,), _declared(application, known), _blocked(application, known), _kept(application, known),
        frozenset({(_LINKED, _mine(application)), (_mine(application), _LINKED)})
    )  # fmt: skip
    return replace(made, excused=_excused(made, known))


_LINKED = "linked"


def _mine(application: Application) -> str:
    return f"organisation:{application.organisation.uid}"


def _node(one: Expert, application: Application, known: _Known, linked: set[int], keys: set[str]) -> str:
    """The organisation that stands for an expert: who applies, one linked to it, or else their own."""
    theirs = known.organisations.get(one.person_id, [])
    key = application.organisation.name_key
    if application.organisation_id in {each.pk for each in theirs} or (key and one.affiliation_key == key):
        return _mine(application)
    if linked & {each.pk for each in theirs} or one.affiliation_key in keys:
        return _LINKED
    return f"employer:{one.affiliation_key}"


def _linked_to(application: Application, tied: Iterable[int]) -> set[int]:
    """Organisations noted as linked to who applies, over any number of steps, those tied by ownership, and its like."""
    known = (application.organisation_id, *tied, *(one.pk for one in alike(application.organisation, MOST_ALIKE)))
    return _noted(known) - {application.organisation_id}


def _noted(of: Iterable[int]) -> set[int]:
    return noted(of, list(Link.objects.values_list("one_id", "other_id")))


def _doubtful(application: Application, known: _Known, ties: Ties) -> dict[int, frozenset[str]]:
    """By expert, the conflicts that neither the expert, their organisation, who applies (signed) nor an officer told.

    Anybody may write a list of ORCIDs, or declare a holding in somebody else's firm: that keeps nobody away for good.
    """
    own_firms = _noted([application.organisation_id])
    told = {pk for pk, tie in ties.organisations.items() if not tie.told_by}
    firms = _noted([application.organisation_id, *told])
    firms |= {pk for pk, tie in ties.organisations.items() if tie.told_by == {pk}}
    names = {name for name, tie in ties.names.items() if not tie.told_by}
    names |= set(Organisation.objects.filter(pk__in=own_firms).values_list("name_key", flat=True)) - {""}
    said = known.written.get(application.applicant_id)
    own = {said.orcid} - {""} if said else set()
    found = {}
    for one in known.experts:
        works = {each.pk for each in known.organisations.get(one.person_id, [])}
        theirs = known.written.get(one.person_id)
        sure = {
            "linked organisations": bool(works & firms) or one.affiliation_key in names,
            "co-author": theirs is not None and bool(own & set(theirs.coauthors)),
            "named in the application": bool(own & {theirs.orcid if theirs else "", one.orcid}),
        }
        found[one.person_id] = frozenset(name for name, is_sure in sure.items() if not is_sure)
    return found


def _excused(given: Given, known: _Known) -> frozenset[tuple[str, str]]:
    """Those who were asked, with a reason or before anybody said so, in spite of what rests on one side's word."""
    pairs, (application,) = Pairings(given), given.applications
    able = {one.id: one for one in given.experts}
    told = {one.person.uid: set(pairs.conflicts(able[one.person.uid], application)) for one in known.experts}
    rows = {one.person.uid: known.doubtful[one.person_id] for one in known.experts}
    return frozenset(key for key in given.kept if told[key[0]] <= rows[key[0]])


def _able(one: Expert, node: str, known: _Known) -> Able:
    is_asked = known.stages.get(one.person_id) in COUNTS
    limit = max(one.most_reviews - known.load.get(one.person_id, 0), int(is_asked))
    fields, languages = frozenset(one.fields), frozenset(one.languages)
    said = known.written.get(one.person_id)
    orcid, coauthors = (said.orcid or one.orcid, said.coauthors) if said else (one.orcid, [])
    return Able(one.person.uid, node, fields, languages, limit, orcid, frozenset(coauthors))


def _authors(application: Application, known: _Known) -> tuple[frozenset[str], frozenset[str]]:
    """The ORCIDs of those who apply, and of those they wrote with, as far as the applicant said."""
    said = known.written.get(application.applicant_id)
    if said is None:
        return frozenset(), frozenset()
    return frozenset({said.orcid, *said.team} - {""}), frozenset(said.coauthors)


def _declared(application: Application, known: _Known) -> frozenset[tuple[str, str]]:
    keys = set(
        Conflict.objects.filter(organisation=application.organisation, lifted_at=None).values_list(
            "person_id", flat=True
        )
    )
    return frozenset((one.person.uid, application.code) for one in known.experts if one.person_id in keys)


def _blocked(application: Application, known: _Known) -> frozenset[tuple[str, str]]:
    rows = TechnicalAssessment.objects.filter(application=application)
    keys = {*rows.values_list("assessor_id", flat=True)}
    keys |= {key for key, stage in known.stages.items() if stage in (Stage.DECLINED, Stage.CONFLICTED)}
    return frozenset((one.person.uid, application.code) for one in known.experts if one.person_id in keys)


def _kept(application: Application, known: _Known) -> frozenset[tuple[str, str]]:
    keys = {key for key, stage in known.stages.items() if stage in COUNTS}
    return frozenset((one.person.uid, application.code) for one in known.experts if one.person_id in keys)
