"""The pool: inviting experts, what they know, organisations that belong together."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from fabrica.audit.services import record
from fabrica.kit.errors import NotFound, Refused
from fabrica.notices.services import tell
from fabrica.people import services as people
from fabrica.people.engine.numbers import name_key
from fabrica.people.engine.orcids import bare, is_orcid
from fabrica.people.models import Organisation, Person
from fabrica.people.states import Role
from fabrica.reviews.engine.criteria import fields as known_fields
from fabrica.reviews.models import Expert, Invitation, Link, Newcomer
from fabrica.reviews.queries.newcomers import newcomers_for
from fabrica.reviews.rules import must_invite
from fabrica.reviews.services.newcomers import INVITED_FOR, invite_newcomer
from fabrica.reviews.states import LANGUAGES

MOST_AT_A_TIME = 20
AFFILIATION_LIMIT = 160


@dataclass(frozen=True)
class Profile:
    """What an expert says of themselves."""

    affiliation: str
    fields: Sequence[str]
    languages: Sequence[str]
    most_reviews: int
    orcid: str = ""
    is_available: bool = True


@transaction.atomic
def invite(
    *, email: str, by: Person, now: datetime, fields: Sequence[str] = (), languages: Sequence[str] = ()
) -> Invitation | Newcomer:
    """Ask somebody into the pool: who has an account by a notice, else by a letter, which the caller writes.

    Raises NotAllowed for all but officers; Refused.
    """
    must_invite(by)
    address = email.strip()
    owned = EmailAddress.objects.filter(email__iexact=address, verified=True).values("user")
    person = Person.objects.filter(Q(email__iexact=address) | Q(pk__in=owned)).first()
    if person is None:
        return invite_newcomer(email=email, by=by, now=now, fields=fields, languages=languages)
    if not person.is_active:
        raise Refused(_("This account is closed."))
    if Expert.objects.filter(person=person).exists():
        raise Refused(_("This person is in the pool already."))
    Invitation.objects.filter(person=person, answered_at=None, expires_at__lte=now).update(answered_at=now)
    try:
        with transaction.atomic():
            made = Invitation.objects.create(person=person, invited_by=by, invited_at=now, expires_at=now + INVITED_FOR)
    except IntegrityError as error:
        raise Refused(_("This person is invited already."), todo=_("Wait for their answer.")) from error
    record(verb="expert.invite", by=by, subject=f"person:{person.uid}", now=now)
    event = f"expert-invitation:{made.pk}"
    tell(person=person, kind="expert_invited", event=event, now=now, path="/reviewing/", until=made.expires_at)
    return made


@transaction.atomic
def answer_invitation(
    *, by: Person, now: datetime, profile: Profile | None, keeps_confidential: bool = False
) -> Expert | None:
    """Join the pool with what one knows and the promise to keep what one reads, or (None) say no.

    Raises NotFound without an invitation, Refused.
    """
    if profile is not None and not keeps_confidential:
        raise Refused(_("Experts promise to keep to themselves what they read."), todo=_("Promise it, or decline."))
    if Expert.objects.filter(person=by).exists():
        raise Refused(_("You are in the pool already."))
    if not _use_invitations(by, now, accepted=profile is not None):
        raise NotFound(_("There is no invitation for you that is still open."), todo=_("Ask an officer for another."))
    record(verb="expert.answer", by=by, subject=f"person:{by.uid}", now=now, accepted=profile is not None)
    if profile is None:
        return None
    made = Expert(person=by, joined_at=now, confidential_at=now)
    _keep(made, profile, now)
    people.grant_role(person=by, role=Role.EXPERT, by=None, now=now)
    return made


def _use_invitations(by: Person, now: datetime, *, accepted: bool) -> int:
    """Use up whatever invites the person, by account or by a confirmed address; how many there were."""
    by_account = Invitation.objects.filter(person=by, answered_at=None, expires_at__gt=now)
    return by_account.update(answered_at=now, accepted=accepted) + newcomers_for(by, now).update(answered_at=now)


@transaction.atomic
def change_profile(*, profile: Profile, by: Person, now: datetime) -> Expert:
    """Say anew what one knows and how much one takes. Raises NotFound for who is not in the pool, Refused."""
    found = Expert.objects.select_for_update().filter(person=by).first()
    if found is None:
        raise NotFound(_("You are not in the pool of experts."), todo=_("Ask an officer for an invitation."))
    _keep(found, profile, now)
    record(verb="expert.change", by=by, subject=f"person:{by.uid}", now=now)
    return found


def _keep(expert: Expert, profile: Profile, now: datetime) -> None:
    _check(profile)
    expert.affiliation, expert.affiliation_key = profile.affiliation.strip(), name_key(profile.affiliation)
    expert.fields, expert.languages = sorted(set(profile.fields)), sorted(set(profile.languages))
    expert.most_reviews, expert.is_available, expert.changed_at = profile.most_reviews, profile.is_available, now
    expert.orcid = bare(profile.orcid)
    expert.save()


def _check(profile: Profile) -> None:
    if not profile.affiliation.strip() or len(profile.affiliation) > AFFILIATION_LIMIT:
        raise Refused(_("An expert has an employer."), todo=_("Write its name, or your own if you work for yourself."))
    if not profile.fields or set(profile.fields) - set(known_fields()):
        raise Refused(_("An expert knows at least one field of the list."))
    if not profile.languages or set(profile.languages) - set(LANGUAGES):
        raise Refused(_("An expert reads at least one language of the list."))
    if not 1 <= profile.most_reviews <= MOST_AT_A_TIME:
        raise Refused(_("An expert takes 1 to %(most)s reviews at a time.") % {"most": MOST_AT_A_TIME})
    if (orcid := bare(profile.orcid)) and not is_orcid(orcid):
        raise Refused(_("This is no ORCID."), todo=_("Copy it from orcid.org, such as 0000-0002-1825-0097."))


@transaction.atomic
def note_link(*, one: str, other: str, by: Person, now: datetime) -> Link:
    """Note that two organisations (names) belong together: experts of one do not review for the other."""
    must_invite(by)
    pair = sorted((_organisation(one), _organisation(other)), key=lambda each: each.pk)
    if pair[0].pk == pair[1].pk:
        raise Refused(_("These are one organisation."))
    try:
        with transaction.atomic():
            made = Link.objects.create(one=pair[0], other=pair[1], noted_by=by, noted_at=now)
    except IntegrityError as error:
        raise Refused(_("This is noted already.")) from error
    record(verb="expert.link", by=by, subject=f"organisation:{pair[0].uid}", now=now, other=pair[1].uid)
    return made


def _organisation(name: str) -> Organisation:
    found = Organisation.objects.filter(name__iexact=name.strip()).first()
    if found is None:
        told = _("No organisation is registered as %(name)s.") % {"name": name.strip()[:160]}
        raise NotFound(told, todo=_("Copy the name from one of its applications."))
    return found
