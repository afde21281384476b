"""Decisions: kept as they were taken; a refusal; an appeal, decided by somebody else."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from fabrica.applications import services as applications
from fabrica.applications.models import TEXT_LIMIT, Application
from fabrica.applications.states import State
from fabrica.audit.services import record
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.people.models import Person
from fabrica.reviews import rules
from fabrica.reviews.models import Outcome
from fabrica.reviews.states import Kind

WAITS = (State.ASSESSED, State.RANKED)


@transaction.atomic
def refuse(*, application: Application, reason: str, by: Person, now: datetime) -> Application:
    """Say no after the assessment or the panel, with the reason the applicant reads. Raises NotAllowed, Refused."""
    rules.must_be_free(by, application)
    if not rules.can_decide(by, application):
        raise NotAllowed(
            _("Only an officer who neither works for the organisation nor assessed its application decides on it.")
        )
    if application.state not in WAITS:
        raise Refused(
            _("%(code)s is not waiting for a decision.") % {"code": application.code},
            why=_("It is %(state)s.") % {"state": State(application.state).label.lower()},
            todo=_("Reload the page: it may not be assessed yet, or be decided already."),
        )
    note_outcome(application=application, kind=Kind.REFUSED, by=by, now=now, reasons=reason)
    return applications.refuse(application=application, reason=reason, by=by, now=now)


@transaction.atomic
def note_outcome(
    *, application: Application, kind: str, by: Person, now: datetime, gpu_seconds: int = 0, months: int = 0,
    conditions: str = "", reasons: str = "",
) -> Outcome:  # fmt: skip
    """Keep what was decided, in the transaction of the decision itself.

    Raises NotAllowed; Refused where the parts of the decision do not fit its kind.
    """
    rules.must_be_free(by, application)
    if not rules.can_decide(by, application):
        raise NotAllowed(_("Only who may decide on the application notes a decision."))
    _check_kind(application, kind, gpu_seconds, months, conditions)
    if max(len(conditions), len(reasons)) > TEXT_LIMIT:
        raise Refused(_("A reason has at most %(most)s letters.") % {"most": TEXT_LIMIT})
    facts: dict[str, Any] = {"kind": kind, "gpu_seconds": gpu_seconds, "months": months}
    made = Outcome.objects.create(
        application=application, machine=application.call.machine, conditions=conditions.strip(),
        reasons=reasons.strip(), by=by, at=now, **facts,
    )  # fmt: skip
    record(verb="decision.note", by=by, subject=application.subject, now=now, **facts)
    return made


def _check_kind(application: Application, kind: str, gpu_seconds: int, months: int, conditions: str) -> None:
    if kind not in Kind.values:
        raise Refused(_("There is no such decision."), todo=", ".join(Kind.values))
    asked = (application.gpu_seconds_requested, application.months)
    if kind == Kind.FULL and (gpu_seconds, months) != asked:
        raise Refused(_("An award in full is what was asked for."), todo=_("Choose a partial award."))
    if kind == Kind.PARTIAL and not 0 < gpu_seconds < (asked[0] or 0):
        raise Refused(_("A partial award is less than what was asked for."))
    if (kind == Kind.CONDITIONAL) != bool(conditions.strip()):
        raise Refused(_("Conditions belong to an award with conditions, and to no other decision."))


@transaction.atomic
def decide_appeal(*, application: Application, granted: bool, reason: str, by: Person, now: datetime) -> Application:
    """Take it up again where it was refused, or leave it refused for good; by somebody who did not refuse it.

    Raises NotAllowed, Refused.
    """
    rules.must_be_free(by, application)
    if not rules.can_decide(by, application):
        raise NotAllowed(
            _("Only an officer who neither refused, assessed nor reviewed it decides on its appeal."),
            why=_("Two persons see every appeal."),
        )
    if application.state != State.APPEALED:
        raise Refused(_("No appeal waits here."), todo=_("Reload the page."))
    if granted:
        return applications.take_up_again(application=application, reason=reason, by=by, now=now)
    note_outcome(application=application, kind=Kind.REFUSED, by=by, now=now, reasons=reason)
    return applications.refuse(application=application, reason=reason, by=by, now=now)
