"""Accounts as Slurm keeps them: an account, one QoS with its budget, and an association for each member. Pure.

The tree is root → programme → project. The organisation of an account, and the first word of a QoS' description, are
the name of our root: what does not carry it is not ours and is never touched. Nothing is ever deleted: a project is
closed by GrpSubmitJobs=0, a member by MaxSubmitJobs=0. The budget stands on the QoS with NoDecay, because the use of
an association fades; it is without DenyOnLimit, so that a job beyond it waits and a larger budget starts it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from fabrica.clusters.adapters.port import AccountSpec
from fabrica.clusters.adapters.slurm import precedence
from fabrica.clusters.adapters.slurm.answers import malformed, tres, whole
from fabrica.clusters.adapters.slurm.found import Budget, Found
from fabrica.clusters.adapters.slurm.settings import SlurmSettings
from fabrica.kit.errors import Refused

ACCOUNTS = ("Account", "Organization", "Description")
QOS = ("Name", "Flags", "GrpTRESMins", "GrpSubmitJobs", "Priority")
PRECEDENCE = ("Preempt", "PreemptMode")
LINKS = ("Account", "ParentName", "DefaultQOS", "QOS")
MEMBERS = ("Account", "User", "MaxSubmitJobs")
CHANGE = ["sacctmgr", "--immediate", "--quiet"]


def show(settings: SlurmSettings, name: str = "") -> list[list[str]]:
    """What to ask sacctmgr: accounts, QoS, associations of accounts, and of members; of one account, or of all.

    The database looks up the parent of each association by itself, unless told not to (WOPInfo), and what it inherits
    (WOPLimits): 40,000 members take it many seconds. So parents are asked of the accounts alone. Where precedence is by
    QoS, those of all are asked for: each project names others.
    """
    ask = ["sacctmgr", "--noheader", "--parsable2", "show"]
    links = [*ask, "associations", f"cluster={settings.cluster}", "WOPLimits"]
    only = name if settings.preemption != "qos" else ""
    of_links = [f"account={only},{settings.root}"] if only else []
    return [
        [*ask, "account", *([f"account={name}"] if name else []), f"format={','.join(ACCOUNTS)}"],
        [*ask, "qos", *([f"name={qos_name(settings, only)}"] if only else []), f"format={','.join(_fields(settings))}"],
        [*links, "user=", *of_links, f"format={','.join(LINKS)}"],
        [*links, "WOPInfo", *of_links, f"format={','.join(MEMBERS)}"],
    ]


def _fields(settings: SlurmSettings) -> tuple[str, ...]:
    return (*QOS, *(PRECEDENCE if settings.preemption == "qos" else ()), "Description")


def qos_name(settings: SlurmSettings, account: str) -> str:
    """What the QoS of an account is called."""
    return f"{settings.root}_{account}"


def found(
    settings: SlurmSettings, accounts: Iterable[str], qos: Iterable[str], links: Iterable[str], members: Iterable[str]
) -> Found:
    """The four answers together. Raises Unreachable for a line that makes no sense."""
    have = Found()
    for name, owner, text in _rows("account", ACCOUNTS, accounts):
        have.owners[name] = (owner, text)
    for row in _rows("qos", _fields(settings), qos):
        have.budgets[row[0]] = _budget(settings, row)
    for account, parent, default, allowed in _rows("associations", LINKS, links):
        have.parents[account] = parent
        have.account_qos[account] = (default, allowed)
    for account, user, submit in _rows("associations", MEMBERS, members):
        if user:
            have.members.setdefault(account, {})[user] = submit != "0"
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
    name, flags, limits, submit, priority, *precedence_of, text = row
    names, mode = precedence_of or ("", "")
    minutes = tres(limits)
    is_ours = text.split(" ", maxsplit=1)[0].lower() == settings.root.lower()
    return Budget(
        name,
        "NoDecay" in flags.split(","),
        minutes.get(settings.counted),
        submit != "0",
        whole(priority),
        is_ours,
        has_other_limit=settings.not_counted in minutes,
        preempts=frozenset(one for one in names.split(",") if one),
        preempt_mode=mode.lower(),
    )


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
    """The account as Slurm has it; None where there is none on this cluster. A budget that does not hold is 0."""
    if name not in have.owners or name not in have.parents:
        return None
    budget = have.budgets.get(qos_name(settings, name))
    is_charged = have.account_qos[name][0] == qos_name(settings, name)
    holds = budget is not None and budget.no_decay and not budget.has_other_limit and is_charged
    minutes = budget.minutes if budget and holds else 0
    programme = precedence.programme_of(settings, have.parents[name])
    if not precedence.stands(settings, have, programme, qos_name(settings, name)):
        programme += precedence.MISPLACED
    members = tuple(sorted(user for user, is_open in have.members.get(name, {}).items() if is_open))
    limit = None if minutes is None else settings.counting.limit(minutes)
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
    want = replace(want, programme=precedence.meant(want.programme))
    name, qos = want.name, qos_name(settings, want.name)
    above = precedence.programme_account(settings, want.programme)
    limited, named = list(_qos(settings, have, want, qos)), list(_named(settings, have, want, qos))
    return [
        *_tops(settings, have, above),
        *(named + limited if qos in have.budgets else limited + named),
        *_account(settings, have, want, above),
        *_charged(settings, have, name, qos),
        *_members(settings, have.members.get(name, {}), want),
    ]


def _tops(settings: SlurmSettings, have: Found, above: str) -> Iterator[list[str]]:
    mark = [f"Organization={settings.root}", f"cluster={settings.cluster}"]
    for name, parent in ((settings.root, "root"), (above, settings.root)):
        if name not in have.parents and (name == settings.root or name != parent):
            yield [*CHANGE, "add", "account", name, f"parent={parent}", f"Description={name}", *mark]


def minutes_of(settings: SlurmSettings, want: AccountSpec) -> int | None:
    """The limit of an account in what the machine counts; None without one."""
    limit = want.gpu_seconds_limit
    return None if limit is None else settings.counting.steps(limit)


def _counted(settings: SlurmSettings, minutes: int | None) -> str:
    return f"{settings.counted}={-1 if minutes is None else minutes}"


def _limits(settings: SlurmSettings, want: AccountSpec) -> dict[str, str]:
    return {
        "GrpTRESMins": _counted(settings, minutes_of(settings, want)),
        "GrpSubmitJobs": "-1" if want.is_open else "0",
        "Priority": str(settings.programme(want.programme).priority),
    }


def _qos(settings: SlurmSettings, have: Found, want: AccountSpec, qos: str) -> Iterator[list[str]]:
    budget, wanted = have.budgets.get(qos), _limits(settings, want)
    pairs = [f"{name}={value}" for name, value in wanted.items()]
    if budget is None:
        about = f"Description={settings.root} {want.description}"
        yield [*CHANGE, "add", "qos", qos, about, "Flags=NoDecay", *pairs, *_place(settings, have, want, qos)]
        return
    if budget.has_other_limit:
        wanted["GrpTRESMins"] += f",{settings.not_counted}=-1"
    has: Mapping[str, str] = {
        "GrpTRESMins": _counted(settings, budget.minutes),
        "GrpSubmitJobs": "-1" if budget.is_open else "0",
        "Priority": str(budget.priority),
    }
    differ = [f"{name}={value}" for name, value in wanted.items() if has[name] != value]
    if not budget.no_decay:
        differ.append("Flags+=NoDecay")
    differ += _place(settings, have, want, qos)
    if differ:
        yield [*CHANGE, "modify", "qos", "where", f"name={qos}", "set", *differ]


def is_asked(settings: SlurmSettings, want: AccountSpec) -> bool:
    """Whether a project has a place among others here: a closed one has none."""
    return settings.preemption == "qos" and want.is_open


def _place(settings: SlurmSettings, have: Found, want: AccountSpec, qos: str) -> Iterator[str]:
    """Whom a QoS may interrupt, and what becomes of its own jobs. The whole list: `+=` of 22.05 loses some."""
    if not is_asked(settings, want):
        return
    budget = have.budgets.get(qos)
    if more := precedence.missing(settings, have, want.programme, qos):
        yield f"Preempt={','.join(precedence.listed(have, budget, more))}"
    if precedence.gives_way(settings, want.programme) and (not budget or budget.preempt_mode != precedence.REQUEUE):
        yield f"PreemptMode={precedence.REQUEUE}"


def _named(settings: SlurmSettings, have: Found, want: AccountSpec, qos: str) -> Iterator[list[str]]:
    """Let those above name this QoS; they have the same list mostly, and then one command says it to many."""
    by_list: dict[str, list[str]] = {}
    for one in precedence.unaware(settings, have, want.programme, qos) if is_asked(settings, want) else ():
        by_list.setdefault(",".join(precedence.listed(have, one, frozenset({qos}))), []).append(one.name)
    for names, above in by_list.items():
        for start in range(0, len(above), precedence.MOST_AT_ONCE):
            some = ",".join(above[start : start + precedence.MOST_AT_ONCE])
            yield [*CHANGE, "modify", "qos", "where", f"name={some}", "set", f"Preempt={names}"]


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
