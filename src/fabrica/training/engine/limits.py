"""How long a run may take, how long a worker waits, and what a command may look like."""

import math
from collections.abc import Sequence
from datetime import timedelta
from pathlib import PurePosixPath

from fabrica.kit.errors import Refused

# A plan without a measured rate is easily off by half, and what is not used is given back.
MARGIN = 3.0
FLOOR_SECONDS = 600
MIN_TIME_LIMIT_SECONDS = 30
MAX_TIME_LIMIT_SECONDS = 7 * 86_400
DEFAULT_COMMAND_SECONDS = 3_600
MIN_ATTEMPT_SECONDS = 10
MAX_ATTEMPTS = 5
MAX_WAIT_SECONDS = 120
MAX_ARGUMENTS, MAX_ARGUMENT_LENGTH = 200, 4_000


def time_limit(planned_seconds: int | None, given: int | None) -> int:
    """The time limit of all attempts together, in seconds: as given, else thrice the plan and at least ten minutes.

    Raises Refused for one out of bounds.
    """
    if given is None and planned_seconds is None:
        return DEFAULT_COMMAND_SECONDS
    seconds = given if given is not None else max(FLOOR_SECONDS, math.ceil(MARGIN * (planned_seconds or 0)))
    if not MIN_TIME_LIMIT_SECONDS <= seconds <= MAX_TIME_LIMIT_SECONDS:
        raise Refused(
            f"A time limit of {seconds:,} seconds is out of bounds.",
            why=f"A run takes between {MIN_TIME_LIMIT_SECONDS} and {MAX_TIME_LIMIT_SECONDS:,} seconds.",
            todo="Give a time limit in these bounds, or plan fewer steps.",
        )
    return seconds


def check_nodes(devices: int, nodes: int) -> None:
    """Raises Refused where the devices cannot be spread evenly over the nodes; 0 stands for as few as they fit on."""
    if nodes < 0 or (nodes and devices % nodes):
        raise Refused(
            f"{devices} devices cannot be spread evenly over {nodes} nodes.",
            why="Each node gives the same number of devices.",
            todo="Ask for a multiple of the nodes, or leave the nodes out.",
        )


def wait_after(tries: int) -> timedelta:
    """How long to wait after so many failed tries in a row: 2, 4, 8 ... seconds, at most two minutes."""
    return timedelta(seconds=min(MAX_WAIT_SECONDS, 2 ** min(max(tries, 1), 10)))


def check_command(command: Sequence[object]) -> list[str]:
    """The command as a list of texts, the first a program. Raises Refused for anything else."""
    texts = [part for part in command if isinstance(part, str) and len(part) <= MAX_ARGUMENT_LENGTH]
    fits = 1 <= len(command) <= MAX_ARGUMENTS and len(texts) == len(command)
    if not fits or not texts[0].strip() or any("\0" in part for part in texts):
        raise Refused(
            "The command cannot be run.",
            why=f"It must be a program and at most {MAX_ARGUMENTS - 1} arguments of at most "
            f"{MAX_ARGUMENT_LENGTH:,} characters each. No shell reads it: write each argument by itself.",
        )
    return texts


def in_container(image: str, command: list[str], data: Sequence[str]) -> list[str]:
    """The command inside an Apptainer image, with the data folders mounted for reading. Raises Refused.

    `image` is an absolute path on the machine. Apptainer itself mounts the working folder, where results go.
    """
    if not PurePosixPath(image).is_absolute() or len(image) > MAX_ARGUMENT_LENGTH or {"\0", ","} & set(image):
        raise Refused(f"{image[:200]!r} is not the path of an image.", todo="Give its full path on the machine.")
    mounts = [part for folder in data for part in ("--bind", f"{folder}:{folder}:ro")]
    return ["apptainer", "exec", *mounts, image, *command]
