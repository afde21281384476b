"""Accounts as Slurm keeps them: an account, one QoS with its budget, and an association for each member. Pure.

The tree is root → programme → project. The organisation of an account, and the first word of a QoS' description, are
the name of our root: what does not carry it is not ours and is never touched. Nothing is ever deleted: a project is
closed by GrpSubmitJobs=0, a member by MaxSubmitJobs=0. The budget stands on the QoS with NoDecay, because the use of
an association fades; it is without DenyOnLimit, so that a job beyond it waits and a larger budget starts it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from fabrica.clusters.adapters.port import AccountSpec
from fabrica.clusters.adapters.slurm.answers import malformed, tres, whole
from fabrica.clusters.adapters.slurm.settings import SlurmSettings
from fabrica.kit.errors import Refused

MINUTE = 60
ACCOUNTS = ("Account", "Organization", "Description")
QOS = ("Name", "Flags", "GrpTRESMins", "GrpSubmitJobs", "Priority", "Description")
ASSOCIATIONS = ("Account", "ParentName", "User", "MaxSubmitJobs", "DefaultQOS", "QOS")
CHANGE = ["sacctmgr", "--immediate", "--quiet"]


@dataclass(frozen=True)
class Budget:
    """A QoS. `gpu_minutes` is None without a limit; `flags` are kept where they can only be written all at once."""

    name: str
    no_decay: bool
    gpu_minutes: int | None
    is_open: bool
    priority: int
    is_ours: bool
    flags: tuple[str, ...] = ()


@dataclass
class Found:
    """What Slurm has: accounts by name with their organisation and description, budgets, parents, members."""

    owners: dict[str, tuple[str, str]] = field(default_factory=dict)
    budgets: dict[str, Budget] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)
    account_qos: dict[str, tuple[str, str]] = field(default_factory=dict)
    members: dict[str, dict[str, bool]] = field(default_factory=dict)  # account: user: whether open


def show(settings: SlurmSettings, name: str = "") -> list[list[str]]:
    """What to ask sacctmgr: accounts, QoS, associations; of one account, or of all."""
    ask = ["sacctmgr", "--noheader", "--parsable2", "show"]
    above = f"{name},{settings.root}"
    return [
        [*ask, "account", *([f"account={name}"] if name else []), f"format={','.join(ACCOUNTS)}"],
        [*ask, "qos", *([f"name={qos_name(settings, name)}"] if name else []), f"format={','.join(QOS)}"],
        [*ask, "associations", f"cluster={settings.cluster}", *([f"account={above}"] if name else []),
         f"format={','.join(ASSOCIATIONS)}"],
    ]  # fmt: skip


def qos_name(settings: SlurmSettings, account: str) -> str:
    """What the QoS of an account is called."""
    return f"{settings.root}_{account}"


def programme_account(settings: SlurmSettings, programme: str) -> str:
    """The account between the root and a project."""
    return f"{settings.root}_{programme}" if programme else settings.root


def found(settings: SlurmSettings, accounts: Iterable[str], qos: Iterable[str], links: Iterable[str]) -> Found:
    """The three answers together. Raises Unreachable for a line that makes no sense."""
    have = Found()
    for name, owner, text in _rows("account", ACCOUNTS, accounts):
        have.owners[name] = (owner, text)
    for row in _rows("qos", QOS, qos):
        have.budgets[row[0]] = _budget(settings, row)
    for account, parent, user, submit, default, allowed in _rows("associations", ASSOCIATIONS, links):
        if user:
            have.members.setdefault(account, {})[user] = submit != "0"
        else:
            have.parents[account] = parent
            have.account_qos[account] = (default, allowed)
    return have


def _rows(what: str, names: tuple[str, ...], lines: Iterable[str]) -> Iterator[list[str]]:
    for line in lines:
        text = line.rstrip("\n")
        if text:
            values = text.split("|", len(names) - 1)  # the last is free text
            if len(values) != len(names):
                raise malformed(f"sacctmgr show {what}", text)
            yield values


def _budget(settings: SlurmSettings, row: list[str]) -> Budget:
    name, flags, limits, submit, priority, text = row
    minutes = tres(limits).get(f"gres/{settings.gres}")
    is_ours = text.split(" ", maxsplit=1)[0].lower() == settings.root.lower()
    return Budget(name, "NoDecay" in flags.split(","), minutes, submit != "0", whole(priority), is_ours)


def is_ours(settings: SlurmSettings, have: Found, account: str) -> bool:
    """Whether an account carries our mark."""
    return have.owners.get(account, ("", ""))[0].lower() == settings.root.lower()


def check_owned(settings: SlurmSettings, have: Found, account: str) -> None:
    """Refuse to touch an account or a QoS that does not carry our mark."""
    if account in have.owners and not is_ours(settings, have, account):
        raise Refused(
            f"The account {account} belongs to something else on this machine.",
            why=f"Its organisation is {have.owners[account][0]!r}, not {settings.root!r}.",
            todo="Remove or rename it on the machine; it is tried again by itself.",
        )
    budget = have.budgets.get(qos_name(settings, account))
    if budget is not None and not budget.is_ours:
        raise Refused(f"The QoS {budget.name} belongs to something else on this machine.", todo="Rename it there.")


def spec_of(settings: SlurmSettings, have: Found, name: str) -> AccountSpec | None:
    """The account as Slurm has it; None where there is none on this cluster. A budget that is not there is 0."""
    if name not in have.owners or name not in have.parents:
        return None
    budget = have.budgets.get(qos_name(settings, name))
    is_charged = have.account_qos[name][0] == qos_name(settings, name)
    minutes = (budget.gpu_minutes if budget.no_decay else 0) if budget and is_charged else 0
    parent = have.parents[name]
    programme = parent.removeprefix(f"{settings.root}_") if parent != settings.root else ""
    members = tuple(sorted(user for user, is_open in have.members.get(name, {}).items() if is_open))
    limit = None if minutes is None else minutes * MINUTE
    return AccountSpec(name, have.owners[name][1], limit, programme, members, budget is not None and budget.is_open)


def specs(settings: SlurmSettings, have: Found) -> dict[str, AccountSpec]:
    """Every account of ours but the root and the programmes."""
    tops = {settings.root, *(parent for parent in have.parents.values() if parent.startswith(f"{settings.root}_"))}
    named = (name for name in have.owners if name not in tops and is_ours(settings, have, name))
    return {name: spec for name in named if (spec := spec_of(settings, have, name)) is not None}


def changes(settings: SlurmSettings, have: Found, want: AccountSpec) -> list[list[str]]:
    """The commands that make it so, in an order in which any prefix is safe: budget first, members last.

    Empty where it is so already. Each states a value, so that applying one twice changes nothing.
    """
    name, qos = want.name, qos_name(settings, want.name)
    above = programme_account(settings, want.programme)
    return [
        *_tops(settings, have, above),
        *_qos(settings, have.budgets.get(qos), want, qos),
        *_account(settings, have, want, above),
        *_charged(settings, have, name, qos),
        *_members(settings, have.members.get(name, {}), want),
    ]


def _tops(settings: SlurmSettings, have: Found, above: str) -> Iterator[list[str]]:
    mark = [f"Organization={settings.root}", f"cluster={settings.cluster}"]
    for name, parent in ((settings.root, "root"), (above, settings.root)):
        if name not in have.parents and (name == settings.root or name != parent):
            yield [*CHANGE, "add", "account", name, f"parent={parent}", f"Description={name}", *mark]


def _limits(settings: SlurmSettings, want: AccountSpec) -> dict[str, str]:
    minutes = -1 if want.gpu_seconds_limit is None else want.gpu_seconds_limit // MINUTE
    return {
        "GrpTRESMins": f"gres/{settings.gres}={minutes}",
        "GrpSubmitJobs": "-1" if want.is_open else "0",
        "Priority": str(settings.programme(want.programme).priority),
    }


def _qos(settings: SlurmSettings, budget: Budget | None, want: AccountSpec, qos: str) -> Iterator[list[str]]:
    wanted = _limits(settings, want)
    pairs = [f"{name}={value}" for name, value in wanted.items()]
    if budget is None:
        about = f"Description={settings.root} {want.description}"
        yield [*CHANGE, "add", "qos", qos, about, "Flags=NoDecay", *pairs]
        return
    minutes = -1 if budget.gpu_minutes is None else budget.gpu_minutes
    has: Mapping[str, str] = {
        "GrpTRESMins": f"gres/{settings.gres}={minutes}",
        "GrpSubmitJobs": "-1" if budget.is_open else "0",
        "Priority": str(budget.priority),
    }
    differ = [f"{name}={value}" for name, value in wanted.items() if has[name] != value]
    if not budget.no_decay:
        differ.append("Flags+=NoDecay")
    if differ:
        yield [*CHANGE, "modify", "qos", "where", f"name={qos}", "set", *differ]


def _account(settings: SlurmSettings, have: Found, want: AccountSpec, above: str) -> Iterator[list[str]]:
    on_this = [f"cluster={settings.cluster}"]
    if want.name not in have.parents:
        yield [
            *CHANGE, "add", "account", want.name, f"parent={above}", f"Description={want.description}",
            f"Organization={settings.root}", *on_this,
        ]  # fmt: skip
    elif have.parents[want.name] != above:
        yield [*CHANGE, "modify", "account", "where", f"name={want.name}", *on_this, "set", f"parent={above}"]


def _charged(settings: SlurmSettings, have: Found, name: str, qos: str) -> Iterator[list[str]]:
    if have.account_qos.get(name) != (qos, qos):
        where = [f"name={name}", f"cluster={settings.cluster}"]
        yield [*CHANGE, "modify", "account", "where", *where, "set", f"QOS={qos}", f"DefaultQOS={qos}"]


def _members(settings: SlurmSettings, has: Mapping[str, bool], want: AccountSpec) -> Iterator[list[str]]:
    where = [f"account={want.name}", f"cluster={settings.cluster}"]
    for user in want.members:
        if user not in has:
            yield [*CHANGE, "add", "user", user, *where]  # no `set` here: it would become a user
        elif not has[user]:
            yield [*CHANGE, "modify", "user", "where", f"name={user}", *where, "set", "MaxSubmitJobs=-1"]
    for user in sorted(set(has) - set(want.members)):
        if has[user]:
            yield [*CHANGE, "modify", "user", "where", f"name={user}", *where, "set", "MaxSubmitJobs=0"]
