"""The battery: its probes in order, each begun only while there is time, each kept as soon as it is done."""

import json
import math
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import torch

from fabrica import __version__
from fabrica.evaluation.battery import (
    bias,
    contamination,
    energy,
    membership,
    memorising,
    personal,
    quality,
    robustness,
    toxicity,
)
from fabrica.evaluation.battery.context import Context
from fabrica.evaluation.battery.profiles import Profile
from fabrica.evaluation.battery.result import Result, Verdict, not_run
from fabrica.evaluation.measure import versions
from fabrica.kit.errors import Problem
from fabrica.kit.files import write_atomic

FORMAT = 1
VERSION = 4  # of what is measured and how it is judged; files from before there was a number are of version 1
FILE = "battery.json"
NO_TIME = "Not begun: the {seconds:.0f} seconds of the profile {name} were used up. Choose another, or a faster device."
NO_TIME_OF_RUN = "Not run to its end: the time limit of the run was reached."
Tick = Callable[[str, int, int], None]


class Cost(StrEnum):
    """What a probe takes: nothing to speak of, the model reading text, or the model writing some."""

    LIGHT = "light"
    READING = "reading"
    WRITING = "writing"


@dataclass(frozen=True)
class Entry:
    """A probe's name, its cost, and how it is run; a light one is run even when the time is used up."""

    name: str
    cost: Cost
    run: Callable[[Context], Sequence[Result]]


@dataclass(frozen=True)
class Done:
    """What a probe found, and the seconds it took."""

    results: list[Result]
    seconds: float


class Spent(Exception):
    """Raised by `tick` where all the time of the run is used up: the battery ends, and what is left is not run."""


class Battery:
    """Runs its probes on one model; what was kept in `kept` by an earlier life is taken over.

    `tick(name, done, of)` is called between pieces of work, with the name of the probe, and may raise to stop.
    """

    spent = False

    def __init__(
        self,
        profile: Profile,
        *,
        entries: Sequence[Entry] = (),
        kept: Path | None = None,
        tick: Tick = lambda _name, _done, _of: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.profile, self.entries, self.kept = profile, tuple(entries) or ENTRIES, kept
        self.tick, self.clock, self.stopping = tick, clock, False

    def run(self, context: Context) -> dict[str, Any]:
        """The content of battery.json. Raises what `tick` raises."""
        found: dict[str, Done] = {}
        for number, entry in enumerate(self.entries):
            context.tick = lambda now=(entry.name, number): self._tick(*now)  # type: ignore[misc]
            used = sum(done.seconds for done in found.values())
            found[entry.name] = self._read(entry) or self._one(entry, context, used)
        with suppress(Spent):
            self._tick("", len(self.entries))
        return self._told(context, found)

    def _tick(self, name: str, done: int) -> None:
        try:
            self.tick(name, done, len(self.entries))
        except BaseException:
            self.stopping = True
            raise

    def _one(self, entry: Entry, context: Context, used: float) -> Done:
        if (self.spent or used >= self.profile.seconds) and entry.cost is not Cost.LIGHT:
            why = NO_TIME_OF_RUN if self.spent else NO_TIME.format(seconds=self.profile.seconds, name=self.profile.name)
            return Done([not_run(entry.name, entry.name, why)], 0.0)
        began = self.clock()
        results = [_sound(one) for one in self._results(entry, context)]
        done = Done(results, round(self.clock() - began, 3))
        if self.kept and not self.spent:
            values = {"results": [one.as_dict() for one in results], "seconds": done.seconds}
            write_atomic(self.kept / f"{entry.name}.json", json.dumps(values))
        return done

    def _results(self, entry: Entry, context: Context) -> list[Result]:
        """A probe that fails has no verdict; the others go on, and so does the run whose model it is."""
        try:
            context.tick()
            return list(entry.run(context))
        except Spent:
            self.spent = True
            return [not_run(entry.name, entry.name, NO_TIME_OF_RUN)]
        except Problem as problem:
            return [not_run(entry.name, entry.name, str(problem))]
        except Exception as fault:
            if self.stopping:
                raise
            traceback.print_exception(fault)
            return [not_run(entry.name, entry.name, f"The probe failed: {type(fault).__name__}: {fault}"[:300])]

    def _read(self, entry: Entry) -> Done | None:
        """What an earlier life found."""
        if not self.kept:
            return None
        try:
            values = json.loads((self.kept / f"{entry.name}.json").read_bytes())
            results = [Result(**{**one, "verdict": Verdict(one["verdict"])}) for one in values["results"]]
            return Done(results, float(values["seconds"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _told(self, context: Context, found: dict[str, Done]) -> dict[str, Any]:
        results = [one for done in found.values() for one in done.results]
        counts = Counter(one.verdict.value for one in results)
        material = context.material
        return {
            "format": FORMAT,
            "version": VERSION,
            "profile": self.profile.name,
            "summary": {one.value: counts[one.value] for one in Verdict},
            "results": [one.as_dict() for one in results],
            "model": {"sha256": context.subject.sha256},
            "data": {
                "held_out_sha256": material.sha256,
                "held_out_documents": len(material.held_out),
                "training_documents": len(material.training),
            },
            "training_languages": {language: round(share, 4) for language, share in context.seen.items()},
            "seed": context.seed,
            "seconds": {name: done.seconds for name, done in found.items()},
            "device": next(context.subject.model.parameters()).device.type,
            "threads": torch.get_num_threads(),
            "versions": {"fabrica": __version__, **versions()},
        }


def _sound(one: Result) -> Result:
    """A figure that is no number is none."""
    numbers = (one.value, one.low, one.high, one.baseline)
    if all(number is None or math.isfinite(number) for number in numbers):
        return one
    told = not_run(one.probe, one.name, "The figure is no finite number.", n=one.n, data_sha256=one.data_sha256)
    return replace(told, unit=one.unit)


def _personal(context: Context) -> list[Result]:
    training = [raw.decode(errors="replace") for raw in context.scanned] if context.material.training else None
    return personal.probe(
        context.subject,
        samples=context.samples,
        training=training,
        searched=context.scanned_share,
        held_out=context.texts,
        seed=context.seed,
    )


def _toxicity(context: Context) -> list[Result]:
    taught = context.taught(context.sizes.taught_bytes)
    return toxicity.probe(context.subject, samples=context.samples, training=taught, seed=context.seed)


def _bias(context: Context) -> list[Result]:
    return bias.probe(context.subject, budget=context.sizes.pairs, languages_seen=context.languages_seen)


def _robustness(context: Context) -> list[Result]:
    texts = context.texts
    return robustness.probe(context.subject, held_out=texts, budget=context.sizes.texts, seed=context.seed)


ENTRIES = (
    Entry(quality.PROBE, Cost.READING, quality.probe),
    Entry(memorising.PROBE, Cost.READING, memorising.probe),
    Entry(membership.PROBE, Cost.READING, membership.probe),
    Entry(contamination.PROBE, Cost.READING, contamination.probe),
    Entry(robustness.PROBE, Cost.READING, _robustness),
    Entry(bias.PROBE, Cost.READING, _bias),
    Entry(personal.PROBE, Cost.WRITING, _personal),
    Entry(toxicity.PROBE, Cost.WRITING, _toxicity),
    Entry(energy.PROBE, Cost.LIGHT, lambda context: energy.probe(context.folder)),
)
