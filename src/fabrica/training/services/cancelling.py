"""Cancelling a run."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from fabrica.audit.services import record
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.people.models import Person
from fabrica.training import rules
from fabrica.training.models import Run
from fabrica.training.services.moves import move
from fabrica.training.states import AttemptState, State


@transaction.atomic
def cancel(*, run: Run, by: Person, now: datetime) -> Run:
    """Ask for the end of a run. One the machine has not heard of ends at once, others when the machine confirms.

    Raises NotAllowed for all but the project's members, Refused for a run that has ended.
    """
    if not rules.can_train(by, run.project):
        raise NotAllowed(_("Only members of the project cancel its runs."))
    row = Run.objects.select_for_update(of=("self",)).select_related("project", "award", "created_by").get(pk=run.pk)
    if row.is_ended:
        raise Refused(
            _("Run %(number)s has ended already.") % {"number": row.number}, todo=_("Reload the page to see how.")
        )
    if row.cancel_requested_at is None:
        Run.objects.filter(pk=row.pk).update(cancel_requested_at=now, next_look_at=now, tries=0)
        record(verb="run.cancel", by=by, subject=row.subject, now=now)
    if row.state == State.QUEUED and not row.attempts.exclude(state=AttemptState.ENDED).exists():
        move(row, State.CANCELLED, by=by, now=now, claim_token="", claim_expires_at=None)
    row.refresh_from_db()
    return row
