"""Whole-number programmes for HiGHS, and answers that are exact: the one place that knows the solver.

HiGHS computes in doubles. So each row is divided by what its numbers have in common, its limit is moved by half a unit
(no whole number lies between), and every answer is checked in integers before it is given out; one that fails is cut
off and the solver asked again. The same programme has the same answer every time: one thread, a fixed seed, and a limit
of nodes instead of a limit of time.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from fabrica.kit.errors import Refused

MAX_NODES = 2_000
MAX_REPAIRS = 20
MAX_UNITS = 2**46  # what a double holds exactly, with room for sums of many
TOLERANCE = 1e-9


class State(StrEnum):
    """What the solver found out: a best answer, some answer, that there is none, or nothing within its limit."""

    BEST = "best"
    FOUND = "found"
    NONE = "none"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Row:
    """`low` <= the sum of factor times column <= `high`; None for no limit."""

    terms: tuple[tuple[int, int], ...]
    high: int | None = None
    low: int | None = None

    def holds(self, values: tuple[int, ...]) -> bool:
        total = sum(factor * values[column] for column, factor in self.terms)
        return (self.high is None or total <= self.high) and (self.low is None or total >= self.low)

    @property
    def unit(self) -> int:
        """What all factors have in common."""
        return math.gcd(*(factor for _, factor in self.terms)) or 1

    def scaled(self) -> "Row":
        """The same for whole numbers, without the factor that all of its numbers share."""
        unit = self.unit
        high = None if self.high is None else self.high // unit
        low = None if self.low is None else -(-self.low // unit)
        return Row(tuple((column, factor // unit) for column, factor in self.terms), high, low)

    def bounds(self) -> tuple[float, float]:
        """The limits as doubles, half a unit wider where factors are large."""
        wide = 0.5 if any(abs(factor) > 1 for _, factor in self.terms) and self.low != self.high else 0.0
        return (
            -math.inf if self.low is None else self.low - wide,
            math.inf if self.high is None else self.high + wide,
        )


@dataclass
class Programme:
    """Columns from 0 to their most, and rows."""

    most: list[int] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

    def column(self, most: int = 1) -> int:
        """A new column, by its number."""
        self.most.append(most)
        return len(self.most) - 1

    def row(self, terms: Iterable[tuple[int, int]], *, high: int | None = None, low: int | None = None) -> int:
        """A new row, by its number; factors of nothing are left out."""
        self.rows.append(Row(tuple(one for one in terms if one[1]), high, low))
        return len(self.rows) - 1


@dataclass(frozen=True)
class Answer:
    """What was found: whole values, checked; `calls` says how often the solver ran, `work` its steps."""

    state: State
    values: tuple[int, ...] = ()
    calls: int = 1
    work: int = 0


@dataclass(frozen=True)
class Relaxed:
    """The answer when columns need not be whole: a bound, and the price of each row."""

    value: float
    prices: tuple[float, ...]


def solve(
    programme: Programme, gain: Mapping[int, int], *, nodes: int = MAX_NODES, start: Mapping[int, int] | None = None
) -> Answer:
    """Whole values with the greatest gain. Raises Refused where figures are too fine for their size."""
    cuts: list[Row] = []
    work = 0
    for calls in range(1, MAX_REPAIRS + 1):
        highs = _loaded(programme, cuts, gain, is_whole=True)
        highs.setOptionValue("mip_max_nodes", nodes)
        if start is not None:
            _begin(highs, [start.get(column, 0) for column in range(len(programme.most))])
        highs.run()
        state, values = _told(highs)
        work += max(0, highs.getInfo().simplex_iteration_count)
        if state in (State.NONE, State.UNKNOWN):
            return Answer(state, calls=calls, work=work)
        broken = [row for row in programme.rows if not row.holds(values)]
        if not broken:
            return Answer(state, values, calls, work)
        found = [_cut(row, values, programme.most) for row in broken]
        if None in found:
            break
        cuts += filter(None, found)
    return Answer(State.UNKNOWN, calls=calls, work=work)


def relax(programme: Programme, gain: Mapping[int, int]) -> Relaxed | None:
    """The greatest gain of values that need not be whole; None where there are none."""
    highs = _loaded(programme, [], gain, is_whole=False)
    highs.run()
    if highs.getModelStatus() != _highspy().HighsModelStatus.kOptimal:
        return None
    found = highs.getSolution()
    prices = tuple(price / row.unit for price, row in zip(found.row_dual, programme.rows, strict=True))
    return Relaxed(highs.getInfo().objective_function_value, prices)


def _highspy() -> Any:
    """HiGHS is asked for only when something is to be solved: the client runs without it."""
    try:
        import highspy  # noqa: PLC0415 - an optional part of the installation
    except ImportError as error:
        todo = "Install it: pip install 'fabrica[solver]'."
        raise Refused("The solver is not installed.", why=str(error), todo=todo) from error
    return highspy


def _loaded(programme: Programme, cuts: list[Row], gain: Mapping[int, int], *, is_whole: bool) -> Any:
    highspy = _highspy()
    rows = [row.scaled() for row in [*programme.rows, *cuts]]
    _check(rows)
    model = highspy.HighsLp()
    count = len(programme.most)
    model.num_col_, model.num_row_ = count, len(rows)
    model.col_cost_ = [float(gain.get(column, 0)) for column in range(count)]
    model.col_lower_, model.col_upper_ = [0.0] * count, [float(one) for one in programme.most]
    model.row_lower_ = [row.bounds()[0] for row in rows]
    model.row_upper_ = [row.bounds()[1] for row in rows]
    model.sense_ = highspy.ObjSense.kMaximize
    if is_whole:
        model.integrality_ = [highspy.HighsVarType.kInteger] * count
    _fill(model, highspy, rows)
    highs = highspy.Highs()
    highs.silent()
    _set(highs)
    highs.passModel(model)
    return highs


def _begin(highs: Any, values: list[int]) -> None:
    """Begin with an answer, so that there is one whatever the limit."""
    solution = _highspy().HighsSolution()
    solution.col_value = [float(one) for one in values]
    highs.setSolution(solution)


def _fill(model: Any, highspy: Any, rows: list[Row]) -> None:
    starts, columns, factors = [0], [], []
    for row in rows:
        columns += [column for column, _ in row.terms]
        factors += [float(factor) for _, factor in row.terms]
        starts.append(len(columns))
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_, model.a_matrix_.index_, model.a_matrix_.value_ = starts, columns, factors


def _set(highs: Any) -> None:
    """One thread and a fixed seed, so that it is the same every time; gaps so small that the best is the best."""
    options = {"threads": 1, "random_seed": 0, "mip_rel_gap": 0.0, "mip_abs_gap": 0.5}
    tight = dict.fromkeys(("primal_feasibility_tolerance", "mip_feasibility_tolerance"), TOLERANCE)
    for name, value in {**options, **tight}.items():
        highs.setOptionValue(name, value)


def _check(rows: list[Row]) -> None:
    for row in rows:
        largest = max((abs(factor) for _, factor in row.terms), default=0)
        if largest > MAX_UNITS or abs(row.high or 0) > MAX_UNITS or abs(row.low or 0) > MAX_UNITS:
            raise Refused(
                "The figures are too fine for their size.",
                why="A sum would not be exact any more in the solver's numbers.",
                todo="Use whole GPU-hours, or hundreds of them, throughout.",
            )


def _told(highs: Any) -> tuple[State, tuple[int, ...]]:
    status, names = highs.getModelStatus(), _highspy().HighsModelStatus
    if status == names.kInfeasible:
        return State.NONE, ()
    if status not in (names.kOptimal, names.kSolutionLimit, names.kIterationLimit):
        return State.UNKNOWN, ()
    values = tuple(round(one) for one in highs.getSolution().col_value)
    is_there = highs.getInfo().primal_solution_status == _highspy().SolutionStatus.kSolutionStatusFeasible
    if not is_there or not values:
        return State.UNKNOWN, ()
    return State.BEST if status == names.kOptimal else State.FOUND, values


def _cut(row: Row, values: tuple[int, ...], most: list[int]) -> Row | None:
    """Not all of these together: what broke the row, and nothing that holds. None where that is not clear."""
    held = [column for column, _ in row.terms if values[column]]
    only_yes_no = all(most[column] == 1 and factor > 0 for column, factor in row.terms)
    return Row(tuple((column, 1) for column in held), len(held) - 1) if only_yes_no and row.low is None else None
