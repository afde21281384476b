"""Several processes that train one model together: sums by torch.distributed, decisions by the first process."""

import os
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import torch
from torch import Tensor, distributed
from torch.distributed import PrefixStore, Store  # type: ignore[attr-defined]  # exported, but not in its types

from fabrica.kit.errors import Problem, Refused
from fabrica.trainer.alone import Alone, Interrupted, Value
from fabrica.trainer.devices import take_device
from fabrica.trainer.lines import Fault, Lines, Manners, Trouble
from fabrica.trainer.meeting import SECONDS, Clock, Hello, meet
from fabrica.trainer.place import Place

SUM_TIMEOUT = timedelta(minutes=30)
WORD_SECONDS = 5.0
LEAVE_SECONDS, END_SECONDS = 10.0, 120.0
POLL_SECONDS = 0.5


class Group(Alone):
    """This process among others that it met; `part` ends it."""

    def __init__(self, place: Place, lines: Lines, store: Store, device: str) -> None:
        self.rank, self.size, self.local_size = place.rank, place.size, place.local_size
        self.lines, self.store, self.device = lines, store, device
        self._led = 0

    def connect(self) -> "Group":
        """Let PyTorch connect the processes. Raises Refused when it cannot, Interrupted when one is lost meanwhile."""
        try:
            distributed.init_process_group(
                "nccl" if self.device == "cuda" else "gloo",
                store=self.store,
                rank=self.rank,
                world_size=self.size,
                timeout=SUM_TIMEOUT,
            )
            distributed.all_reduce(torch.zeros(1, device=self.device))
        except RuntimeError as problem:
            if self.lines.wait(self._broken, WORD_SECONDS):
                self._explain(problem)
            raise Refused(
                "The processes met, but cannot compute together.",
                why=str(problem).split("\n", 1)[0][:200],
                todo="Set GLOO_SOCKET_IFNAME (or NCCL_SOCKET_IFNAME) to the network interface that joins the nodes.",
            ) from problem
        return self

    def sum(self, numbers: Tensor) -> None:
        try:
            distributed.all_reduce(numbers)
        except RuntimeError as problem:
            self._explain(problem)

    def lead(self, work: Callable[[], Value]) -> Value:
        self._led += 1
        return self._first(work) if self.rank == 0 else self._follow(self._led)

    def tell(self, problem: Problem) -> None:
        self.lines.fail(Trouble(fault=(problem.what, problem.why, problem.todo)))

    def part(self, code: int, *, orderly: bool = True) -> int:
        lines = self.lines
        if self.rank == 0:
            lines.end = code
            lines.say({"end": code})
        elif orderly:
            lines.wait(self._broken, END_SECONDS)
        if lines.end is None:
            lines.say({"bye": True})
        lines.wait(lambda: not lines.peers, LEAVE_SECONDS)  # all that was said has been read
        lines.close()
        code = code if lines.end is None else lines.end
        if orderly:
            distributed.destroy_process_group()
        elif self.device != "cpu":
            # The device may wait for a sum that will never come, and hold up our exit.
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
        return code

    def _first(self, work: Callable[[], Value]) -> Value:
        answer: dict[str, Any] = {"led": self._led}
        try:
            answer["value"] = work()
        except Problem as problem:
            self.lines.say(answer | {"problem": [problem.what, problem.why, problem.todo]})
            raise
        except OSError as problem:
            self.lines.say(answer | {"system": [problem.errno, problem.strerror, str(problem.filename or "")]})
            raise
        self.lines.say(answer)
        value: Value = answer["value"]
        return value

    def _follow(self, number: int) -> Value:
        lines = self.lines
        while number not in lines.led:
            lines.wait(lambda: number in lines.led or self._broken(), POLL_SECONDS)
            if number not in lines.led and self._broken():
                self._explain(None)
        answer = lines.led.pop(number)
        if "problem" in answer:
            what, why, todo = answer["problem"]
            raise Refused(what, why=why, todo=todo)
        if "system" in answer:
            number, words, name = answer["system"]
            raise OSError(number, words, name or None)
        value: Value = answer["value"]
        return value

    def _broken(self) -> bool:
        return self.lines.trouble is not None or self.lines.end is not None

    def _explain(self, problem: Exception | None) -> None:
        """Raise what ended the common work: the fault that one told (Refused), or Interrupted."""
        self.lines.wait(self._broken, WORD_SECONDS)
        trouble = self.lines.trouble
        if trouble and trouble.fault:
            what, why, todo = trouble.fault
            raise Refused(what, why=why, todo=todo) from problem
        if trouble or self.lines.end is not None:
            raise Interrupted(str(trouble or "The first process ended.")) from problem
        raise Interrupted(f"The processes lost each other: {str(problem)[:200]}") from problem


def join(place: Place, name: str, *, seconds: float = SECONDS, manners: Manners | None = None) -> Group:
    """Meet the other processes of the training `name` within `seconds`; `connect` and `part` of the group follow.

    Raises Refused when one does not come or is not like the others, Interrupted when a wish to end comes first.
    """
    manners = manners or Manners(abandon=_abandon)
    device = take_device(place.local_rank)
    hello = Hello(place.rank, place.size, name, device)
    store, sockets = meet(place, hello, Clock(seconds, manners.wish))
    return Group(place, Lines(place.rank, sockets, manners).open(), PrefixStore("sums", store), device)


def _abandon(_fault: Fault | None, end: int | None) -> None:
    """End at once a process that hangs in a sum: 143 says that a further start may go on."""
    os._exit(143 if end is None else end)
