"""What the portal reads while a run goes on: progress.json, replaced whole, and metrics.jsonl, appended."""

import json
import sys
import time
from pathlib import Path
from typing import Any

from fabrica.kit.files import write_atomic
from fabrica.kit.time import utcnow
from fabrica.trainer.report import Report

SECONDS_BETWEEN = 0.5
SECONDS_BETWEEN_LINES = 10.0


class Progress:
    """Writes the two files of one job folder; progress at most twice a second, and at every new phase."""

    def __init__(self, folder: Path) -> None:
        self.path, self.metrics = folder / "progress.json", folder / "metrics.jsonl"
        self.phase, self.written_at, self.printed_at = "", 0.0, 0.0

    def tell(self, phase: str, step: int = 0, steps: int = 0, **more: float | None) -> None:
        """Say where the run is; `more` may hold loss, tokens_per_second and seconds_left."""
        now = time.monotonic()
        self._print(phase, step, steps, more, now)
        if phase == self.phase and now - self.written_at < SECONDS_BETWEEN and step < steps:
            return
        self.phase, self.written_at = phase, now
        empty = {"loss": None, "tokens_per_second": None, "seconds_left": None}
        values = {"phase": phase, "step": step, "steps": steps, **empty, **more, "at": utcnow().isoformat()}
        write_atomic(self.path, json.dumps(values))

    def _print(self, phase: str, step: int, steps: int, more: dict[str, float | None], now: float) -> None:
        """A line of the log for people: at every new phase, every ten seconds, and at a phase's last step.

        Nothing for a user's own command: its log is its own.
        """
        if phase == "command":
            return
        if phase == self.phase and now - self.printed_at < SECONDS_BETWEEN_LINES and (step < steps or not steps):
            return
        self.printed_at = now
        figures = (
            ("loss", "loss {:.3f}"),
            ("tokens_per_second", "{:,.0f} tokens/s"),
            ("seconds_left", "{:,.0f} s left"),
        )
        told = [f"{phase} {step}/{steps}" if steps else phase]
        told += [text.format(value) for name, text in figures if (value := more.get(name)) is not None]
        sys.stdout.write(f"{utcnow():%Y-%m-%d %H:%M:%S} {', '.join(told)}\n")
        sys.stdout.flush()

    def trained(self, report: Report, steps: int) -> None:
        """Note one logged step: a line of metrics, and progress."""
        line = {
            "step": report.step,
            "loss": report.loss,
            "tokens_per_second": round(report.tokens_per_second, 1),
            "elapsed_seconds": round(report.elapsed_seconds, 3),
            "at": utcnow().isoformat(),
        }
        with self.metrics.open("a", encoding="utf-8") as out:
            out.write(json.dumps(line) + "\n")
        speed = round(report.tokens_per_second, 1)
        left = round(report.seconds_left, 1)
        self.tell("train", report.step, steps, loss=report.loss, tokens_per_second=speed, seconds_left=left)

    def forget_after(self, step: int) -> None:
        """Drop the lines of steps after `step` (they will be made again) and a line that was cut off."""
        kept = [line for line in self.lines() if line["step"] <= step]
        write_atomic(self.metrics, "".join(json.dumps(line) + "\n" for line in kept))

    def lines(self) -> list[dict[str, Any]]:
        """The whole lines of metrics.jsonl, in order."""
        if not self.metrics.exists():
            return []
        raw = self.metrics.read_text(encoding="utf-8").split("\n")
        return [json.loads(line) for line in raw[:-1]]
