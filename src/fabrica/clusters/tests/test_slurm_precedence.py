"""Precedence by QoS: whom each project's QoS names, in what order that is said, and what is read back. Over both ways."""

from dataclasses import replace

import pytest

from fabrica.clusters.adapters.port import AccountSpec
from fabrica.clusters.adapters.slurm import objects, precedence, rest_answers, rest_requests
from fabrica.clusters.adapters.slurm.settings import settings_from
from fabrica.kit.errors import Refused

PLAIN = {"cluster": "dev", "partition": "all", "gpus_per_node": 2}
MODES = {
    "large": {"partition": "all", "priority": 100, "preempts": ["low", "mid"]},
    "mid": {"partition": "all", "preempts": ["low"]},
    "low": {"partition": "all"},
}
ASKED = settings_from(PLAIN | {"preemption": "qos", "programmes": MODES})


def spec(name, programme, *, is_open=True):
    return AccountSpec(name, "Fabrica award A-1", 600, programme, (), is_open)


class CommandLine:
    """What sacctmgr keeps of QoS, changed by the very commands."""

    def __init__(self):
        self.accounts, self.qos, self.said = {"fabrica": "root"}, {}, []

    def lines(self):
        accounts = [f"{name}|fabrica|fabrica award a-1" for name in self.accounts]
        qos = [
            "|".join([name, "NoDecay", *(one.get(key, "") for key in ("GrpTRESMins", "GrpSubmitJobs", "Priority")),
                      one.get("Preempt", ""), one.get("PreemptMode", "cluster"), one.get("Description", "")])
            for name, one in self.qos.items()
        ]  # fmt: skip
        links = [f"{name}|{parent}|fabrica_{name}|fabrica_{name}" for name, parent in self.accounts.items()]
        return accounts, qos, links, []

    def found(self):
        return objects.found(ASKED, *self.lines())

    def steps(self, want):
        return objects.changes(ASKED, self.found(), want)

    def take(self, command):
        self.said.append(command[3:])
        verb, kind, *rest = command[3:]
        pairs = dict(one.split("=", 1) for one in rest if "=" in one)
        if kind == "qos":
            for name in [rest[0]] if verb == "add" else pairs.pop("name").split(","):
                self.qos.setdefault(name, {}).update(pairs)
        elif kind == "account" and verb == "add":
            self.accounts[rest[0]] = pairs["parent"]

    def names(self, account):
        return sorted(self.found().budgets[f"fabrica_{account}"].preempts)


class OverRest:
    """What slurmdbd keeps of QoS, changed by the very bodies."""

    def __init__(self):
        self.accounts, self.qos = {"fabrica": "root"}, {}

    def found(self):
        limits = {"max": {"tres": {"minutes": {"total": []}}, "jobs": {}}}
        qos = [{"limits": limits, **one} for one in self.qos.values()]
        links = [
            {"account": name, "parent_account": parent, "default": {"qos": f"fabrica_{name}"}, "qos": [f"fabrica_{name}"]}
            for name, parent in self.accounts.items()
        ]  # fmt: skip
        accounts = [{"name": name, "organization": "fabrica", "description": "a"} for name in self.accounts]
        return rest_answers.found(ASKED, {"accounts": accounts}, {"qos": qos}, {"associations": links})

    def steps(self, want):
        return rest_requests.writes(ASKED, self.found(), want)

    def take(self, write):
        for one in write.body.get("qos", []):
            self.qos[one["name"]] = {**self.qos.get(one["name"], {}), **one}
        if "account" in write.body:
            condition = write.body["association_condition"]
            self.accounts[condition["accounts"][0]] = condition["association"]["parent"]

    def names(self, account):
        return sorted(self.found().budgets[f"fabrica_{account}"].preempts)


@pytest.fixture(params=[CommandLine, OverRest])
def machine(request):
    return request.param()


def put(machine, want):
    """Put an account; after each single step, every account that is there and open must stand in its place."""
    for step in machine.steps(want):
        machine.take(step)
        told = objects.specs(ASKED, machine.found())
        assert [one.name for one in told.values() if one.is_open and one.programme.endswith(precedence.MISPLACED)] == []
    assert machine.steps(want) == []


def test_each_project_names_those_below_in_whatever_order_they_come(machine):
    for name, mode in (("l1", "low"), ("t1", "large"), ("m1", "mid"), ("l2", "low"), ("t2", "large"), ("m2", "mid")):
        put(machine, spec(name, mode))
    below_large = ["fabrica_l1", "fabrica_l2", "fabrica_m1", "fabrica_m2"]
    assert {name: machine.names(name) for name in ("t1", "t2")} == {"t1": below_large, "t2": below_large}
    assert machine.names("m1") == machine.names("m2") == ["fabrica_l1", "fabrica_l2"]
    assert machine.names("l1") == []
    told = objects.specs(ASKED, machine.found())
    assert {name: one.programme for name, one in told.items()} == {
        "l1": "low", "l2": "low", "m1": "mid", "m2": "mid", "t1": "large", "t2": "large",
    }  # fmt: skip


def test_however_many_are_above_each_command_is_one_that_a_system_runs():
    machine = CommandLine()
    for number in range(2_500):
        name = f"{number:040}"
        machine.accounts[name] = "fabrica_large"
        machine.qos[f"fabrica_{name}"] = {"Description": "fabrica a", "Preempt": ""}
    put(machine, spec("l1", "low"))
    assert max(len(" ".join(one)) for one in machine.said) < 100_000
    assert {one.preempts for one in machine.found().budgets.values()} == {frozenset({"fabrica_l1"}), frozenset()}


def test_those_that_give_way_are_put_back_into_the_queue(machine):
    for name, mode in (("l1", "low"), ("t1", "large"), ("m1", "mid")):
        put(machine, spec(name, mode))
    modes = {name: one.preempt_mode for name, one in machine.found().budgets.items()}
    assert (modes["fabrica_l1"], modes["fabrica_m1"]) == ("requeue", "requeue")
    assert modes["fabrica_t1"] in ("cluster", "")


def test_a_project_that_is_closed_is_named_by_nobody_new_and_is_named_before_it_opens_again(machine):
    put(machine, spec("l1", "low"))
    closed = spec("l1", "low", is_open=False)
    for step in machine.steps(closed):
        machine.take(step)
    if isinstance(machine, OverRest):
        machine.qos["fabrica_l1"]["limits"] = {"max": {"tres": {"minutes": {"total": []}}, "jobs": {"count": 0}}}
    put(machine, spec("t1", "large"))
    assert machine.names("t1") == []
    put(machine, spec("l1", "low"))
    assert machine.names("t1") == ["fabrica_l1"]


def test_what_a_hand_took_out_of_a_list_is_told_of_both_and_put_right_by_either():
    machine = CommandLine()
    for name, mode in (("l1", "low"), ("t1", "large")):
        put(machine, spec(name, mode))
    for mended in ("l1", "t1"):
        machine.qos["fabrica_t1"]["Preempt"] = "standby"
        told = objects.specs(ASKED, machine.found())
        assert {name: one.programme for name, one in told.items()} == {
            "l1": "low (not in its place)", "t1": "large (not in its place)",
        }  # fmt: skip
        put(machine, replace(told[mended], description="Fabrica award A-1"))
        assert machine.names("t1") == ["fabrica_l1", "standby"]  # what the site added stays
        assert machine.accounts["t1"] == "fabrica_large"


def test_one_command_tells_all_that_have_the_same_list():
    machine = CommandLine()
    for number in range(50):
        put(machine, spec(f"t{number}", "large"))
    machine.said.clear()
    put(machine, spec("l1", "low"))
    changes = [one for one in machine.said if one[0] == "modify" and one[1] == "qos"]
    above = ",".join(sorted(f"fabrica_t{number}" for number in range(50)))
    assert changes == [["modify", "qos", "where", f"name={above}", "set", "Preempt=fabrica_l1"]]


def test_more_than_can_be_listed_are_refused_with_what_to_do():
    machine = CommandLine()
    for number in range(precedence.MOST_BELOW + 1):
        machine.accounts[f"l{number}"] = "fabrica_low"
        machine.qos[f"fabrica_l{number}"] = {"Description": "fabrica a", "PreemptMode": "requeue"}
    with pytest.raises(Refused) as told:
        machine.steps(spec("t1", "large"))
    assert told.value.what == "1001 open projects would give way to another, and 1000 can be listed."


def test_where_precedence_is_by_partition_no_list_is_asked_for_and_none_touched():
    plain = settings_from(PLAIN | {"programmes": {"large": {"partition": "top"}}})
    assert objects.show(plain, "t1")[1][-2:] == [
        "name=fabrica_t1", "format=Name,Flags,GrpTRESMins,GrpSubmitJobs,Priority,Description",
    ]  # fmt: skip
    assert objects.show(ASKED, "t1")[1][-1:] == [
        "format=Name,Flags,GrpTRESMins,GrpSubmitJobs,Priority,Preempt,PreemptMode,Description"
    ]
    have = rest_answers.found(plain, {}, {"qos": []}, {})
    assert "preempt" not in str(rest_requests.writes(plain, have, spec("t1", "large"))).lower()
    assert "Preempt" not in str(objects.changes(plain, have, spec("t1", "large")))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"preemption": "gang"}, "preemption must be partition or qos"),
        ({"preemption": "partition"}, 'programmes.large.preempts needs preemption = "qos"'),
        ({"programmes": {"a": {"partition": "all", "preempts": ["b"]}}}, "b is no mode of this file"),
        ({"programmes": {"a": {"partition": "all", "preempts": ["a"]}}}, "programmes.a would preempt itself"),
        (
            {"programmes": {"a": {"partition": "x", "preempts": ["b"]}, "b": {"partition": "x", "preempts": ["a"]}}},
            "programmes.a would preempt itself, in a circle",
        ),
        ({"programmes": {"a": {"partition": "all", "preempts": "b"}}}, "preempts must be a list of modes"),
        ({"programmes": {"a": {"partition": "all", "preempts": ["b c"]}}}, "preempts must be a plain word"),
    ],
)
def test_a_file_whose_precedence_makes_no_sense_is_told_by_name(changes, words):
    with pytest.raises(Refused) as told:
        settings_from(PLAIN | {"preemption": "qos", "programmes": MODES} | changes)
    assert words in told.value.what
