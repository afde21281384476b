"""An award that is offered: the applicant accepts or declines it; an officer gives more time or withdraws it.

`allocations` sets the hours aside; it calls all of these but `extend_answer` in the transaction that moves them.
"""

from datetime import datetime

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from fabrica.applications import rules
from fabrica.applications.models import TEXT_LIMIT, Application
from fabrica.applications.queries import clock_of
from fabrica.applications.services.moving import (
    move,
    must_screen,
    must_tell,
    read_again,
    tell_applicant,
    tell_roles,
)
from fabrica.applications.states import State
from fabrica.calls.engine.figures import MOST_ANSWER
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.notices.services import tell
from fabrica.people import rules as people_rules
from fabrica.people.models import Person
from fabrica.people.states import Role
from fabrica.trust.services import board


@transaction.atomic
def mark_offered(*, application: Application, by: Person, now: datetime, reason: str = "") -> Application:
    """Note that hours are offered, for as many working days as its mode says. Raises NotAllowed, Refused."""
    must_screen(by, application)
    moved = move(
        application, State.OFFERED, by=by, now=now, verb="application.offer", reason=reason,
        answer_days=application.answer_promised,
    )  # fmt: skip
    _tell_of_days(moved, "application_offered", now, reason)
    return moved


@transaction.atomic
def mark_accepted(*, application: Application, by: Person, now: datetime) -> Application:
    """Note that the applicant accepts what is offered: it is awarded now. Raises NotAllowed, Refused."""
    _must_answer(by, application)
    people_rules.must_be_assured(by, f"mode.{application.call.mode.key}", now=now)
    moved = move(application, State.AWARDED, by=by, now=now, verb="application.accept", decided_at=now)
    tell_applicant(moved, now)
    tell_roles(moved, [Role.OFFICER], "application_accepted", f"{moved.subject}:accepted", now)
    return moved


@transaction.atomic
def mark_declined(*, application: Application, reason: str, by: Person, now: datetime) -> Application:
    """Note that the applicant declines what is offered, and why: it ends. Raises NotAllowed, Refused."""
    _must_answer(by, application)
    if not reason.strip() or len(reason) > TEXT_LIMIT:
        raise Refused(
            _("To decline an award needs a reason of at most %(most)s letters.") % {"most": TEXT_LIMIT},
            todo=_("Say why in a sentence; the officers read it."),
        )
    reason = reason.strip()
    moved = move(application, State.DECLINED, by=by, now=now, verb="application.decline", reason=reason, decided_at=now)
    board.give_up(subject=moved.subject, by=by, now=now)
    tell_roles(moved, [Role.OFFICER], "application_declined", f"{moved.subject}:declined", now, reason=reason)
    return moved


@transaction.atomic
def mark_offer_withdrawn(*, application: Application, reason: str, by: Person, now: datetime) -> Application:
    """Note that an officer takes the offer back: a refusal, against which there is an appeal.

    Raises NotAllowed, Refused without a reason.
    """
    must_screen(by, application)
    must_tell(reason)
    reason = reason.strip()
    moved = move(
        application, State.REFUSED, by=by, now=now, verb="application.withdraw_offer", reason=reason, decided_at=now
    )
    board.give_up(subject=moved.subject, by=by, now=now)
    event = f"{moved.subject}:offer-withdrawn:{moved.transitions.count()}"
    tell(
        person=moved.applicant, kind="application_offer_withdrawn", event=event, now=now, path=moved.page,
        application=moved, reason=reason,
    )  # fmt: skip
    return moved


@transaction.atomic
def extend_answer(
    *, application: Application, working_days: int, reason: str, by: Person, now: datetime
) -> Application:
    """Give the applicant so many working days from now for the answer. Raises NotAllowed, Refused.

    Refused without a reason, beyond the most there may be, and where the time would not end later than it does.
    """
    must_screen(by, application)
    must_tell(reason)
    read_again(application)
    told = clock_of(application)
    if application.state != State.OFFERED or told is None or told.step is None:
        raise Refused(_("No award waits for an answer here."), todo=_("Reload the page."))
    if not 0 < working_days <= MOST_ANSWER:
        raise Refused(_("An answer has 1 to %(most)s working days.") % {"most": MOST_ANSWER})
    before = told.step.due_at
    moved = move(
        application, State.OFFERED, by=by, now=now, verb="application.extend_answer", reason=reason.strip(),
        facts={"working_days": working_days}, answer_days=working_days,
    )  # fmt: skip
    if moved.step_due_at is None or moved.step_due_at <= before:
        raise Refused(
            _("That is not more time than there is."),
            why=_("The answer is due on %(day)s.") % {"day": date_format(told.step.due_on, "j F Y")},
            todo=_("Working days count from now: give more of them."),
        )
    _tell_of_days(moved, "application_answer_extended", now, reason.strip())
    return moved


def _must_answer(by: Person, application: Application) -> None:
    if not rules.can_edit(by, application):
        raise NotAllowed(_("Only members of the organisation answer for its application."))
    if application.state != State.OFFERED:
        raise Refused(
            _("No award waits for an answer here."), why=application.get_state_display(), todo=_("Reload the page.")
        )


def _tell_of_days(application: Application, kind: str, now: datetime, reason: str) -> None:
    told = clock_of(application)
    due_on = told.step.due_on if told and told.step else None
    event = f"{application.subject}:{kind}:{application.transitions.count()}"
    tell(
        person=application.applicant, kind=kind, event=event, now=now, application=application, reason=reason,
        path=f"/applications/{application.code}/answer/", due_on=due_on,
    )  # fmt: skip
