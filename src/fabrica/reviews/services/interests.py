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
from fabrica.reviews.models import REASON_LIMIT, Conflict
from fabrica.reviews.rules import must_declare


@transaction.atomic
def declare_interest(*, application: Application, reason: str, by: Person, now: datetime) -> Conflict:
    """Say that one is close to who applies: one neither judges nor sees any of its applications from then on.

    The other officers are told. Raises NotAllowed for who judges no applications, Refused without a reason.
    """
    must_declare(by)
    made = keep_interest(organisation=application.organisation, reason=_checked(reason), by=by, now=now)
    record(verb="interest.declare", by=by, subject=application.subject, now=now)
    event = f"interest:{made.pk}:{now.isoformat()}"
    for officer in with_role(Role.OFFICER):
        if officer.pk != by.pk and not people_rules.has_interest(officer, application.organisation):
            tell(
                person=officer, kind="interest_declared", event=event, now=now, path="/interests/",
                application=application, declared_by=str(by),
            )  # fmt: skip
    return made


def keep_interest(*, organisation: Organisation, by: Person, now: datetime, reason: str = "") -> Conflict:
    """Keep it for all of the organisation's applications; one that was lifted before counts again."""
    fresh = {"declared_at": now, "reason": reason, "lifted_at": None, "lifted_by": None, "lifted_why": ""}
    made, _created = Conflict.objects.update_or_create(person=by, organisation=organisation, defaults=fresh)
    people_rules.look_up_again(by)
    return made


@transaction.atomic
def lift_interest(*, conflict: Conflict, reason: str, by: Person, now: datetime) -> Conflict:
    """Let a declared interest count no more, with the reason; that two work for one organisation it does not lift.

    Raises NotAllowed for all but officers without an interest in that organisation, and for who declared it; Refused.
    """
    if not people_rules.has_role(by, Role.OFFICER) or conflict.person_id == by.pk:
        raise NotAllowed(_("Only another officer lifts an interest."))
    people_rules.must_have_no_interest(by, conflict.organisation)
    fields = {"lifted_at": now, "lifted_by": by, "lifted_why": _checked(reason)}
    if not Conflict.objects.filter(pk=conflict.pk, lifted_at=None).update(**fields):
        raise Refused(_("This interest was lifted already."), todo=_("Reload the page."))
    subject = f"organisation:{conflict.organisation.uid}"
    record(verb="interest.lift", by=by, subject=subject, now=now, person=conflict.person.uid)
    conflict.refresh_from_db()
    return conflict


def _checked(reason: str) -> str:
    if not reason.strip() or len(reason) > REASON_LIMIT:
        raise Refused(_("A reason is needed, of at most %(most)s letters.") % {"most": REASON_LIMIT})
    return reason.strip()
