"""Rows as the services write them, made without writing each by itself."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from fabrica.applications.engine.clocks import Move, clock
from fabrica.applications.models import Application, Transition
from fabrica.applications.queries.lengths import site_lengths
from fabrica.applications.states import State
from fabrica.audit.models import Entry
from fabrica.kit.calendar import Calendar
from fabrica.notices.models import Notice
from fabrica.people.models import Person
from fabrica.trust.engine.act import evaluate, in_force, next_questions
from fabrica.trust.engine.act.evaluating import Outcome

VERBS = {
    State.SUBMITTED: "application.submit", State.SCREENED: "application.screen", State.ASSESSED: "application.assess",
    State.AWARDED: "application.award", State.RETURNED: "application.return", State.REFUSED: "application.refuse",
    State.WITHDRAWN: "application.withdraw",
}  # fmt: skip
HARMLESS = {"text": "no", "interacts": "no"}
Step = tuple[State, datetime, Person]


def entry(at: datetime, actor: str, verb: str, subject: str, **facts: Any) -> Entry:
    """An audit entry that waits for its seal, as `audit.record` makes them."""
    return Entry(at=at, actor=actor, verb=verb, subject=subject, facts=facts)


def notice(person: Person, kind: str, application: Application, path: str, at: datetime) -> Notice:
    """A message that was sent when it was written, and read since."""
    return Notice(
        person=person, kind=kind, event=f"{application.subject}:{kind}", subject=f"{application.code}: {kind}",
        body=application.title, path=path, created_at=at, read_at=at, sent_at=at, next_try_at=at,
    )  # fmt: skip


def passing(day: date) -> tuple[dict[str, str], Outcome]:
    """The answers with which the gate lets an application through on a day, and what it says."""
    rules = in_force(day)
    answers: dict[str, str] = {}
    while left := next_questions(answers, day, rules).questions:
        answers[left[0].id] = HARMLESS.get(left[0].id, left[0].usual)
    return answers, evaluate(answers, day, rules)


def moves(application: Application, steps: Sequence[Step]) -> tuple[list[Transition], list[Entry]]:
    """The moves that led an application to its state, and their audit entries."""
    before, made, told = State.DRAFT, [], []
    for after, at, by in steps:
        made.append(Transition(application=application, before=before, after=after, by=by, at=at))
        facts = {"before": before.value, "after": after.value}
        told.append(entry(at, by.uid, VERBS[after], application.subject, **facts))
        before = after
    return made, told


def set_clock(application: Application, steps: Sequence[Step], calendar: Calendar, version: int) -> None:
    """Count its clock from its moves, as each move does."""
    mode = application.call.mode
    read = [Move(place, after, at) for place, (after, at, _by) in enumerate(steps)]
    told = clock(read, calendar, mode=mode.key, promised=mode.access_working_days, by=site_lengths())
    if told is None:
        return
    step = told.step
    application.clock_calendar, application.clock_lengths = version, site_lengths().digest
    application.step_due_at = step.due_at if step else None
    application.clock_rings_at = step.warn_at if step and step.paused_at is None else None
    application.due_on = None if application.state == State.WITHDRAWN else told.due_on
    application.days_taken = told.taken if application.state == State.AWARDED else None
