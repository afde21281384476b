"""Applications with all that led to their state: gate, moves, assessments, notices, audit entries."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from fabrica.applications.models import Application, Transition
from fabrica.applications.states import WITH_THE_FACTORY, State
from fabrica.audit.models import Entry
from fabrica.calls.models import Call
from fabrica.config.filling import names
from fabrica.config.filling.crowd import Firm
from fabrica.config.filling.ground import Ground
from fabrica.config.filling.rows import Step, entry, moves, notice, passing, set_clock
from fabrica.kit.units import SECONDS_PER_HOUR
from fabrica.notices.models import Notice
from fabrica.people.models import Person
from fabrica.people.states import Role
from fabrica.reviews.models import TechnicalAssessment
from fabrica.reviews.states import Verdict
from fabrica.trust.engine.act.telling import as_dict, reasons_of
from fabrica.trust.models import Assessment

PARTS_OF_A_SIZE = 20
HOURS_AT_MOST = 5_000
BETWEEN_MOVES = timedelta(hours=26)
Path = Callable[[int], tuple[Sequence[State], timedelta]]


@dataclass(frozen=True)
class Case:
    """An application, how it came to its state, and who could work on what it asks for."""

    number: int
    application: Application
    steps: Sequence[Step]
    firm: Firm


def add(numbers: range, prefix: str, path: Path, laid: Ground, firms: Sequence[Firm]) -> list[Case]:
    """Applications of these numbers; `path` says of a number which states it went through and how long ago it began."""
    cases = [_case(one, prefix, path(one), laid, firms) for one in numbers]
    made = [one.application for one in cases]
    day = laid.now.date()
    answers, outcome = passing(day)
    told = as_dict(outcome)
    gates = Assessment.objects.bulk_create(
        Assessment(
            subject=one.subject, answers=answers, decision=outcome.decision.value, reasons=reasons_of(told),
            version=outcome.version, assessed_at=one.saved_at, as_of=day, labels=told["labels"],
            duties=told["obligations"], path=told["path"],
        )
        for one in made
    )  # fmt: skip
    for one, gate in zip(made, gates, strict=True):
        one.gate, one.trust_answers = gate, answers
    Application.objects.bulk_create(made)
    _tell_of(cases, outcome.version)
    return cases


def _case(
    number: int, prefix: str, path: tuple[Sequence[State], timedelta], laid: Ground, firms: Sequence[Firm]
) -> Case:
    states, ago = path
    call, firm = laid.calls[number % len(laid.calls)], firms[number % len(firms)]
    applicant, at = firm.people[number // len(firms) % len(firm.people)], laid.now - ago
    steps = [
        (state, at + place * BETWEEN_MOVES, _by(state, number, applicant, laid)) for place, state in enumerate(states)
    ]
    application = Application(
        code=f"{prefix}{number + 1:06d}", call=call, organisation_id=firm.pk, applicant=applicant, state=states[-1],
        title=names.title(number), purpose=f"What {names.title(number)} is for.", model_description="A model.",
        parameters_millions=100, tokens_millions=2_000, runs=3, data_description="Text.", has_personal_data=False,
        has_data_rights=True, gpu_seconds_requested=_gpu_seconds(call, number), months=_months(call, number),
        draft_version=1, created_at=at - BETWEEN_MOVES, saved_at=at, submitted_at=at,
        decided_at=None if states[-1] in (*WITH_THE_FACTORY, State.RETURNED) else steps[-1][1],
    )  # fmt: skip
    set_clock(application, steps, laid.calendar, laid.calendar_version)
    return Case(number, application, steps, firm)


def _by(state: State, number: int, applicant: Person, laid: Ground) -> Person:
    if state in (State.SUBMITTED, State.WITHDRAWN):
        return applicant
    of_role = laid.staff[Role.ASSESSOR if state == State.ASSESSED else Role.OFFICER]
    return of_role[number % len(of_role)]


def _gpu_seconds(call: Call, number: int) -> int:
    mode = call.mode
    most = min(mode.gpu_hours_max, mode.gpu_hours_min + HOURS_AT_MOST)
    part = (most - mode.gpu_hours_min) * (1 + number % PARTS_OF_A_SIZE) // PARTS_OF_A_SIZE
    return (mode.gpu_hours_min + part) * SECONDS_PER_HOUR


def _months(call: Call, number: int) -> int:
    return call.mode.months[number % len(call.mode.months)]


def _tell_of(cases: Sequence[Case], version: str) -> None:
    """What hangs on the applications, once they have their keys."""
    rows: list[Transition] = []
    told: list[Entry] = []
    notices: list[Notice] = []
    assessments: list[TechnicalAssessment] = []
    for case in cases:
        one = case.application
        told.append(entry(one.created_at, one.applicant.uid, "application.start", one.subject, call=one.call.slug))
        facts = {"decision": one.gate.decision, "version": version, "rules": []} if one.gate else {}
        told.append(entry(one.saved_at, one.applicant.uid, "trust.assess", one.subject, **facts))
        made, moved = moves(one, case.steps)
        rows, told = [*rows, *made], [*told, *moved]
        for state, at, by in case.steps:
            if state == State.ASSESSED:
                assessments.append(_assessment(one, by, at))
                told.append(
                    entry(
                        at, by.uid, "review.assess", one.subject, verdict=Verdict.FIT.value,
                        gpu_seconds=one.gpu_seconds_requested,
                    )
                )  # fmt: skip
            if state != State.ASSESSED:
                path = f"/applications/{one.code}/"
                notices.append(notice(one.applicant, f"application_{state.value}", one, path, at))
    Transition.objects.bulk_create(rows)
    TechnicalAssessment.objects.bulk_create(assessments)
    Notice.objects.bulk_create(notices, ignore_conflicts=True)  # one that was handed in twice was told of once
    Entry.objects.bulk_create(told)


def _assessment(application: Application, by: Person, at: datetime) -> TechnicalAssessment:
    return TechnicalAssessment(
        application=application, assessor=by, verdict=Verdict.FIT, comment="It fits the machine.",
        gpu_seconds_recommended=application.gpu_seconds_requested or 1, submitted_at=at,
    )  # fmt: skip
