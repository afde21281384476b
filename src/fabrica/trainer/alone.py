"""What a training asks of the processes it shares the work with, and the answers of a process that is alone."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from fabrica.kit.errors import Problem, Refused

if TYPE_CHECKING:
    from torch import Tensor

Value = int | str | None


class Interrupted(Exception):
    """The processes cannot go on together, a further start can: one of them is gone, or was asked to end."""


class Alone:
    """One process that has all the work. Loads no PyTorch."""

    rank, size, local_size = 0, 1, 1

    def rows(self, batch: int) -> slice:
        """The rows of a global batch that are this process's: as even as can be, the first ones take one more.

        Raises Refused when there are fewer rows than processes.
        """
        if batch < self.size:
            raise Refused(
                f"A batch of {batch} cannot be shared by {self.size} processes.",
                why="Each process takes at least one sequence of every step.",
                todo=f"Start at most {batch} processes, or raise batch in the recipe of a new run.",
            )
        each, more = divmod(batch, self.size)
        start = self.rank * each + min(self.rank, more)
        return slice(start, start + each + (self.rank < more))

    def sum(self, numbers: "Tensor") -> None:
        """Replace the numbers by their sum over all processes: the same bits everywhere."""

    def lead(self, work: Callable[[], Value]) -> Value:
        """Let the first process do `work` while the others wait; all get its value.

        A Problem or OSError of the first is raised by all, in the same words.
        """
        return work()

    def tell(self, problem: Problem) -> None:
        """Tell all others that this process failed for good, and why."""

    def part(self, code: int, *, orderly: bool = True) -> int:
        """Leave the others; returns the exit code of the first process, which all end with.

        Not `orderly`, after Interrupted or a fault that was told: at once, because a sum of others may hang until this
        process is gone; the code is then that of this process, unless the first one's is known.
        """
        del orderly
        return code


ALONE = Alone()
