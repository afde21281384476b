"""The units of a machine's file, in every direction: settings, budgets, what is read back, and what is charged."""

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from fabrica.clusters.adapters.port import AccountSpec
from fabrica.clusters.adapters.slurm import answers, commands, objects, rest_answers, rest_requests
from fabrica.clusters.adapters.slurm.settings import settings_from
from fabrica.kit.errors import Refused

PLAIN = {"cluster": "dev", "partition": "all", "gpus_per_node": 8}
MODULES = {"gpus_per_device": "1/2", "native": "GCD-hours"}
NODES = {"billed_by": "node", "native": "node-hours"}
SLICES = {"gpus_per_device": "1/7"}
KINDS = {"plain": {}, "modules": MODULES, "nodes": NODES, "half nodes": MODULES | NODES, "slices": SLICES}
# What ran, by hand: devices and nodes of AllocTRES, seconds from start to end, seconds that Slurm counted, and the
# GPU-seconds of each kind of machine. A node has 8 devices.
TRACE = [
    ("gres/gpu=1,node=1", 60, 60, {"plain": 60, "modules": 30, "nodes": 480, "half nodes": 240, "slices": 9}),
    ("gres/gpu=8,node=1", 3600, 3600,
     {"plain": 28_800, "modules": 14_400, "nodes": 28_800, "half nodes": 14_400, "slices": 4_115}),
    ("gres/gpu=3,node=3", 7, 7, {"plain": 21, "modules": 11, "nodes": 168, "half nodes": 84, "slices": 3}),
    ("gres/gpu:a=4,gres/gpu:b=2,node=2", 10, 4,  # suspended for 6 seconds
     {"plain": 24, "modules": 12, "nodes": 64, "half nodes": 32, "slices": 4}),
    ("cpu=16,node=2", 5, 5, {"plain": 0, "modules": 0, "nodes": 80, "half nodes": 40, "slices": 0}),
    ("gres/gpu=1,node=1", 1, 1, {"plain": 1, "modules": 1, "nodes": 8, "half nodes": 4, "slices": 1}),
    ("gres/gpu=1,node=1", 0, 0, {"plain": 0, "modules": 0, "nodes": 0, "half nodes": 0, "slices": 0}),
    ("gres/gpu=5,node=1", -3, 40, {"plain": 0, "modules": 0, "nodes": 0, "half nodes": 0, "slices": 0}),  # clock jumped
]  # fmt: skip
START = 1_795_000_000
FIELDS = [*commands.NEEDED, commands.LAST]


def settings(units):
    return settings_from(PLAIN | {"units": units})


def line(number, allocated, span, elapsed):
    row = {
        "JobIDRaw": str(number), "JobID": str(number), "Account": "team", "User": "fp0001", "State": "COMPLETED",
        "Submit": str(START), "Start": str(START), "End": str(START + span), "ElapsedRaw": str(elapsed),
        "AllocTRES": f"billing=1,{allocated}", "ExitCode": "0:0", "JobName": "a",
    }  # fmt: skip
    return answers.SEPARATOR.join(row[name] for name in FIELDS)


def as_json(number, allocated, span, elapsed):
    parts = [one.partition("=") for one in allocated.split(",")]
    tres = [{"type": name.partition("/")[0], "name": name.partition("/")[2], "count": int(n)} for name, _, n in parts]
    return {
        "job_id": number, "account": "team", "user": "fp0001", "name": "a", "state": {"current": ["COMPLETED"]},
        "time": {"submission": START, "start": START, "end": START + span, "elapsed": elapsed},
        "tres": {"allocated": [{"type": "billing", "name": "", "count": 1}, *tres]},
        "exit_code": {"return_code": 0, "signal": {"id": 0}},
    }  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_each_start_is_charged_as_by_hand_over_both_ways(kind):
    counting = settings(KINDS[kind]).counting
    lines = [line(number, *facts[:3]) for number, facts in enumerate(TRACE, 1)]
    jobs = {"jobs": [as_json(number, *facts[:3]) for number, facts in enumerate(TRACE, 1)]}
    told = [one.usage for one in answers.accounted(FIELDS, lines, "gpu", counting)]
    assert [one.gpu_seconds for one in told] == [charged[kind] for *_, charged in TRACE]
    assert [one.usage for one in rest_answers.accounted(jobs, "gpu", counting)] == told


def test_on_whole_nodes_all_devices_of_a_node_were_held():
    counting = settings(NODES).counting
    told = answers.accounted(FIELDS, [line(1, "gres/gpu=1,node=2", 60, 60)], "gpu", counting)
    assert [one.usage.devices for one in told] == [16]


def spec(limit):
    return AccountSpec("team", "Fabrica award A-1", limit, members=("fp0001",))


def found(asked, limits):
    """What sacctmgr shows of the account when its QoS has these limits."""
    accounts = ["team|fabrica|fabrica award a-1", "fabrica|fabrica|fabrica"]
    qos = [f"fabrica_team|NoDecay|{limits}||0|fabrica a team"]
    links = ["fabrica|root||", "team|fabrica|fabrica_team|fabrica_team"]
    return objects.found(asked, accounts, qos, links, ["fabrica||", "team||", "team|fp0001|"])


def found_over_rest(asked, total):
    """The same over REST."""
    accounts = {"accounts": [{"name": "team", "organization": "fabrica", "description": "fabrica award a-1"}]}
    limits = {"max": {"tres": {"minutes": {"total": total}}, "jobs": {}}}
    qos = {"qos": [{"name": "fabrica_team", "flags": ["NO_DECAY"], "description": "fabrica x", "limits": limits}]}
    team = {"account": "team", "parent_account": "fabrica", "default": {"qos": "fabrica_team"}, "qos": ["fabrica_team"]}
    above = {"account": "fabrica", "parent_account": "root"}
    return rest_answers.found(
        asked, accounts, qos, {"associations": [above, team, {"account": "team", "user": "fp0001"}]}
    )


def total_of(write):
    return write.body["qos"][0]["limits"]["max"]["tres"]["minutes"]["total"]


# An award of 1,019 GPU-seconds: what Slurm is told, and what that reads back as. A node has 8 devices.
BUDGETS = {
    "plain": ("gres/gpu=16", 960),
    "modules": ("gres/gpu=33", 990),
    "nodes": ("node=2", 960),
    "half nodes": ("node=4", 960),
    "slices": ("gres/gpu=118", 1_012),  # 118 x 60/7 = 1011.4
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_budget_is_set_in_what_slurm_counts_and_reads_back_so_that_nothing_is_left_to_do(kind):
    asked = settings(KINDS[kind])
    limits, read_back = BUDGETS[kind]
    have = found(asked, "gres/gpu=1" if asked.counted != "node" else "node=1")
    (change,) = objects.changes(asked, have, spec(1_019))
    assert change[-1] == f"GrpTRESMins={limits}"
    then = found(asked, limits)
    assert objects.spec_of(asked, then, "team").gpu_seconds_limit == read_back == asked.counting.kept(1_019)
    assert objects.changes(asked, then, spec(1_019)) == []
    assert objects.changes(asked, then, spec(read_back)) == []


@pytest.mark.parametrize("kind", KINDS)
def test_over_rest_it_is_the_same(kind):
    asked = settings(KINDS[kind])
    limits, read_back = BUDGETS[kind]
    (write,) = rest_requests.writes(asked, found_over_rest(asked, []), spec(1_019))
    (total,) = total_of(write)
    name = "/".join(part for part in (total["type"], total["name"]) if part)
    assert f"{name}={total['count']}" == limits
    then = found_over_rest(asked, [total])
    assert objects.spec_of(asked, then, "team").gpu_seconds_limit == read_back
    assert rest_requests.writes(asked, then, spec(1_019)) == []


@pytest.mark.parametrize(("units", "now", "before"), [(NODES, "node=2", "gres/gpu"), ({}, "gres/gpu=16", "node")])
def test_after_a_change_of_units_the_old_limit_is_told_as_none_and_lifted(units, now, before):
    asked = settings(units)
    have = found(asked, f"{before}=9,{now}")
    assert objects.spec_of(asked, have, "team").gpu_seconds_limit == 0
    (change,) = objects.changes(asked, have, spec(1_019))
    assert change[-1] == f"GrpTRESMins={now},{before}=-1"
    kind, _, name = before.partition("/")
    counted, _, minutes = now.partition("=")
    left = [{"type": kind, "name": name, "count": 9}]
    right = {"type": counted.partition("/")[0], "name": counted.partition("/")[2], "count": int(minutes)}
    (write,) = rest_requests.writes(asked, found_over_rest(asked, [*left, right]), spec(1_019))
    assert total_of(write) == [right, {**left[0], "count": -1}]


def test_an_account_without_a_limit_has_none_in_any_unit():
    asked = settings(NODES)
    assert objects.spec_of(asked, found(asked, ""), "team").gpu_seconds_limit is None
    assert objects.changes(asked, found(asked, ""), spec(None)) == []


@pytest.mark.parametrize(
    ("units", "native", "factor"),
    [
        ({}, "", Fraction(1)),
        (MODULES, "GCD-hours", Fraction(2)),
        (NODES, "node-hours", Fraction(1, 8)),
        (MODULES | NODES, "node-hours", Fraction(1, 4)),
        ({"native": "core-hours", "native_per_gpu_hour": 32}, "core-hours", Fraction(32)),
        ({"gpus_per_device": 1, "native_per_gpu_hour": "3/2"}, "", Fraction(3, 2)),
    ],
)
def test_the_unit_that_people_know_follows_from_what_is_counted_unless_it_is_told(units, native, factor):
    counting = settings(units).counting
    assert (counting.native, counting.native_per_gpu_hour, counting.step_seconds) == (native, factor, 60)


@pytest.mark.parametrize(
    ("units", "words"),
    [
        ({"gpus_per_device": 0.5}, "units.gpus_per_device must be a whole number or a fraction in quotes"),
        ({"gpus_per_device": "0.5"}, "units.gpus_per_device must be a whole number or a fraction in quotes"),
        ({"gpus_per_device": "1/0"}, "units.gpus_per_device must be"),
        ({"gpus_per_device": "1/61"}, "units.gpus_per_device must be"),
        ({"gpus_per_device": "-1/2"}, "units.gpus_per_device must be"),
        ({"gpus_per_device": True}, "units.gpus_per_device must be"),
        ({"gpus_per_device": 1_001}, "units.gpus_per_device must be"),
        ({"native_per_gpu_hour": 0}, "units.native_per_gpu_hour must be"),
        ({"billed_by": "core"}, "units.billed_by must be gpu or node"),
        ({"native": 4}, "units.native must be at most 40 letters"),
        ({"native": "a\nb"}, "units.native must be at most 40 letters"),
        ({"native": "x" * 41}, "units.native must be at most 40 letters"),
        ({"gpus": 1}, "gpus is unknown in units"),
        ("node", "units must be a table"),
    ],
)
def test_units_that_are_not_as_agreed_are_told_by_their_name(units, words):
    with pytest.raises(Refused) as told:
        settings(units)
    assert words in told.value.what


def test_the_accounting_of_a_real_cluster_reads_the_same_on_whole_nodes_of_one_device():
    """Each of the recorded jobs took one device of one node."""
    folder = Path(__file__).parent / "recorded/24.11"
    fields, lines = json.loads((folder / "fields.json").read_text())["fields"], (folder / "sacct.txt").read_text()
    nodes = settings_from(PLAIN | {"gpus_per_node": 1, "units": NODES}).counting
    plain = list(answers.accounted(fields, lines.splitlines(), "gpu"))
    assert list(answers.accounted(fields, lines.splitlines(), "gpu", nodes)) == plain
    eight = list(answers.accounted(fields, lines.splitlines(), "gpu", replace(nodes, devices_per_node=8)))
    assert [one.usage.gpu_seconds for one in eight if one.usage] == [
        8 * one.usage.gpu_seconds for one in plain if one.usage
    ]
