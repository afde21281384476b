"""Where one process of a training stands among the others: read from what torchrun or Slurm's srun set."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from fabrica.kit.errors import Refused

SIZE_AT_MOST, PORT_AT_MOST = 100_000, 65_535
TASKS_OF_NODES = re.compile(r"(\d+)(?:\(x(\d+)\))?")


@dataclass(frozen=True)
class Place:
    """One process among `size`; `local_rank` of `local_size` on its node. All meet at `host` and `port`.

    `served` says that the launcher itself keeps the meeting place (torchrun does), `life` tells its restarts apart.
    """

    rank: int = 0
    size: int = 1
    local_rank: int = 0
    local_size: int = 1
    host: str = ""
    port: int = 0
    served: bool = False
    life: str = "0"


def place_from(variables: Mapping[str, str]) -> Place:
    """The place that the environment tells: torchrun's variables, else srun's, else that of a process alone.

    Slurm's count only together with MASTER_ADDR and MASTER_PORT, which the batch script sets: a batch script without
    srun, and a shell in an allocation, have Slurm's numbers too. Raises Refused when the numbers make no sense.
    """
    if "RANK" in variables and "WORLD_SIZE" in variables:
        return _place(variables, ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE"))
    size = "SLURM_STEP_NUM_TASKS" if "SLURM_STEP_NUM_TASKS" in variables else "SLURM_NTASKS"
    if "SLURM_PROCID" in variables and size in variables:
        if "MASTER_ADDR" in variables and "MASTER_PORT" in variables:
            return _place({**variables, **_on_this_node(variables)}, ("SLURM_PROCID", size, "SLURM_LOCALID", "_LOCAL"))
        if _number(variables, "SLURM_PROCID", 0, SIZE_AT_MOST):
            raise _nonsense("MASTER_ADDR and MASTER_PORT are missing")
    return Place()


def _place(variables: Mapping[str, str], names: tuple[str, str, str, str]) -> Place:
    """The place that the variables of these names (rank, size, and both on this node) tell."""
    size = _number(variables, names[1], 1, SIZE_AT_MOST)
    if size == 1:
        return Place()
    local = _number({names[2]: "0", **variables}, names[2], 0, SIZE_AT_MOST)
    return Place(
        rank=_number(variables, names[0], 0, size - 1),
        size=size,
        local_rank=local,
        local_size=_number({names[3]: str(local + 1), **variables}, names[3], local + 1, size),
        host=variables.get("MASTER_ADDR", "") or _missing("MASTER_ADDR"),
        port=_number(variables, "MASTER_PORT", 1, PORT_AT_MOST),
        served=variables.get("TORCHELASTIC_USE_AGENT_STORE") == "True",
        life=variables.get("TORCHELASTIC_RESTART_COUNT") or variables.get("SLURM_RESTART_COUNT") or "0",
    )


def _on_this_node(variables: Mapping[str, str]) -> dict[str, str]:
    """How many tasks this node has, as `_LOCAL`, from Slurm's list such as `2(x3),1`; nothing where it tells none."""
    listed = variables.get("SLURM_STEP_TASKS_PER_NODE") or variables.get("SLURM_TASKS_PER_NODE") or ""
    node = _number({"SLURM_NODEID": "0", **variables}, "SLURM_NODEID", 0, SIZE_AT_MOST)
    for part in listed.split(","):
        found = TASKS_OF_NODES.fullmatch(part)
        if not found:
            return {}
        node -= int(found[2] or 1)
        if node < 0:
            return {"_LOCAL": found[1]}
    return {}


def _number(variables: Mapping[str, str], name: str, lowest: int, highest: int) -> int:
    told = variables.get(name, "")
    if not (told.isascii() and told.isdecimal() and len(told) < 10 and lowest <= int(told) <= highest):  # noqa: PLR2004 - nine digits are enough
        raise _nonsense(f"{name} is {told[:40]!r} and must be a whole number from {lowest} to {highest}")
    return int(told)


def _missing(name: str) -> str:
    raise _nonsense(f"{name} is missing")


def _nonsense(why: str) -> Refused:
    return Refused(
        "This process cannot tell its place among the others.",
        why=f"{why}.",
        todo="Start it with torchrun, or with srun from a batch script that exports MASTER_ADDR and MASTER_PORT.",
    )
