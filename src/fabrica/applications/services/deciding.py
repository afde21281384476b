"""What the factory decides on an application."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from fabrica.applications.models import Application
from fabrica.applications.queries import refused_from
from fabrica.applications.services.moving import freeze, move, must_screen, must_tell, tell_applicant, tell_staff
from fabrica.applications.states import HOLDERS, State
from fabrica.audit.services import record
from fabrica.calls.models import Call
from fabrica.kit.errors import Refused
from fabrica.notices.services import tell
from fabrica.people.models import Person
from fabrica.people.states import Role
from fabrica.trust.models import Referral
from fabrica.trust.queries.board import standing_of
from fabrica.trust.services import board, impact
from fabrica.trust.states import Decision, Finding


@transaction.atomic
def screen(*, application: Application, by: Person, now: datetime, note: str = "") -> Application:
    """Find it eligible. Raises NotAllowed, and Refused where the gate says no, or refers it and no board approved it.

    The note is what the applicant is told; without one, what the board wrote.
    """
    must_screen(by, application)
    decision = application.gate.decision if application.gate else Decision.REJECT
    if decision == Decision.REJECT:
        raise Refused(_("The gate does not let this through."), todo=_("Refuse it with its reasons, or send it back."))
    if decision == Decision.REFER_ETHICS:
        approved = _must_be_approved(application)
        note = note.strip() or approved.reason
    moved = move(application, State.SCREENED, by=by, now=now, verb="application.screen", reason=note)
    tell_staff(moved, Role.ASSESSOR, now)
    return moved


def _must_be_approved(application: Application) -> Referral:
    """What two persons of the board stand behind, which must be a yes."""
    standing = standing_of(application.subject)
    if standing is None or standing.finding is None:
        raise Refused(
            _("The gate refers this to the ethics board, which has not decided yet."),
            todo=_("Wait for its decision, or send it back."),
        )
    if standing.finding is Finding.NOT_APPROVED:
        raise Refused(
            _("The ethics board did not approve this."), why=standing.referral.reason,
            todo=_("Refuse it with the board's reason, or send it back."),
        )  # fmt: skip
    return standing.referral


@transaction.atomic
def send_back(*, application: Application, reason: str, by: Person, now: datetime) -> Application:
    """Ask the applicant to mend something. Raises NotAllowed, Refused without a reason."""
    must_screen(by, application)
    must_tell(reason)
    moved = move(application, State.RETURNED, by=by, now=now, verb="application.return", reason=reason)
    # Handed in before versions were kept. After the move, which one of two officers makes: the other is told so.
    if not moved.submissions.exists():
        freeze(moved, moved.submitted_at or now)
    tell_applicant(moved, now, reason)
    return moved


@transaction.atomic
def refuse(*, application: Application, reason: str, by: Person, now: datetime) -> Application:
    """Say no, with the reasons the applicant reads. Raises NotAllowed, Refused without a reason."""
    must_screen(by, application)
    must_tell(reason)
    moved = move(application, State.REFUSED, by=by, now=now, verb="application.refuse", reason=reason, decided_at=now)
    board.give_up(subject=moved.subject, by=by, now=now)
    tell_applicant(moved, now, reason)
    return moved


@transaction.atomic
def take_up_again(*, application: Application, reason: str, by: Person, now: datetime) -> Application:
    """Grant an appeal: it goes on where it was refused, and who refused it decides on it no more.

    `reviews` calls this, where it is known who assessed it. Raises NotAllowed, Refused.
    """
    must_screen(by, application)
    must_tell(reason)
    after = refused_from(application)
    moved = move(application, after, by=by, now=now, verb="application.take_up_again", reason=reason.strip())
    if moved.gate is not None:
        board.open_case(
            assessment=moved.gate, by=by, now=now, organisation=moved.organisation, title=moved.title, path=moved.page,
            applicant=moved.applicant,
        )  # fmt: skip
        impact.ask(
            uses=moved.has_personal_data, subject=moved.subject, organisation=moved.organisation,
            applicant=moved.applicant, by=by, now=now,
        )  # fmt: skip
    event, path = f"{moved.subject}:taken-up-again", f"/applications/{moved.code}/"
    tell(
        person=moved.applicant, kind="application_taken_up_again", event=event, now=now, path=path,
        application=moved, reason=reason,
    )  # fmt: skip
    tell_staff(moved, HOLDERS[after], now)
    return moved


@transaction.atomic
def mark_assessed(*, application: Application, by: Person, now: datetime) -> Application:
    """Note that its technical assessment is in. `reviews` calls this with the assessment it has just kept."""
    return move(application, State.ASSESSED, by=by, now=now, verb="application.assess")


@transaction.atomic
def mark_evaluated(*, application: Application, by: Person, now: datetime) -> Application:
    """Note that its experts have reviewed it. `reviews` calls this, and shows the applicant what they wrote."""
    return move(application, State.EVALUATED, by=by, now=now, verb="application.evaluate")


@transaction.atomic
def mark_ranked(*, application: Application, by: Person, now: datetime) -> Application:
    """Note that the panel has ranked it. `reviews` calls this with the rank it has just kept."""
    moved = move(application, State.RANKED, by=by, now=now, verb="application.rank")
    tell_staff(moved, Role.OFFICER, now)
    return moved


@transaction.atomic
def mark_awarded(*, application: Application, by: Person, now: datetime, reason: str = "") -> Application:
    """Note that hours were awarded. `allocations` calls this in the transaction that books them. Raises NotAllowed."""
    must_screen(by, application)
    moved = move(application, State.AWARDED, by=by, now=now, verb="application.award", reason=reason, decided_at=now)
    tell_applicant(moved, now, reason)
    return moved


@transaction.atomic
def redirect(*, application: Application, call: Call, by: Person, now: datetime) -> Application:
    """Give it to another system: an open call of the same mode elsewhere. Raises NotAllowed, Refused."""
    must_screen(by, application)
    if call.pk == application.call_id or call.mode.key != application.call.mode.key or not call.stands(now):
        raise Refused(
            _("It cannot be given to this system."), todo=_("Choose an open call of the same mode on another system.")
        )
    if application.state not in (State.ASSESSED, State.RANKED):
        raise Refused(_("Another system is chosen with the decision, not before."))
    Application.objects.filter(pk=application.pk, state=application.state).update(call=call)
    record(
        verb="application.redirect", by=by, subject=application.subject, now=now, before=application.call.slug,
        after=call.slug,
    )  # fmt: skip
    application.refresh_from_db()
    return application
