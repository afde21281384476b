"""What Slurm has of accounts, as both ways of asking tell it."""

from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True)
class Budget:
    """A QoS. `flags` are kept where they can only be written all at once.

    `minutes` is its limit in what this machine counts, devices or nodes, and None without one; `has_other_limit` says
    that the other of the two is limited as well, as after a change from one to the other. `preempts` and
    `preempt_mode` are read where the machine's precedence is by QoS.
    """

    name: str
    no_decay: bool
    minutes: int | None
    is_open: bool
    priority: int
    is_ours: bool
    flags: tuple[str, ...] = ()
    has_other_limit: bool = False
    preempts: frozenset[str] = frozenset()
    preempt_mode: str = ""

    @property
    def is_closed_one_of_ours(self) -> bool:
        return self.is_ours and not self.is_open


@dataclass
class Found:
    """What Slurm has: accounts by name with their organisation and description, budgets, parents, members."""

    owners: dict[str, tuple[str, str]] = field(default_factory=dict)
    budgets: dict[str, Budget] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)
    account_qos: dict[str, tuple[str, str]] = field(default_factory=dict)
    members: dict[str, dict[str, bool]] = field(default_factory=dict)  # account: user: whether open

    @cached_property
    def open_below(self) -> dict[str, frozenset[str]]:
        """The QoS of the open projects of ours below each account."""
        found: dict[str, set[str]] = {}
        for account, parent in self.parents.items():
            budget = self.budgets.get(self.account_qos.get(account, ("", ""))[0])
            if budget is not None and budget.is_ours and budget.is_open:
                found.setdefault(parent, set()).add(budget.name)
        return {parent: frozenset(names) for parent, names in found.items()}
