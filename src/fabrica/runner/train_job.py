"""A job of kind train in phases: tokenizer, train, evaluate, package, battery. What has its result is skipped."""

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fabrica.evaluation.battery import canaries
from fabrica.evaluation.battery.battery import FILE
from fabrica.evaluation.battery.energy import FILE as ENERGY
from fabrica.evaluation.battery.energy import Meter, as_json
from fabrica.evaluation.battery.evaluate import CANARIES, evaluate_folder
from fabrica.evaluation.battery.profiles import NONE, profile_of
from fabrica.evaluation.bigram import count_pairs
from fabrica.evaluation.measure import measure, sample, versions
from fabrica.kit.files import write_atomic
from fabrica.runner.evaluate_job import sources_of, tick_of
from fabrica.runner.job import Job
from fabrica.runner.progress import Progress
from fabrica.runner.stopping import Stop, Stopped
from fabrica.trainer.alone import ALONE, Alone
from fabrica.trainer.loop import Trainer
from fabrica.trainer.package import TOKENIZER, Packaged, save_package
from fabrica.trainer.recipe import Recipe, named, to_dict
from fabrica.trainer.report import Report
from fabrica.trainer.sizes import parameter_count, tokens_per_step, training_flops
from fabrica.trainer.texts import END, Texts, read_texts, split, stream
from fabrica.trainer.tokens import encode, load_tokenizer, save_tokenizer, train_tokenizer


class TrainJob:
    """One train job in its folder; `run` may be called again after any interruption.

    Of several processes (`group`) all train; the first alone prepares, measures, packs and writes.
    """

    def __init__(self, folder: Path, job: Job, progress: Progress, stop: Stop, group: Alone = ALONE) -> None:
        self.job, self.progress, self.stop, self.group = job, progress, stop, group
        self.first = group.rank == 0
        self.recipe: Recipe = job.recipe or named("demo")
        self.out, self.work, self.checkpoints = folder / "out", folder / "work", folder / "checkpoints"

    def run(self) -> dict[str, Any]:
        """Do what is not done yet; returns the summary for result.json, on the first process.

        Raises Stopped, Refused, OSError, Interrupted.
        """
        self.group.lead(self._prepare)
        self._train_and_pack()
        self.group.lead(self._battery)  # the trainer's memory is free by now
        return self._summary() if self.first else {}

    def finish(self) -> None:
        """Remove what only a further attempt would have needed, once the result is written."""
        shutil.rmtree(self.work, ignore_errors=True)

    def _prepare(self) -> None:
        """Read the text once: learn the tokenizer, keep tokens, held-out text, byte pairs, and what was counted."""
        self.stop.check()
        done = self.work / "text.json"
        if done.exists():
            return
        self.progress.tell("tokenizer", 0, 3)
        texts = read_texts(one.path for one in self.job.data)
        parts = split(texts.documents, self.recipe.held_out_share, self.recipe.held_out_bytes)
        training = self._planted(parts.training)
        self.stop.check()
        tokenizer = train_tokenizer(training, self.recipe.vocab_size, self.recipe.tokenizer_bytes)
        save_tokenizer(tokenizer, self.out / TOKENIZER)
        self.progress.tell("tokenizer", 1, 3)
        self.stop.check()
        tokens = encode(tokenizer, training)
        _write_array(self.work / "tokens.bin", tokens)
        self.progress.tell("tokenizer", 2, 3)
        self.stop.check()
        _write_array(self.work / "pairs.bin", count_pairs(stream(training)))
        write_atomic(self.work / "held_out.bin", stream(parts.held_out))
        counted = {"training_tokens": len(tokens), "training_documents": len(training)}
        training_bytes = sum(map(len, training)) + len(training)
        write_atomic(done, json.dumps({**_counts(texts), **counted, "training_bytes": training_bytes}))
        self.progress.tell("tokenizer", 3, 3)

    def _planted(self, training: tuple[bytes, ...]) -> tuple[bytes, ...]:
        """The training text with as many secrets as the recipe asks for; which ones is kept beside the model."""
        if not self.recipe.canaries:
            return training
        made = canaries.make(self.recipe.canaries, self.recipe.seed)
        write_atomic(self.out / CANARIES, json.dumps(canaries.as_values(made), indent=2) + "\n")
        return canaries.plant(training, made, self.recipe.seed)

    def _train_and_pack(self) -> None:
        trainer = self._train()
        self.group.lead(lambda: self._measure_and_pack(trainer))

    def _train(self) -> Trainer:
        """Train to the last step. Raises Stopped, on every process after the same step, when any wishes to end."""
        tokens = np.memmap(self.work / "tokens.bin", dtype=np.int32, mode="r")
        trainer = Trainer(self.recipe, tokens, self.checkpoints, self.group)
        if self.first:
            self.meter, self.whole = Meter(), trainer.step == 0
            self._begin_train(trainer.step)
        if not trainer.run(self._trained, lambda: bool(self.stop.reason())):
            raise Stopped(self.stop.reason() or "signal")
        return trainer

    def _begin_train(self, step: int) -> None:
        self.progress.forget_after(step)
        write_atomic(self.out / "recipe.json", json.dumps(to_dict(self.recipe), indent=2) + "\n")
        self.progress.tell("train", step, self.recipe.steps)

    def _trained(self, report: Report) -> None:
        if self.first:
            self.progress.trained(report, self.recipe.steps)

    def _measure_and_pack(self, trainer: Trainer) -> None:
        self._keep_energy()
        self.stop.check()
        trainer.optimisers.clear()  # their memory is not needed to measure
        self._evaluate(trainer)
        self.progress.tell("package", 0, 1)
        save_package(self.out, trainer.model, self.recipe, load_tokenizer(self.out / TOKENIZER))
        self.progress.tell("package", 1, 1)

    def _battery(self) -> None:
        """Measure what was packed, as the recipe says; a failing probe fails no run."""
        done = self.out / FILE
        if done.exists() or self.recipe.battery == NONE:
            return
        profile = profile_of(self.recipe.battery)
        kept, tick = self.work / f"battery-{profile.name}", tick_of(self.stop, self.progress)
        found = evaluate_folder(self.out, sources_of(self.job.data), profile, kept=kept, tick=tick)
        write_atomic(done, json.dumps(found, indent=2, allow_nan=False) + "\n")

    def _keep_energy(self) -> None:
        """Write what the training drew, where the machine's counters tell; a life that only resumes tells nothing."""
        path = self.out / ENERGY
        if not path.exists() and (energy := self.meter.measured(whole=self.whole)):
            write_atomic(path, as_json(energy))

    def _evaluate(self, trainer: Trainer) -> None:
        done = self.out / "evaluation.json"
        if done.exists():
            return
        held_out = tuple((self.work / "held_out.bin").read_bytes().split(END)[:-1])
        pairs = np.fromfile(self.work / "pairs.bin", dtype=np.int64).reshape(256, 256)
        tokenizer = load_tokenizer(self.out / TOKENIZER)
        report = measure(trainer.model, self.recipe, tokenizer, held_out, pairs=pairs, tick=self._tick)
        packaged = Packaged(trainer.model, tokenizer)
        write_atomic(self.out / "sample.txt", sample(packaged, held_out[0], self.recipe.seed) + "\n")
        text = json.loads((self.work / "text.json").read_bytes())
        write_atomic(done, json.dumps({**report, "text": text}, indent=2) + "\n")

    def _tick(self, done: int, of: int) -> None:
        self.stop.check()
        self.progress.tell("evaluate", done, of)

    def _summary(self) -> dict[str, Any]:
        lines = self.progress.lines()
        evaluation = json.loads((self.out / "evaluation.json").read_bytes())
        seconds = lines[-1]["elapsed_seconds"]
        tokens = tokens_per_step(self.recipe) * self.recipe.steps
        battery = self.out / FILE
        keys = ("bits_per_byte", "bits_per_byte_untrained", "bits_per_byte_bigram", "bits_per_byte_xz", "rivals")
        return {
            "loss_first": lines[0]["loss"],
            "loss_last": lines[-1]["loss"],
            "steps": self.recipe.steps,
            "tokens": tokens,
            "tokens_per_second": round(tokens / max(seconds, 1e-9), 1),
            "training_seconds": seconds,
            "training_flops": training_flops(self.recipe),
            "processes": self.group.size,
            "parameters": parameter_count(self.recipe),
            **{key: evaluation[key] for key in keys},
            "text": evaluation["text"],
            "device": evaluation["device"],
            "threads": evaluation["threads"],
            "versions": versions(),
            **({"battery": json.loads(battery.read_bytes())["summary"]} if battery.exists() else {}),
        }


def _counts(texts: Texts) -> dict[str, Any]:
    values = asdict(texts)
    return {"documents": len(values.pop("documents")), **values}


def _write_array(path: Path, values: "NDArray[Any]") -> None:
    write_atomic(path, values.tobytes())
