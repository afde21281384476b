"""What comes next for a person, and what a decision is warned about. Pure functions over facts that were looked up."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from fabrica.applications.states import WITH_THE_FACTORY
from fabrica.applications.states import State as ApplicationState
from fabrica.people.states import Role


class Kind(StrEnum):
    """Every next step there is."""

    DECIDE = "decide"
    QUEUE_EMPTY = "queue_empty"
    REVIEW = "review"
    NOTHING_TO_REVIEW = "nothing_to_review"
    JOIN_POOL = "join_pool"
    RANK = "rank"
    NOTHING_TO_RANK = "nothing_to_rank"
    BOARD = "board"
    REGISTER = "register"
    ANSWER = "answer"
    MEND = "mend"
    MEND_DATA = "mend_data"
    SHOW_CONDITION = "show_condition"
    CHOOSE_DATA = "choose_data"
    LAUNCH = "launch"
    MEND_RUN = "mend_run"
    ASSESS_IMPACT = "assess_impact"
    FINISH_DRAFT = "finish_draft"
    WATCH = "watch"
    WAIT_ACCOUNT = "wait_account"
    WAIT_STAGING = "wait_staging"
    WAIT_DECISION = "wait_decision"
    HELP = "help"
    NOTHING_STUCK = "nothing_stuck"
    LOOK_AT_MODEL = "look_at_model"
    PUBLISH_DATA = "publish_data"
    SEE_USAGE = "see_usage"
    OPERATE = "operate"
    APPLY = "apply"
    NO_CALL = "no_call"


@dataclass(frozen=True)
class ApplicationFacts:
    """An application of the person's organisations. `state` is one of `applications.states.State`."""

    code: str
    title: str
    state: str
    due_on: date | None = None
    owes: "Owed | None" = None


@dataclass(frozen=True)
class Owed:
    """A condition that the award waits for and that the applicant's side is to show."""

    pk: int
    text: str
    due_on: date


class Stuck(StrEnum):
    """What keeps a project from going on."""

    ACCOUNT = "account"
    DATA = "data"
    RUN = "run"
    HOURS = "hours"
    REPORT = "report"


@dataclass(frozen=True)
class ProjectFacts:
    """A project the person belongs to. Runs are told by their number in the project.

    `works` tells those who use its data and hours from those who only look; `helps`, a facilitator.
    """

    slug: str
    title: str
    is_open: bool = True
    is_ready: bool = True
    free_gpu_seconds: int = 0
    staged: int = 0
    staging: int = 0
    stopped: int = 0
    active_run: int | None = None
    failed_run: int | None = None
    has_result: bool = False
    model: str = ""
    works: bool = True
    helps: bool = False
    is_report_late: bool = False

    @property
    def stuck(self) -> tuple[Stuck, ...]:
        """What keeps it from going on; a late report bars its people also after its end."""
        found = {
            Stuck.ACCOUNT: not self.is_ready,
            Stuck.DATA: self.stopped > 0 and not self.staged,
            Stuck.RUN: self.failed_run is not None and not self.has_result,
            Stuck.HOURS: self.free_gpu_seconds <= 0 and not self.active_run,
        }
        live = tuple(one for one, is_so in found.items() if is_so) if self.is_open else ()
        return (*live, *((Stuck.REPORT,) if self.is_report_late else ()))


@dataclass(frozen=True)
class Facts:
    """What the portal knows of a person. Applications come newest first, projects most urgent first."""

    roles: frozenset[str] = frozenset()
    has_organisation: bool = True
    applications: tuple[ApplicationFacts, ...] = ()
    projects: tuple[ProjectFacts, ...] = ()
    impact: tuple[int, str] | None = None  # the first impact assessment that waits for them, and what it is about
    due: int = 0
    overdue: int = 0
    to_review: int = 0
    to_rank: int = 0
    is_invited: bool = False
    datasets: int = 0
    open_calls: int = 1


@dataclass(frozen=True)
class Step:
    """The next step: its kind, what its link needs (`target`) and what its sentence names (`words`)."""

    kind: Kind
    target: tuple[str | int, ...] = ()
    words: dict[str, Any] = field(default_factory=dict)


def next_step(facts: Facts) -> Step:
    """The one thing to do now. What others wait for comes first, then what the person can do, then waiting."""
    return next(step for rule in RULES if (step := rule(facts)) is not None)


def _decide(facts: Facts) -> Step | None:
    return Step(Kind.DECIDE, words={"count": facts.due, "overdue": facts.overdue}) if facts.due else None


def _review(facts: Facts) -> Step | None:
    return Step(Kind.REVIEW, words={"count": facts.to_review}) if facts.to_review else None


def _join_pool(facts: Facts) -> Step | None:
    """For who was invited as an expert and has not answered."""
    return Step(Kind.JOIN_POOL) if facts.is_invited else None


def _rank(facts: Facts) -> Step | None:
    return Step(Kind.RANK, words={"count": facts.to_rank}) if facts.to_rank else None


def _answer(facts: Facts) -> Step | None:
    return _first(facts, Kind.ANSWER, {ApplicationState.OFFERED})


def _mend(facts: Facts) -> Step | None:
    return _first(facts, Kind.MEND, {ApplicationState.RETURNED})


def _assess_impact(facts: Facts) -> Step | None:
    if facts.impact is None:
        return None
    return Step(Kind.ASSESS_IMPACT, facts.impact[:1], {"title": facts.impact[1]})


def _show_condition(facts: Facts) -> Step | None:
    """For who owes something before the award: they do not wait for us, we wait for them."""
    found = next((one for one in facts.applications if one.owes and one.state in WITH_THE_FACTORY), None)
    if found is None or found.owes is None:
        return None
    words = {"title": found.title or found.code, "owed": found.owes.text, "due_on": found.owes.due_on}
    return Step(Kind.SHOW_CONDITION, (found.owes.pk,), words)


def _finish_draft(facts: Facts) -> Step | None:
    return _first(facts, Kind.FINISH_DRAFT, {ApplicationState.DRAFT})


def _wait_decision(facts: Facts) -> Step | None:
    return _first(facts, Kind.WAIT_DECISION, set(WITH_THE_FACTORY))


def _first(facts: Facts, kind: Kind, states: set[ApplicationState]) -> Step | None:
    found = next((one for one in facts.applications if one.state in states), None)
    if found is None:
        return None
    return Step(kind, (found.code,), {"title": found.title or found.code, "code": found.code, "due_on": found.due_on})


def _work(facts: Facts) -> Step | None:
    """What the person can do in a project now: data, then a run."""
    return next((step for one in facts.projects if one.is_open and one.works and (step := _work_in(one))), None)


def _work_in(one: ProjectFacts) -> Step | None:
    if not one.is_ready or one.active_run or one.free_gpu_seconds <= 0 or (one.staging and not one.staged):
        return None
    words = {"project": one.title, "run": one.failed_run}
    if one.failed_run and not one.has_result:
        return Step(Kind.MEND_RUN, (one.slug, one.failed_run), words)
    if not one.staged:
        return Step(Kind.MEND_DATA if one.stopped else Kind.CHOOSE_DATA, (one.slug,) if one.stopped else (), words)
    return None if one.has_result else Step(Kind.LAUNCH, (one.slug,), words)


def _wait_in_project(facts: Facts) -> Step | None:
    """What goes on in a project by itself."""
    return next((step for one in facts.projects if one.is_open and one.works and (step := _waiting_in(one))), None)


def _waiting_in(one: ProjectFacts) -> Step | None:
    words = {"project": one.title, "run": one.active_run}
    if one.active_run:
        return Step(Kind.WATCH, (one.slug, one.active_run), words)
    if not one.is_ready:
        return Step(Kind.WAIT_ACCOUNT, (one.slug,), words)
    return Step(Kind.WAIT_STAGING, (one.slug,), words) if one.staging else None


def _look_at_model(facts: Facts) -> Step | None:
    found = next((one for one in facts.projects if one.model and not one.helps), None)
    return Step(Kind.LOOK_AT_MODEL, (found.model,), {"project": found.title}) if found else None


def _help(facts: Facts) -> Step | None:
    """For a facilitator: the first project that is stuck."""
    stuck = [one for one in facts.projects if one.helps and one.stuck]
    if not stuck:
        return None
    return Step(Kind.HELP, (stuck[0].slug,), {"project": stuck[0].title, "count": len(stuck)})


def _nothing_stuck(facts: Facts) -> Step | None:
    """For who is here to help, not to apply."""
    helped = [one for one in facts.projects if one.helps]
    return Step(Kind.NOTHING_STUCK, words={"count": len(helped)}) if helped and not facts.applications else None


IDLE = {
    Role.OFFICER: Kind.QUEUE_EMPTY,
    Role.ASSESSOR: Kind.QUEUE_EMPTY,
    Role.EXPERT: Kind.NOTHING_TO_REVIEW,
    Role.PANEL: Kind.NOTHING_TO_RANK,
    Role.ETHICS: Kind.BOARD,
    Role.BOARD: Kind.BOARD,
    Role.OPERATOR: Kind.OPERATE,
}


def _by_role(facts: Facts) -> Step | None:
    """For those who are here for their role: they are not asked to apply."""
    if facts.applications or facts.projects:
        return None
    idle = next((kind for role, kind in IDLE.items() if role in facts.roles), None)
    if idle is not None:
        return Step(idle)
    if Role.PROVIDER in facts.roles and facts.has_organisation:
        return Step(Kind.SEE_USAGE if facts.datasets else Kind.PUBLISH_DATA, words={"count": facts.datasets})
    return None


def _register(facts: Facts) -> Step | None:
    return None if facts.has_organisation or facts.projects else Step(Kind.REGISTER)


def _apply(facts: Facts) -> Step | None:
    return Step(Kind.APPLY if facts.open_calls else Kind.NO_CALL, words={"count": facts.open_calls})


RULES: tuple[Callable[[Facts], Step | None], ...] = (
    _decide, _review, _rank, _join_pool, _answer, _mend, _assess_impact, _show_condition, _work, _finish_draft, _help,
    _wait_in_project, _wait_decision, _look_at_model, _nothing_stuck, _by_role, _register, _apply,
)  # fmt: skip


class Task(StrEnum):
    """What a member of staff is to do with an application."""

    SCREEN = "screen"
    ASSESS = "assess"
    DECIDE = "decide"
    EVALUATE = "evaluate"
    CONCLUDE = "conclude"
    APPEAL = "appeal"
    OFFER = "offer"


TASKS: dict[str, tuple[Role, Task]] = {
    ApplicationState.SUBMITTED: (Role.OFFICER, Task.SCREEN),
    ApplicationState.SCREENED: (Role.ASSESSOR, Task.ASSESS),
    ApplicationState.ASSESSED: (Role.OFFICER, Task.DECIDE),
    ApplicationState.RANKED: (Role.OFFICER, Task.CONCLUDE),
    ApplicationState.APPEALED: (Role.OFFICER, Task.APPEAL),
}


# What somebody may do though it does not wait for them: it waits for the applicant.
UNASKED: dict[str, tuple[Role, Task]] = {ApplicationState.OFFERED: (Role.OFFICER, Task.OFFER)}


def states_for(roles: frozenset[str]) -> list[str]:
    """The states in which an application waits for somebody with these roles."""
    return [state for state, (role, _task) in TASKS.items() if role in roles]


def task_for(state: str, roles: frozenset[str], *, has_conflict: bool, experts: bool = False) -> Task | None:
    """What somebody with these roles is to do with an application in this state; nobody judges their own.

    `experts`: whether the steps of its mode have a review by experts.
    """
    role, task = (TASKS | UNASKED).get(state, (None, None))
    if task is Task.DECIDE and experts:
        task = Task.EVALUATE
    return task if role in roles and not has_conflict else None
