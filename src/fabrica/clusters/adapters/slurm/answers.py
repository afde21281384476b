"""Reading what Slurm's commands print. Pure; tested on recorded answers. Raises Unreachable for what makes no sense."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from fabrica.clusters.adapters.port import JobState, UsageRecord
from fabrica.clusters.adapters.slurm.states import state_of
from fabrica.clusters.engine import Counting
from fabrica.kit.errors import Unreachable

SEPARATOR = "\x1f"  # seldom in a name, unlike `|`
MAX_ROW = 1 << 20
NEVER = {"", "N/A", "Unknown", "None", "NONE", "INVALID", "0"}
WORD = re.compile(r"[A-Z][A-Z_]{1,30}")
TOKEN = re.compile(r".+\.\d+\.[0-9a-f]{8}")
PLAIN = Counting()
DIGITS = 20
FIRST, LATEST = 946_684_800, 7_258_118_400  # 2000 and 2200: a time outside is a broken answer


@dataclass(frozen=True)
class Queued:
    """One line of squeue: a job, or the waiting tasks of an array together (`task` is then such as `2-3%1`)."""

    base_id: str
    task: str
    word: str
    reason: str
    submitted_at: datetime | None
    starts_at: datetime | None
    token: str
    restarts: int

    @property
    def state(self) -> JobState:
        return state_of(self.word)


@dataclass(frozen=True)
class Accounted:
    """One line of sacct: one start of one job or task. `base_id` is the id that sbatch gave."""

    base_id: str
    usage: UsageRecord | None  # None for one that never started
    word: str
    submitted_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    exit_code: int | None
    signal: int | None
    name: str

    @property
    def state(self) -> JobState:
        return state_of(self.word)


def malformed(program: str, line: str) -> Unreachable:
    """What a line that makes no sense is told with; nothing is applied of such an answer."""
    return Unreachable(
        f"{program} answered what cannot be read.", why=repr(line[:200]), todo="It is asked again by itself."
    )


def is_number(value: str) -> bool:
    """Whether it is a whole number as Slurm prints one, in plain digits and of a length that it counts to."""
    return value.isascii() and value.isdigit() and len(value) <= DIGITS


def rows(program: str, names: Sequence[str], lines: Iterable[str]) -> Iterator[dict[str, str]]:
    """Each line as values by name. Raises Unreachable for a line with another number of values."""
    for line in lines:
        text = line.rstrip("\n")
        if not text.strip():
            continue
        values = text.split(SEPARATOR)
        if len(values) != len(names):
            raise malformed(program, text)
        yield dict(zip(names, values, strict=True))


def marked(program: str, count: int, lines: Iterable[str], mark: str) -> Iterator[str]:
    """Each row of an answer as one line for `rows`; every value ends with a mark that was made up for this question.

    People name their jobs, with line breaks and separators too: none of that ends a row or forges one. Raises
    Unreachable for a row of another number of values, or that is cut.
    """
    parts: list[str] = []
    seen = size = 0
    for line in lines:
        if not parts and not line.strip():
            continue
        parts.append(line.rstrip("\n"))
        seen, size = seen + line.count(mark), size + len(line)
        if seen >= count or size > MAX_ROW:
            yield _row(program, count, parts, mark)
            parts, seen, size = [], 0, 0
    if parts:
        raise malformed(program, parts[0])


def _row(program: str, count: int, parts: Sequence[str], mark: str) -> str:
    text = "\n".join(parts)
    if text.count(mark) != count or not text.endswith(mark):
        raise malformed(program, parts[0])
    return text.removesuffix(mark).replace(SEPARATOR, " ").replace("\n", " ").replace(mark, SEPARATOR)


def moment(value: str) -> datetime | None:
    """A time printed as seconds since 1970; None for Slurm's words for never. Raises Unreachable."""
    if value in NEVER:
        return None
    if not is_number(value) or not FIRST <= int(value) <= LATEST:
        raise malformed("Slurm", value)
    return datetime.fromtimestamp(int(value), UTC)


def whole(value: str) -> int:
    """A whole number; 0 for an empty value. Raises Unreachable."""
    if not value:
        return 0
    if not is_number(value):
        raise malformed("Slurm", value)
    return int(value)


def tres(text: str) -> dict[str, int]:
    """`cpu=2,gres/gpu=4,mem=20M` as whole numbers by name; what is no whole number is left out."""
    parts = (one.partition("=") for one in text.split(",") if one)
    return {name: int(value) for name, _, value in parts if is_number(value)}


def gpus_of(allocated: str, gres: str) -> int:
    """The devices in AllocTRES: the plain `gres/gpu`, else the sum of its types."""
    found = tres(allocated)
    plain = f"gres/{gres}"
    return found.get(plain, sum(count for name, count in found.items() if name.startswith(f"{plain}:")))


def queued(lines: Iterable[str], mark: str = "") -> Iterator[Queued]:
    """The lines of squeue, as `commands.QUEUE` asks for them; `mark` is what it was asked to end values with."""
    names = ("base", "task", "word", "reason", "submit", "start", "restarts", "name", "end of line")
    whole_rows = (one + SEPARATOR for one in marked("squeue", len(names) - 1, lines, mark)) if mark else lines
    for row in rows("squeue", names, whole_rows):
        if not is_number(row["base"]):
            raise malformed("squeue", row["base"])
        yield Queued(
            row["base"],
            row["task"],
            row["word"],
            row["reason"],
            moment(row["submit"]),
            moment(row["start"]),
            row["name"],
            whole(row["restarts"]),
        )


def accounted(
    names: Sequence[str], lines: Iterable[str], gres: str, counting: Counting = PLAIN, mark: str = ""
) -> Iterator[Accounted]:
    """The lines of sacct; steps are left out. `mark` is what it was asked to end values with."""
    for row in rows("sacct", names, marked("sacct", len(names), lines, mark) if mark else lines):
        if "." in row["JobIDRaw"]:
            continue
        yield accounted_of(row, gres, counting)


def accounted_of(row: Mapping[str, str], gres: str, counting: Counting = PLAIN) -> Accounted:
    """One start, from the values of sacct's fields by name."""
    # a job that was cancelled while it waited is given its end as its start, but nothing was allocated to it
    started, ended = moment(row["Start"]) if row["AllocTRES"] else None, moment(row["End"])
    code, signal = _exit(row["ExitCode"])
    usage = _usage(row, gres, started, ended, counting) if started else None
    base = row["JobID"].partition("_")[0].partition("+")[0]
    if not is_number(base):
        raise malformed("sacct", row["JobID"])
    return Accounted(base, usage, row["State"], moment(row["Submit"]), started, ended, code, signal, row["JobName"])


def _exit(text: str) -> tuple[int | None, int | None]:
    code, _, signal = text.partition(":")
    if not (is_number(code) and is_number(signal)):
        raise malformed("sacct", text)
    return (None, int(signal)) if int(signal) else (int(code), None)


def _held(row: Mapping[str, str], gres: str, counting: Counting) -> tuple[int, int]:
    """The devices that were held for a start, and the units that are counted: on whole nodes, all devices of each."""
    if counting.by_node:
        nodes = tres(row["AllocTRES"]).get("node", 0)
        return nodes * counting.devices_per_node, nodes
    devices = gpus_of(row["AllocTRES"], gres)
    return devices, devices


def _usage(
    row: Mapping[str, str], gres: str, started: datetime, ended: datetime | None, counting: Counting
) -> UsageRecord:
    """What one start used. Elapsed is Slurm's own count, without suspended time; after a jump of the clock, nothing."""
    devices, units = _held(row, gres, counting)
    elapsed = whole(row["ElapsedRaw"])
    seconds = min(elapsed, max(0, int((ended - started).total_seconds()))) if ended else elapsed
    energy = row.get("ConsumedEnergyRaw", "")
    name = row["JobName"]
    return UsageRecord(
        job_id=row["JobIDRaw"],
        token=name if TOKEN.fullmatch(name) else "",
        account=row["Account"],
        devices=devices,
        started_at=started,
        ended_at=ended,
        gpu_seconds=counting.charge(units, seconds),
        state=_state_of_start(row["State"], is_over=ended is not None),
        user=row["User"],
        submitted_at=moment(row["Submit"]),
        energy_joules=int(energy) if is_number(energy) and int(energy) else None,
    )


def _state_of_start(word: str, *, is_over: bool) -> JobState:
    """A start that ended by going back into the queue was interrupted: the job waits again, the start is over."""
    state = state_of(word)
    return JobState.LOST if is_over and not state.ended else state


def submitted(text: str) -> str:
    """The id that `sbatch --parsable` prints, without the cluster's name. Raises Unreachable."""
    job_id = text.strip().splitlines()[-1].partition(";")[0] if text.strip() else ""
    if not is_number(job_id):
        raise malformed("sbatch", text)
    return job_id


def devices(lines: Iterable[str], gres: str) -> tuple[int, int]:
    """All devices and busy ones over the lines of sinfo by node; a node in several partitions counts once."""
    total, busy = {}, {}
    for row in rows("sinfo", ("node", "has", "used", "state", "end of line"), lines):
        if row["state"].rstrip("*~#$@^!+-%").lower() in ("down", "drained", "fail", "future", "unknown"):
            continue
        total[row["node"]] = gres_of(row["has"], gres)
        busy[row["node"]] = gres_of(row["used"], gres)
    return sum(total.values()), sum(busy.values())


def gres_of(text: str, gres: str) -> int:
    """The devices in `gpu:h200:2(IDX:0-1)`, `gpu:2(S:0)`, or several of these with commas between."""
    found = re.findall(rf"(?:^|,){re.escape(gres)}:(?:[^:,()]+:)?([0-9]{{1,9}})(?![0-9])", text)
    return sum(int(one) for one in found)


def partitions(lines: Iterable[str]) -> dict[str, int | None]:
    """The longest a job may take on each partition, in seconds; None without a limit."""
    found: dict[str, int | None] = {}
    for line in lines:
        facts = dict(part.split("=", 1) for part in line.split() if "=" in part)
        if "PartitionName" in facts:
            found[facts["PartitionName"]] = span(facts.get("MaxTime", "UNLIMITED"))
        elif line.strip():
            raise malformed("scontrol", line)
    if not found:
        raise malformed("scontrol", "")  # every cluster has one: nothing may be concluded from none
    return found


def counts(text: str) -> tuple[int, int]:
    """The jobs that run and those that wait, from squeue's states: one word a line."""
    words = text.split()
    strange = [one for one in words if not WORD.fullmatch(one)]
    if strange:
        raise malformed("squeue", strange[0])
    pending = words.count("PENDING")
    return len(words) - pending, pending


def span(text: str) -> int | None:
    """`7-00:00:00`, `12:00:00`, `30:00` or `30` (minutes) as seconds; None for UNLIMITED. Raises Unreachable."""
    if text.upper() in ("UNLIMITED", "INFINITE", "NONE"):
        return None
    match = re.fullmatch(r"(?:([0-9]{1,9})-)?([0-9]{1,9})(?::([0-9]{1,9}))?(?::([0-9]{1,9}))?", text)
    if match is None:
        raise malformed("Slurm", text)
    days, first, second, third = (int(one or 0) for one in match.groups())
    if match[1] is not None or match[4] is not None:
        return days * 86_400 + first * 3_600 + second * 60 + third
    return first * 60 + second
