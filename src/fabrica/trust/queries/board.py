"""The board's cases: who sees which, how the votes stand, what pauses a clock."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Substr
from django.utils import timezone
from django.utils.translation import gettext as _

from fabrica.kit.errors import NotFound
from fabrica.people import rules as people_rules
from fabrica.people.models import Organisation, Person
from fabrica.people.queries import with_role
from fabrica.people.states import Role
from fabrica.trust import rules
from fabrica.trust.engine.articles import article_in
from fabrica.trust.engine.voting import Tally, rules_on, tally
from fabrica.trust.models import Enquiry, Referral, Seat
from fabrica.trust.states import Case, Finding, Vote

LIVE = (Case.OPEN, Case.PROPOSED)


@dataclass(frozen=True)
class Standing:
    """What the board says of a subject: `finding` is set once two persons stand behind it."""

    referral: Referral

    @property
    def finding(self) -> Finding | None:
        """What was released; None while it is with the board."""
        return Finding(self.referral.finding) if self.referral.state == Case.RELEASED else None


def visible_to(person: Person) -> QuerySet[Referral]:
    """The cases a person may read, newest first; none in which they have an interest.

    Ethics officers see all, members those they have a seat on, officers those that have a finding to release.
    """
    rows = Referral.objects.select_related("organisation", "applicant", "assessment", "written_by", "released_by")
    mine = Seat.objects.filter(referral=OuterRef("pk"), person=person)
    if people_rules.has_role(person, Role.ETHICS):
        seen = Q()
    else:
        is_seated = Q(Exists(mine)) if people_rules.has_role(person, Role.BOARD) else Q(pk=None)
        is_written = Q(state__in=[Case.PROPOSED, Case.RELEASED])
        seen = is_seated | is_written if people_rules.has_role(person, Role.OFFICER) else is_seated
    if not people_rules.has_role(person, Role.ETHICS, Role.BOARD, Role.OFFICER):
        return rows.none()
    barred = Exists(mine.filter(conflicted_at__isnull=False))
    kept = rows.filter(seen).exclude(barred).exclude(organisation__in=people_rules.interests(person))
    return kept.order_by("-pk")


def referral_of(person: Person, pk: int) -> Referral:
    """A case by its number. Raises NotFound, also for one the person may not read."""
    found = visible_to(person).filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such case for you to see."), todo=_("See the board's desk."))
    return found


def open_cases(person: Person) -> QuerySet[Referral]:
    """Those that still wait for a finding or for its release."""
    return visible_to(person).filter(state__in=LIVE)


def codes_read_by(person: Person, kind: str) -> QuerySet[Referral]:
    """What stands behind `kind:` in the subjects of the cases a person may read; for reading what they are about."""
    start = f"{kind}:"
    rows = visible_to(person).filter(subject__startswith=start).order_by()
    return rows.annotate(code=Substr("subject", len(start) + 1)).values("code")  # type: ignore[return-value]


def standing_of(subject: str) -> Standing | None:
    """The newest case about a subject that new answers did not overtake; None where there is none."""
    found = Referral.objects.filter(subject=subject).exclude(state=Case.OVERTAKEN).order_by("-pk").first()
    return Standing(found) if found else None


def voters_of(referral: Referral) -> list[Person]:
    """Who may vote on a case: those with a seat and the right, and no interest."""
    seats = referral.seats.filter(conflicted_at=None, person__is_active=True).select_related("person")
    return [one.person for one in seats if rules.can_vote(one.person, referral)]


def tally_of(referral: Referral, now: datetime) -> Tally:
    """How the votes stand: only those count whose voters may still vote."""
    voters = voters_of(referral)
    votes = referral.ballots.filter(person__in=voters).values_list("vote", flat=True)
    return tally([Vote(one) for one in votes], len(voters), rules_on(timezone.localdate(now)))


def source_on(now: datetime, language: str | None) -> dict[str, str]:
    """Where quorum, majority and days of the board come from, as `Source.as_dict` tells, in a language."""
    source = rules_on(timezone.localdate(now)).source
    return {**source.as_dict(), "source": article_in(language, source.text)}


def seatable(referral: Referral) -> list[Person]:
    """Who may be given a seat: the board, without an interest, not seated yet."""
    taken = set(referral.seats.values_list("person", flat=True))
    people = {one.pk: one for role in (Role.ETHICS, Role.BOARD) for one in with_role(role)}
    return [
        one for key, one in sorted(people.items())
        if key not in taken and not rules.is_conflicted(one, referral)
    ]  # fmt: skip


def ethics_for(organisation: Organisation) -> list[Person]:
    """The ethics officers without an interest in an organisation."""
    return people_rules.without_interest(with_role(Role.ETHICS), organisation)


def enquiries_to(person: Person) -> QuerySet[Enquiry]:
    """The board's questions to a person's organisations, newest first."""
    rows = Enquiry.objects.select_related("referral__organisation")
    return rows.filter(referral__organisation__members__person=person).order_by("-pk")


def enquiries_about(person: Person, subject: str) -> list[Enquiry]:
    """The questions about a subject that the person's organisation was asked, the newest first."""
    return list(enquiries_to(person).filter(referral__subject=subject))


def enquiry_to(person: Person, pk: int) -> Enquiry:
    """One of them. Raises NotFound."""
    found = enquiries_to(person).filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such question to you."))
    return found


def pauses_of(subjects: Iterable[str]) -> dict[str, list[tuple[datetime, datetime | None]]]:
    """When the clocks of these stand still because the board waits for an answer. One statement."""
    found: dict[str, list[tuple[datetime, datetime | None]]] = {}
    rows = Enquiry.objects.filter(referral__subject__in=list(subjects)).order_by("pk")
    for subject, begin, end in rows.values_list("referral__subject", "asked_at", "ended_at"):
        found.setdefault(subject, []).append((begin, end))
    return found


def uncounted(kind: str) -> str | None:
    """The subject of a kind whose clock is to be counted anew because a question was asked or ended."""
    rows = Enquiry.objects.filter(is_counted=False, referral__subject__startswith=f"{kind}:").order_by("pk")
    return rows.values_list("referral__subject", flat=True).first()
