"""What slurmrestd is asked to change, as bodies of requests. Pure.

A job is posted as its batch script says: slurmrestd reads no #SBATCH line, so each is turned into its field here, and
the script that a person reads stays the whole truth for both ways. For accounts, each write states a value, so that
applying one twice changes nothing; what is still to be written after writing was dropped by the machine.
"""

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from fabrica.clusters.adapters.port import AccountSpec
from fabrica.clusters.adapters.slurm import precedence
from fabrica.clusters.adapters.slurm.found import Found
from fabrica.clusters.adapters.slurm.objects import is_asked, minutes_of, qos_name
from fabrica.clusters.adapters.slurm.precedence import programme_account
from fabrica.clusters.adapters.slurm.settings import SlurmSettings
from fabrica.kit.errors import Refused

Fields = dict[str, Any]
NO_LIMIT = {"set": False, "infinite": True, "number": 0}
# The least environment that slurmrestd takes; the script sets everything itself.
ENVIRONMENT = ["PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8"]


def count(value: int) -> Fields:
    """A number as slurmrestd writes it."""
    return {"set": True, "infinite": False, "number": value}


def _signal(value: str) -> Fields:
    match = re.fullmatch(r"B:([A-Z0-9]+)@(\d+)", value)
    if match is None:
        raise Refused(f"The job's signal {value[:40]!r} cannot be asked over REST.")
    flags = {"kill_warning_flags": ["BATCH_JOB"], "kill_warning_delay": count(int(match[2]))}
    return {"kill_warning_signal": match[1], **flags}


_FIELDS: Mapping[str, Callable[[str], Fields]] = {
    "job-name": lambda value: {"name": value},
    "comment": lambda value: {"comment": value},
    "account": lambda value: {"account": value},
    "qos": lambda value: {"qos": value},
    "partition": lambda value: {"partition": value},
    "nodes": lambda value: {"nodes": value},
    "ntasks-per-node": lambda value: {"tasks_per_node": int(value)},
    "gres": lambda value: {"tres_per_node": f"gres/{value}"},
    "cpus-per-task": lambda value: {"cpus_per_task": int(value)},
    "time": lambda value: {"time_limit": count(int(value))},
    "array": lambda value: {"array": value},
    "signal": _signal,
    "requeue": lambda _: {"requeue": True},
    "export": lambda _: {"environment": ENVIRONMENT},
    "open-mode": lambda value: {"open_mode": value.upper()},
    "chdir": lambda value: {"current_working_directory": value},
    "output": lambda value: {"standard_output": value},
}


def job(script: str) -> Fields:
    """The body that submits a batch script. Raises Refused for a line that has no field here."""
    asked: Fields = {}
    for line in script.splitlines():
        if line.startswith("#SBATCH "):
            option, _, value = shlex.split(line)[1].removeprefix("--").partition("=")
            if option not in _FIELDS:
                raise Refused(f"The job's line --{option} cannot be asked over REST.")
            asked |= _FIELDS[option](value)
    asked["tasks"] = int(asked["nodes"]) * asked["tasks_per_node"]
    return {"job": {**asked, "script": script}}


@dataclass(frozen=True)
class Write:
    """One change of the accounting. `what` names it for a person."""

    what: str
    path: str
    body: Fields


def writes(settings: SlurmSettings, have: Found, want: AccountSpec) -> list[Write]:
    """What makes it so, in an order in which any prefix is safe: budget first, members last. [] where it is so."""
    want = replace(want, programme=precedence.meant(want.programme))
    above = programme_account(settings, want.programme)
    budget, named = list(_budget(settings, have, want)), list(_named(settings, have, want))
    return [
        *_tops(settings, have, above),
        *(named + budget if qos_name(settings, want.name) in have.budgets else budget + named),
        *_account(settings, have, want, above),
        *_members(settings, have.members.get(want.name, {}), want),
    ]


def _tops(settings: SlurmSettings, have: Found, above: str) -> Iterator[Write]:
    for name, parent in ((settings.root, "root"), (above, settings.root)):
        if name not in have.parents and (name == settings.root or name != parent):
            yield _add_account(settings, name, name, {"parent": parent})


def _add_account(settings: SlurmSettings, name: str, about: str, links: Fields) -> Write:
    condition = {"accounts": [name], "clusters": [settings.cluster], "association": links}
    short = {"organization": settings.root, "description": about}
    return Write(
        f"the account {name}", "slurmdb/accounts_association/", {"association_condition": condition, "account": short}
    )


def _budget(settings: SlurmSettings, have: Found, want: AccountSpec) -> Iterator[Write]:
    has, place = have.budgets.get(qos_name(settings, want.name)), _place(settings, have, want)
    minutes = minutes_of(settings, want)
    priority = settings.programme(want.programme).priority
    wanted = (True, minutes, want.is_open, priority, False)
    if has and (has.no_decay, has.minutes, has.is_open, has.priority, has.has_other_limit) == wanted and not place:
        return
    limits = [_limit(settings.counted, minutes)]
    if has and has.has_other_limit:
        limits.append(_limit(settings.not_counted, None))
    name = qos_name(settings, want.name)
    fields = {
        "name": name,
        # flags are replaced as a whole: those that are not told are lost, NO_DECAY before all
        "flags": sorted({*(has.flags if has else ()), "NO_DECAY"}),
        "priority": count(priority),
        "limits": {
            "max": {"tres": {"minutes": {"total": limits}}, "jobs": {"count": NO_LIMIT if want.is_open else count(0)}}
        },
    }
    about = {} if has else {"description": f"{settings.root} {want.description}"}
    yield Write(f"the budget {name}", "slurmdb/qos/", {"qos": [{**fields, **place, **about}]})


def _place(settings: SlurmSettings, have: Found, want: AccountSpec) -> Fields:
    """Whom a QoS may interrupt, and what becomes of its own jobs; {} where both are as wanted."""
    if not is_asked(settings, want):
        return {}
    qos = qos_name(settings, want.name)
    has = have.budgets.get(qos)
    more = precedence.missing(settings, have, want.programme, qos)
    mode = has.preempt_mode if has else ""
    is_new = precedence.gives_way(settings, want.programme) and mode != precedence.REQUEUE
    if not more and not is_new:
        return {}
    return _preempt(precedence.listed(have, has, more), precedence.REQUEUE if is_new else mode)


def _preempt(names: list[str], mode: str) -> Fields:
    """A whole list; that a QoS is put back into the queue is said with it, so that it is not lost."""
    requeue = {"mode": [mode.upper()]} if mode == precedence.REQUEUE else {}
    return {"preempt": {"list": names, **requeue}}


def _named(settings: SlurmSettings, have: Found, want: AccountSpec) -> Iterator[Write]:
    """Let those above name this QoS."""
    qos = qos_name(settings, want.name)
    for one in precedence.unaware(settings, have, want.programme, qos) if is_asked(settings, want) else ():
        names = precedence.listed(have, one, frozenset({qos}))
        fields = {"name": one.name, "flags": sorted(one.flags), **_preempt(names, one.preempt_mode)}
        yield Write(f"that {one.name} takes its place", "slurmdb/qos/", {"qos": [fields]})


def _limit(tres: str, minutes: int | None) -> Fields:
    kind, _, name = tres.partition("/")
    return {"type": kind, "name": name, "count": -1 if minutes is None else minutes}


def _account(settings: SlurmSettings, have: Found, want: AccountSpec, above: str) -> Iterator[Write]:
    qos = qos_name(settings, want.name)
    if want.name not in have.parents:
        links = {"parent": above, "defaultqos": qos, "qoslevel": [qos]}
        yield _add_account(settings, want.name, want.description, links)
        return
    moved = {} if have.parents[want.name] == above else {"parent_account": above}
    charged = {} if have.account_qos.get(want.name) == (qos, qos) else {"qos": [qos], "default": {"qos": qos}}
    if moved or charged:
        yield _change(settings, f"where the account {want.name} stands", want.name, "", {**moved, **charged})


def _change(settings: SlurmSettings, what: str, account: str, user: str, fields: Fields) -> Write:
    link = {"account": account, "cluster": settings.cluster, "user": user, **fields}
    return Write(what, "slurmdb/associations/", {"associations": [link]})


def _members(settings: SlurmSettings, has: Mapping[str, bool], want: AccountSpec) -> Iterator[Write]:
    if fresh := [user for user in want.members if user not in has]:
        condition = {"accounts": [want.name], "clusters": [settings.cluster], "users": fresh}
        body = {"association_condition": condition, "user": {}}
        yield Write(f"the members {', '.join(fresh)}", "slurmdb/users_association/", body)
    for user, is_open in sorted(has.items()):
        if is_open != (user in want.members):
            # `total` is MaxSubmitJobs; `per/submitted`, which sounds like it, is GrpSubmitJobs of a whole account
            limit = NO_LIMIT if user in want.members else count(0)
            yield _change(settings, f"the member {user}", want.name, user, {"max": {"jobs": {"total": limit}}})
