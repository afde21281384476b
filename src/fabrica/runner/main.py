"""One attempt at one job: look what is done, do the rest, and leave an exit code that tells the portal what to do.

0 done; 3 failed for good, see failure.json; 143 ended in order, a further start goes on; 75 another attempt holds the
folder. Of several processes all end with the code of the first, which alone writes into the folder.
"""

import os
import shutil
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import NoReturn

from fabrica.kit.errors import Problem, Refused
from fabrica.runner.command import run_command
from fabrica.runner.failure import explain, release, reserve, write_failure
from fabrica.runner.folder import lock, same_job, verify, verify_model, write_result
from fabrica.runner.job import Job, read_job
from fabrica.runner.progress import Progress
from fabrica.runner.stopping import Stop, Stopped
from fabrica.runner.used import Used
from fabrica.trainer.alone import ALONE, Alone, Interrupted
from fabrica.trainer.place import Place, place_from

DONE, FAILED, BUSY, SIGNALLED = 0, 3, 75, 143
RENDEZVOUS_SECONDS, RENDEZVOUS_SECONDS_AT_MOST = 300, 3_600


def main(arguments: list[str]) -> int:
    """Run the job of `arguments` (one path, to job.json); returns the exit code."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m fabrica.runner JOB.json\n")
        return 2
    stop = Stop(began=time.monotonic()).listen()
    path = Path(arguments[0]).resolve()
    busy = False
    with ExitStack() as held:
        try:
            attempt = Attempt(path, os.environ, stop)
            if attempt.first:
                held.enter_context(lock(path.parent))
        except BlockingIOError:
            sys.stderr.write("Another attempt still works in this folder.\n")
            busy = True
        except OSError as problem:
            sys.stderr.write(f"The job folder cannot be used: {problem}\n")
            return FAILED
        return attempt.run(busy=busy)


class Attempt:
    """One process's part in an attempt."""

    def __init__(self, path: Path, variables: Mapping[str, str], stop: Stop) -> None:
        self.path, self.folder, self.stop = path, path.parent, stop
        self.group: Alone = ALONE
        self.nonsense: Refused | None = None
        try:
            self.place = place_from(variables)
            self.patience = _patience(variables)
        except Refused as problem:
            self.place, self.nonsense = Place(), problem
        self.first = self.place.rank == 0
        self.job: Job | None = None

    def run(self, *, busy: bool) -> int:
        """Do all that is left; returns the exit code, on every process that of the first."""
        orderly = True
        try:
            code = self._run(busy=busy)
        except Stopped as stopped:
            code = self._stopped(stopped.reason)
        except Interrupted as lost:
            sys.stderr.write(f"{self._who()}{lost}\n")
            code, orderly = SIGNALLED, False
        except Exception as fault:  # noqa: BLE001 - whatever it was, the portal is told
            code, orderly = self._fail(fault), False
        if self.first and not busy:
            release(self.folder)
        return self.group.part(code, orderly=orderly)

    def _run(self, *, busy: bool) -> int:
        if self.place.size > 1 and not self._meet():
            return DONE
        code = self.group.lead(lambda: BUSY if busy else DONE if (self.folder / "result.json").exists() else None)
        if code is not None:
            return int(code)
        if self.first:
            (self.folder / "failure.json").unlink(missing_ok=True)
            reserve(self.folder)
        if self.nonsense:
            raise self.nonsense
        self.job = read_job(self.path)
        self._work(self.job)
        return DONE

    def _meet(self) -> bool:
        """Join the other processes of a training; False when there is nothing for this one to do.

        A user's command is started once, by the first: it may be a program of several processes itself.
        """
        job = read_job(self.path)
        if job.kind != "train":
            return self.first
        _all_came(job, self.place.size)
        from fabrica.trainer.group import join  # noqa: PLC0415 - slow import, and a process alone needs none of it
        from fabrica.trainer.lines import Manners  # noqa: PLC0415 - with it

        def wish() -> bool:
            return self.stop.signalled

        manners = Manners(self._abandon, wish, self.stop.note)
        group = join(self.place, job.run, seconds=self.patience, manners=manners)
        self.group = group
        group.connect()
        return True

    def _work(self, job: Job) -> None:
        """All of the job that is not done yet, and last of all result.json."""
        if not self.first:
            self._train(job)
            return
        with Used(self.folder, job.attempt, self.stop.began) as used:
            self.stop.bind(job, used.before)
            if job.kind == "train":
                used.keep()
                self._train(job)
                return
            self._check(job)
            if job.kind == "evaluate":
                self._evaluate(job, used)
                return
            Progress(self.folder).tell("command")
            run_command(job, self.folder / "out", self.stop, used.note)
            write_result(self.folder, job, {})

    def _train(self, job: Job) -> None:
        _all_came(job, self.place.size)
        self.group.lead(lambda: self._check(job))
        from fabrica.runner.train_job import TrainJob  # noqa: PLC0415 - slow import, and a command needs no PyTorch

        training = TrainJob(self.folder, job, Progress(self.folder), self.stop, self.group)
        summary = training.run()
        self.group.lead(lambda: write_result(self.folder, job, summary))
        if self.first:
            training.finish()

    def _evaluate(self, job: Job, used: Used) -> None:
        from fabrica.runner.evaluate_job import evaluate  # noqa: PLC0415 - slow import, as above

        used.keep()
        summary = evaluate(job, self.folder, self.stop, Progress(self.folder))
        write_result(self.folder, job, summary)
        shutil.rmtree(self.folder / "work", ignore_errors=True)

    def _check(self, job: Job) -> None:
        same_job(self.folder, job)
        if job.model:
            verify_model(job.model)
        for one in job.data:
            verify(one)

    def _stopped(self, reason: str) -> int:
        if reason == "time limit" and self.job:
            return self._fail(_out_of_time(self.job.time_limit_seconds))
        return SIGNALLED

    def _fail(self, fault: Exception) -> int:
        """Say why it is for good: the first process in failure.json, the others to the first."""
        problem = explain(fault)
        if self.first or self.group is ALONE:
            sys.stderr.write(f"{self._who()}{problem}\n")
        self.group.tell(problem)
        if self.first:
            self._write_failure(problem)
        return FAILED

    def _write_failure(self, problem: Problem) -> None:
        with suppress(OSError):  # then the log is all there is; the code still says it is for good
            write_failure(self.folder, problem)

    def _abandon(self, fault: tuple[str, str, str] | None, end: int | None) -> NoReturn:
        """End at once, as a thread, while this process hangs in a sum that will never come."""
        if self.first and fault:
            self._write_failure(Problem(fault[0], why=fault[1], todo=fault[2]))
        code = FAILED if fault else SIGNALLED
        os._exit(code if end is None else end)

    def _who(self) -> str:
        return f"Process {self.place.rank}: " if self.place.size > 1 else ""


def _all_came(job: Job, size: int) -> None:
    """Raise Refused unless as many processes were started as the job asks for, where it asks for several."""
    if job.processes not in (1, size):
        raise Refused(
            f"The job asks for {job.processes} processes, and {size} came.",
            why="Each must be told its place: by torchrun, or by srun with MASTER_ADDR and MASTER_PORT.",
            todo="Launch the run again; if that does not help, tell the operator.",
        )


def _patience(variables: Mapping[str, str]) -> int:
    """How many seconds a process waits for the others at the start."""
    told = variables.get("FABRICA_RENDEZVOUS_SECONDS") or str(RENDEZVOUS_SECONDS)
    if not (told.isascii() and told.isdecimal() and 1 <= int(told) <= RENDEZVOUS_SECONDS_AT_MOST):
        raise Refused(f"FABRICA_RENDEZVOUS_SECONDS must be from 1 to {RENDEZVOUS_SECONDS_AT_MOST}.")
    return int(told)


def _out_of_time(seconds: int) -> Refused:
    return Refused(
        "The run reached its time limit.",
        why=f"time limit: {seconds} seconds. The last step done is in a checkpoint.",
        todo="Launch it again with more time, or with fewer steps.",
    )
