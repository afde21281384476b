"""Who takes whose place on a machine with `preempt/qos`: each QoS names those that its jobs may interrupt. Pure.

Each project has a QoS of its own, so the list of a project is that of all open projects in the modes that its own
interrupts. It is kept whole: those above name a QoS before its project gets an account or is opened again. What the
site added to a list stays; closed projects of ours leave it when it is next written.
"""

from fabrica.clusters.adapters.slurm.found import Budget, Found
from fabrica.clusters.adapters.slurm.settings import SlurmSettings
from fabrica.kit.errors import Refused

REQUEUE = "requeue"
# What is told after the mode of a project that has not its place; any call that puts the account puts this right too.
MISPLACED = " (not in its place)"
MOST_BELOW = 1_000  # a list is one argument of a command, of at most 128 kB
MOST_AT_ONCE = 1_000  # so are the names of those that get it; over SSH both are one argument together


def programme_account(settings: SlurmSettings, programme: str) -> str:
    """The account between the root and a project."""
    return f"{settings.root}_{programme}" if programme else settings.root


def programme_of(settings: SlurmSettings, parent: str) -> str:
    """The access mode that an account below `parent` stands under."""
    return parent.removeprefix(f"{settings.root}_") if parent != settings.root else ""


def meant(programme: str) -> str:
    """The mode of a project, whether or not it was told to be in its place."""
    return programme.removesuffix(MISPLACED)


def gives_way(settings: SlurmSettings, programme: str) -> bool:
    """Whether jobs of a mode may be interrupted by those of another."""
    return any(programme in one.preempts for one in settings.programmes.values())


def below(settings: SlurmSettings, have: Found, programme: str) -> frozenset[str]:
    """The QoS of the open projects that those of a mode may interrupt."""
    parents = [programme_account(settings, mode) for mode in settings.programme(programme).preempts]
    return frozenset().union(*(have.open_below.get(parent, frozenset()) for parent in parents))


def missing(settings: SlurmSettings, have: Found, programme: str, qos: str) -> frozenset[str]:
    """The QoS that this one must name and does not."""
    budget = have.budgets.get(qos)
    return below(settings, have, programme) - (budget.preempts if budget else frozenset()) - {qos}


def unaware(settings: SlurmSettings, have: Found, programme: str, qos: str) -> list[Budget]:
    """The QoS of open projects above this mode that do not name this QoS yet."""
    modes = [name for name, one in settings.programmes.items() if programme in one.preempts]
    names = {qos for mode in modes for qos in have.open_below.get(programme_account(settings, mode), ())}
    return [have.budgets[name] for name in sorted(names - {qos}) if qos not in have.budgets[name].preempts]


def listed(have: Found, budget: Budget | None, more: frozenset[str]) -> list[str]:
    """The whole list of a QoS with some added. Raises Refused where they are too many."""
    named = budget.preempts if budget else frozenset()
    closed = {name for name in named if name in have.budgets and have.budgets[name].is_closed_one_of_ours}
    names = sorted((named - closed) | more)
    if len(names) > MOST_BELOW:
        raise Refused(
            f"{len(names)} open projects would give way to another, and {MOST_BELOW} can be listed.",
            why="With preempt/qos each QoS names every other that it may interrupt.",
            todo="Use partitions of different priority (preempt/partition_prio); see docs/operator/slurm.md.",
        )
    return names


def stands(settings: SlurmSettings, have: Found, programme: str, qos: str) -> bool:
    """Whether an open project takes the place of those below, and gives way to those above, as its mode says."""
    budget = have.budgets.get(qos)
    if settings.preemption != "qos" or budget is None or not budget.is_open:
        return True
    is_requeued = not gives_way(settings, programme) or budget.preempt_mode == REQUEUE
    return is_requeued and not missing(settings, have, programme, qos) and not unaware(settings, have, programme, qos)
