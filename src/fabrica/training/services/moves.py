"""The one place where a run's state changes."""

from datetime import datetime
from typing import Any

from fabrica.allocations import services as allocations
from fabrica.audit.services import record
from fabrica.notices.queries import about_project
from fabrica.notices.services import tell
from fabrica.people.models import Person
from fabrica.training.models import Run
from fabrica.training.states import FINAL, State, check_move

VERBS = {
    State.QUEUED: "run.interrupt",
    State.SUBMITTED: "run.submit",
    State.RUNNING: "run.start",
    State.FINISHING: "run.measure",
    State.SUCCEEDED: "run.succeed",
    State.FAILED: "run.fail",
    State.CANCELLED: "run.cancelled",
}


def locked(run: Run) -> Run | None:
    """The run under a lock, if it is still this worker's; None when it has no claim or lost it meanwhile."""
    if not run.claim_token:
        return None
    mine = Run.objects.select_for_update(of=("self",)).select_related("project", "award", "machine", "created_by")
    return mine.filter(pk=run.pk, claim_token=run.claim_token).first()


def move(run: Run, after: State, *, by: Person | None, now: datetime, **fields: Any) -> None:
    """Change a locked run's state: table, fields, audit; at the end also the rest of its hold and a notice."""
    before = State(run.state)
    check_move(before, after)
    if after in FINAL:
        fields |= {"ended_at": now, "seconds_left": None, "reason": ""}
    Run.objects.filter(pk=run.pk).update(state=after, **fields)
    run.refresh_from_db()
    if after is State.SUBMITTED and before is not State.QUEUED:
        record(verb="run.requeue", by=by, subject=run.subject, now=now, before=before.value, after=after.value)
        return
    record(verb=VERBS[after], by=by, subject=run.subject, now=now, before=before.value, after=after.value)
    if after in FINAL:
        allocations.release(award=run.award, hold_key=run.uid, now=now)
        tell(
            person=run.created_by, kind="run_ended", event=f"run:{run.uid}:ended", now=now, path=run.path,
            about=about_project(run.project.slug), run=run,
        )  # fmt: skip
