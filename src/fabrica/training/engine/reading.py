"""Reading what a job wrote. A job may write anything: what makes no sense is skipped and counted, never trusted."""

import json
import math
import re
from dataclasses import dataclass
from typing import Any

MAX_POINTS = 5_000
MAX_STEP = 2**53
PHASES = ("tokenizer", "train", "evaluate", "package", "battery", "command")
# Control characters, and halves of characters, which no database takes.
CONTROL = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 127, *range(0xD800, 0xE000)))
NOT_KEPT = re.compile("[\0\ud800-\udfff]")
LARGEST, DEEPEST = 10**100, 32


@dataclass(frozen=True)
class Progress:
    """Where the run is. Numbers are None where the phase has none."""

    phase: str
    step: int
    steps: int
    loss: float | None
    tokens_per_second: float | None
    seconds_left: float | None


@dataclass(frozen=True)
class Line:
    """One logged step; loss in nats per token."""

    step: int
    loss: float
    tokens_per_second: float
    elapsed_seconds: float


@dataclass(frozen=True)
class Lines:
    """The whole lines of a piece of metrics.jsonl: `consumed` bytes, of which `skipped` lines made no sense."""

    lines: tuple[Line, ...]
    consumed: int
    skipped: int


@dataclass(frozen=True)
class Result:
    """result.json: `values` where it is as agreed, else `trouble` says what is wrong; both empty: there is none."""

    values: dict[str, Any] | None = None
    trouble: str = ""


@dataclass(frozen=True)
class Failure:
    """failure.json: why a retry cannot help."""

    what: str
    why: str
    todo: str


def read_progress(raw: bytes) -> Progress | None:
    """The progress that the bytes of progress.json describe; None when they make no sense."""
    values = _object(raw)
    if values is None or values.get("phase") not in PHASES:
        return None
    step, steps = _step(values.get("step")), _step(values.get("steps"))
    if step is None or steps is None:
        return None
    loss, speed, left = (_number(values.get(key)) for key in ("loss", "tokens_per_second", "seconds_left"))
    return Progress(values["phase"], step, steps, loss, speed, left)


def read_lines(raw: bytes) -> Lines:
    """The lines of a piece of metrics.jsonl that starts at the beginning of a line; a last, unfinished one waits."""
    whole = raw[: raw.rfind(b"\n") + 1]
    rows = [row for row in whole.split(b"\n") if row.strip()]
    found = [line for row in rows if (line := _line(row))]
    return Lines(tuple(found), len(whole), len(rows) - len(found))


def _line(row: bytes) -> Line | None:
    values = _object(row)
    if values is None:
        return None
    step = _step(values.get("step"))
    loss, speed, elapsed = (_number(values.get(key)) for key in ("loss", "tokens_per_second", "elapsed_seconds"))
    if step is None or loss is None or speed is None or elapsed is None:
        return None
    return Line(step, loss, speed, elapsed)


def keeps(step: int, steps: int, log_every: int) -> bool:
    """Whether a step is kept as a point: first, last, and evenly in between, so that there are at most 5,000."""
    stride = log_every * max(1, math.ceil(steps / log_every / MAX_POINTS))
    return step in (1, steps) or step % stride == 0


def read_result(raw: bytes | None, run: str) -> Result:
    """What result.json says; `raw` is None where there is no such file, `run` the uid it must name."""
    if raw is None:
        return Result()
    values = _object(raw)
    if values is None:
        return Result(trouble="result.json is no JSON object.")
    trouble = _trouble(values, run)
    return Result(trouble=trouble) if trouble else Result(values)


def _trouble(values: dict[str, Any], run: str) -> str:
    files, summary = values.get("files"), values.get("summary")
    if values.get("run") != run:
        return "result.json names another run."
    if not isinstance(files, list) or not isinstance(summary, dict):
        return "result.json lacks its list of files or its summary."
    if not all(isinstance(one, dict) and isinstance(one.get("path"), str) for one in files):
        return "result.json lists a file without its path."
    if not _can_be_kept(values):
        return "result.json holds text or numbers that cannot be kept."
    return ""


def _can_be_kept(value: object, depth: int = 0) -> bool:
    """Whether every database takes it as JSON: no halves of characters, no infinities, not too deep."""
    if isinstance(value, str):
        return NOT_KEPT.search(value) is None
    if isinstance(value, int | float):
        return abs(value) <= LARGEST
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    if isinstance(value, list):
        return depth < DEEPEST and all(_can_be_kept(one, depth + 1) for one in value)
    return value is None


def read_failure(raw: bytes | None) -> Failure | None:
    """What failure.json says, bounded; None where it is absent or makes no sense."""
    values = _object(raw) if raw else None
    if values is None or not isinstance(values.get("what"), str) or not values["what"].strip():
        return None
    what, why, todo = (printable(str(values.get(key) or ""))[:400] for key in ("what", "why", "todo"))
    return Failure(what, why, todo)


def printable(text: str) -> str:
    """The text without control characters; line ends and tabs stay."""
    return text.translate(CONTROL)


def _object(raw: bytes | None) -> dict[str, Any] | None:
    try:
        values = json.loads(raw or b"", parse_constant=lambda _name: None)
    except (ValueError, RecursionError):
        return None
    return values if isinstance(values, dict) else None


def _step(value: object) -> int | None:
    return value if type(value) is int and 0 <= value <= MAX_STEP else None


def _number(value: object) -> float | None:
    if type(value) not in (int, float):
        return None
    try:
        number = float(value)  # type: ignore[arg-type]  # the line above says what it is
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
