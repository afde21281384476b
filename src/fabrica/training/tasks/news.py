"""Reading what a running job tells of itself, through its machine."""

from fabrica.clusters.adapters.port import Cluster
from fabrica.kit.errors import NotFound
from fabrica.training.engine import Line, keeps, read_lines, read_progress
from fabrica.training.models import Run
from fabrica.training.services import News
from fabrica.training.states import Kind

METRICS = "metrics.jsonl"
FILE_BYTES = 4 << 20
PROGRESS_BYTES = 64_000
PIECE_BYTES = 1 << 20
PIECES_AT_MOST = 64  # at the end of an attempt; what lies beyond is not drawn


def read_file(run: Run, cluster: Cluster, name: str, limit_bytes: int = FILE_BYTES) -> bytes | None:
    """A file of the job folder, None where there is none. Raises Unreachable."""
    try:
        return cluster.read_output(run.folder, name, 0, limit_bytes)
    except NotFound:
        return None


def read_news(run: Run, cluster: Cluster, *, to_the_end: bool = False) -> News:
    """Progress, and the lines of metrics.jsonl that are new: one piece of it, or all. Raises Unreachable."""
    progress = read_progress(read_file(run, cluster, "progress.json", PROGRESS_BYTES) or b"")
    reader = _Metrics(run, cluster)
    if run.kind == Kind.TRAIN:
        pieces = PIECES_AT_MOST if to_the_end else 1
        while pieces and reader.read():
            pieces -= 1
    return News(progress, tuple(reader.kept), reader.offset, reader.last_step, reader.skipped)


class _Metrics:
    """Reads metrics.jsonl on from where the last look stopped.

    The runner rewrites the file when it goes on from a checkpoint: the steps after it are made again. Then the offset
    does not fall behind a line end any more, or the next step is not the one expected, and the file is read afresh.
    """

    def __init__(self, run: Run, cluster: Cluster) -> None:
        self.run, self.cluster = run, cluster
        self.offset, self.last_step = run.metrics_offset, run.metrics_step
        self.kept: list[Line] = []
        self.skipped = run.lines_skipped
        recipe = run.recipe or {}
        self.steps, self.log_every = int(recipe.get("steps", 1)), int(recipe.get("log_every", 1))

    def read(self) -> bool:
        """Read one piece; False when there was nothing new."""
        raw = self._raw()
        found = read_lines(raw)
        if found.lines and self.offset and not self._continues(found.lines[0].step):
            self.offset, self.last_step, self.skipped = 0, 0, 0
            found = read_lines(self._raw())
        self.offset += found.consumed
        self.skipped += found.skipped
        self.kept += [line for line in found.lines if keeps(line.step, self.steps, self.log_every)]
        if found.lines:
            self.last_step = found.lines[-1].step
        return found.consumed > 0

    def _raw(self) -> bytes:
        """The bytes from the offset on; from the start where the offset is no longer behind a line end."""
        before = 1 if self.offset else 0
        try:
            raw = self.cluster.read_output(self.run.folder, METRICS, self.offset - before, PIECE_BYTES)
        except NotFound:
            raw = b"\n"[:before]
        if before and raw[:1] != b"\n":
            self.offset, self.last_step, self.skipped = 0, 0, 0
            return self._raw()
        return raw[before:]

    def _continues(self, step: int) -> bool:
        return self.last_step < step <= self.last_step + self.log_every
