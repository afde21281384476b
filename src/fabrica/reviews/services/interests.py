"""Interests in who applies: declared by anybody who judges, lifted by an officer who looked into them."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from fabrica.applications.models import Application
from fabrica.audit.services import record
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.notices.services import tell
from fabrica.people import rules as people_rules
from fabrica.people.models import Organisation, Person
from fabrica.people.queries import with_role
from fabrica.people.states import Role
from fabrica.reviews.models import REASON_LIMIT, Conflict, Review
from fabrica.reviews.rules import must_declare
from fabrica.reviews.services.reviewing import end_conflicted, must_be_mine, open_reviews


@transaction.atomic
def declare_interest(*, application: Application, reason: str, by: Person, now: datetime) -> Conflict:
    """Say that one is close to who applies: one neither judges nor sees any of its applications from then on.

    Reviews of them that were asked for or begun end. The other officers are told. Raises NotAllowed for who judges no
    applications, Refused without a reason.
    """
    must_declare(by)
    made = keep_interest(organisation=application.organisation, reason=_checked(reason), by=by, now=now)
    record(verb="interest.declare", by=by, subject=application.subject, now=now)
    for review in open_reviews(by, application.organisation):
        end_conflicted(review, by, now)
    event = f"interest:{made.pk}:{now.isoformat()}"
    for officer in people_rules.without_interest(with_role(Role.OFFICER), application.organisation):
        if officer.pk != by.pk:
            tell(
                person=officer, kind="interest_declared", event=event, now=now, path="/interests/",
                application=application, declared_by=str(by),
            )  # fmt: skip
    return made


@transaction.atomic
def declare_conflict(*, review: Review, by: Person, now: datetime) -> Review:
    """Say that one is close to who applies: this review ends, and none of that organisation is asked for again."""
    must_be_mine(review, by)
    keep_interest(organisation=review.evaluation.application.organisation, by=by, now=now)
    return end_conflicted(review, by, now)


def keep_interest(*, organisation: Organisation, by: Person, now: datetime, reason: str = "") -> Conflict:
    """Keep it for all of the organisation's applications; one that was lifted before counts again."""
    fresh = {"declared_at": now, "reason": reason, "lifted_at": None, "lifted_by": None, "lifted_why": ""}
    made, _created = Conflict.objects.update_or_create(person=by, organisation=organisation, defaults=fresh)
    people_rules.look_up_again(by)
    return made


@transaction.atomic
def lift_interest(*, conflict: Conflict, reason: str, by: Person, now: datetime) -> Conflict:
    """Let a declared interest count no more, with the reason; that two work for one organisation it does not lift.

    It lifts what stands in `conflict`: one that was declared anew since is another. Raises NotAllowed for all but
    officers without an interest in that organisation, and for who declared it; Refused.
    """
    if not people_rules.has_role(by, Role.OFFICER) or conflict.person_id == by.pk:
        raise NotAllowed(_("Only another officer lifts an interest."))
    people_rules.must_have_no_interest(by, conflict.organisation)
    fields = {"lifted_at": now, "lifted_by": by, "lifted_why": _checked(reason)}
    as_read = Conflict.objects.filter(pk=conflict.pk, lifted_at=None, declared_at=conflict.declared_at)
    if not as_read.update(**fields):
        raise Refused(_("This interest was lifted already, or declared anew meanwhile."), todo=_("Reload the page."))
    subject = f"organisation:{conflict.organisation.uid}"
    record(verb="interest.lift", by=by, subject=subject, now=now, person=conflict.person.uid)
    conflict.refresh_from_db()
    return conflict


def _checked(reason: str) -> str:
    if not reason.strip() or len(reason) > REASON_LIMIT:
        raise Refused(_("A reason is needed, of at most %(most)s letters.") % {"most": REASON_LIMIT})
    return reason.strip()
