"""Reading what real clusters answered (tests/slurm/record.py): Slurm 22.05 and 24.11, by command line and by REST."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fabrica.clusters.adapters.port import AccountSpec, JobState
from fabrica.clusters.adapters.slurm import answers, commands, objects, rest_answers
from fabrica.clusters.adapters.slurm.jobs import status_of
from fabrica.clusters.adapters.slurm.settings import settings_from
from fabrica.kit.errors import Unreachable

RECORDED = Path(__file__).parent / "recorded"
SETTINGS = settings_from(
    {
        "cluster": "dev",
        "partition": "all",
        "gpus_per_node": 2,
        "programmes": {"large_scale": {"partition": "large", "priority": 100}},
    }
)
# Each start by hand from the recorded text: seconds used, how it ended, with what code.
STARTS = {
    "22.05": {
        "good": [(2, "COMPLETED", 0)],
        "bad": [(2, "FAILED", 3)],
        "chain": [(2, "COMPLETED", 0), (1, "COMPLETED", 0), (1, "COMPLETED", 0)],
        "put_back": [(2, "LOST", 0), (7, "COMPLETED", 0)],
        "paused": [(3, "COMPLETED", 0)],
        "never_started": [],
        "stopped": [(0, "CANCELLED", 0)],
        "two_parts": [(3, "COMPLETED", 0), (3, "COMPLETED", 0)],
        "running": [(6, "RUNNING", 0)],
        "suspended_now": [(0, "RUNNING", 0)],
        "waiting": [],
    },
    "24.11": {
        "good": [(2, "COMPLETED", 0)],
        "bad": [(2, "FAILED", 3)],
        "chain": [(1, "COMPLETED", 0), (2, "COMPLETED", 0), (1, "COMPLETED", 0)],
        "put_back": [(2, "LOST", 0), (6, "COMPLETED", 0)],
        "paused": [(2, "COMPLETED", 0)],
        "never_started": [],
        "stopped": [(1, "CANCELLED", 0)],
        "two_parts": [(3, "COMPLETED", 0), (3, "COMPLETED", 0)],
        "running": [(7, "RUNNING", 0)],
        "suspended_now": [(1, "RUNNING", 0)],
        "waiting": [],
    },
}
STATES = {
    "good": JobState.COMPLETED,
    "bad": JobState.FAILED,
    "chain": JobState.COMPLETED,
    "put_back": JobState.COMPLETED,
    "paused": JobState.COMPLETED,
    "never_started": JobState.CANCELLED,
    "stopped": JobState.CANCELLED,
    "two_parts": JobState.COMPLETED,
    "running": JobState.RUNNING,
    "suspended_now": JobState.RUNNING,
    "waiting": JobState.PENDING,
}


class Recording:
    """The command line of a version."""

    def __init__(self, version):
        self.version, self.folder = version, RECORDED / version
        about = self.json("jobs")
        self.jobs, self.mark = about["jobs"], about["mark"]
        facts = self.json("fields")
        self.fields, self.now = facts["fields"], datetime.fromtimestamp(facts["now"], UTC)
        self.team = f"recorded-{self.mark}"

    def json(self, name):
        return json.loads((self.folder / f"{name}.json").read_text())

    def lines(self, name):
        return (self.folder / f"{name}.txt").read_text().splitlines()

    def queued(self):
        return list(answers.queued(self.lines("squeue")))

    def accounted(self):
        return list(answers.accounted(self.fields, self.lines("sacct"), "gpu"))

    def found(self):
        return objects.found(SETTINGS, *(self.lines(one) for one in ("account", "qos", "links", "members")))

    def devices(self):
        return answers.devices(self.lines("sinfo"), "gpu")

    def partitions(self):
        return answers.partitions(self.lines("partitions"))

    def about(self):
        return "a team"


class RestRecording(Recording):
    """slurmrestd of 24.11, about the same jobs at the same time."""

    def queued(self):
        return list(rest_answers.queued(self.json("rest-jobs")))

    def accounted(self):
        return list(rest_answers.accounted(self.json("rest-accounting"), "gpu"))

    def found(self):
        return rest_answers.found(SETTINGS, *(self.json(f"rest-{one}") for one in ("account", "qos", "associations")))

    def devices(self):
        return rest_answers.devices(self.json("rest-nodes"), "gpu")

    def partitions(self):
        return rest_answers.partitions(self.json("rest-partitions"))


@pytest.fixture(
    params=[(Recording, "22.05"), (Recording, "24.11"), (RestRecording, "24.11")],
    ids=["command line 22.05", "command line 24.11", "REST 24.11"],
)
def recording(request):
    kind, version = request.param
    return kind(version)


def test_every_start_is_read_with_its_seconds_its_end_and_its_code(recording):
    starts = {name: [] for name in recording.jobs}
    for one in sorted(recording.accounted(), key=lambda one: one.started_at or recording.now):
        name = next(name for name, job_id in recording.jobs.items() if job_id == one.base_id)
        if one.usage:
            assert (one.usage.devices, one.usage.account, one.usage.user) == (1, recording.team, "fp0001")
            starts[name].append((one.usage.gpu_seconds, one.usage.state.value, one.exit_code))
    assert starts == STARTS[recording.version]


def test_every_start_has_a_key_of_its_own(recording):
    keys = [one.usage.key for one in recording.accounted() if one.usage]
    assert len(set(keys)) == len(keys) == 13


def test_a_job_as_a_whole_is_told_from_queue_and_accounting(recording):
    queued, starts = recording.queued(), recording.accounted()
    told = {
        name: status_of(
            job_id,
            [one for one in queued if one.base_id == job_id],
            [one for one in starts if one.base_id == job_id],
            recording.now,
        )
        for name, job_id in recording.jobs.items()
    }
    assert {name: one.state for name, one in told.items()} == STATES
    assert (told["put_back"].restarts, told["good"].restarts) == (1, 0)
    assert (told["waiting"].reason_code, told["waiting"].reason) == ("BeginTime", "It waits: BeginTime.")
    assert told["waiting"].starts_at > recording.now + timedelta(minutes=50)
    assert told["bad"].reason == "It ended with exit code 3."
    assert told["never_started"].started_at is None


def put_back(recording, ends):
    """What the accounting knows of the job that was put back: the first start, and whatever else is given."""
    job_id = recording.jobs["put_back"]
    first = next(one for one in recording.accounted() if one.base_id == job_id and one.state is JobState.PENDING)
    queued = [one for one in recording.queued() if one.base_id == job_id]
    return lambda now=recording.now, queue=queued: status_of(job_id, queue, [first, *ends(first)], now)


def test_a_job_that_was_put_back_has_not_ended_while_its_second_start_is_not_accounted(recording):
    told = put_back(recording, lambda first: [])
    assert told().state is JobState.RUNNING
    assert told(queue=[]).state is JobState.RUNNING
    assert told(now=recording.now + timedelta(hours=1), queue=[]).state is JobState.LOST


def test_a_job_that_was_put_back_and_cancelled_while_it_waited_was_cancelled(recording):
    again = dict(usage=None, word="CANCELLED by 0", started_at=None, ended_at=recording.now)
    told = put_back(recording, lambda first: [replace(first, submitted_at=first.ended_at, **again)])
    assert (told(queue=[]).state, told(queue=[]).reason) == (JobState.CANCELLED, "It was cancelled.")


def test_tasks_that_wait_are_one_line_of_the_queue_and_four_jobs(recording):
    (one,) = (one for one in recording.queued() if one.base_id == recording.jobs["waiting"])
    assert (one.task, rest_answers.tasks_in(one.task)) == ("1-4%2", 4)


def test_an_account_is_read_with_its_budget_its_place_and_its_members(recording):
    have = recording.found()
    about = have.owners[recording.team][1]
    assert about.lower() == "a team"
    assert objects.spec_of(SETTINGS, have, recording.team) == AccountSpec(
        recording.team, about, 600_000, programme="large_scale", members=("fp0001", "fp0002")
    )
    assert have.budgets[f"fabrica_{recording.team}"].priority == 100
    assert have.parents["fabrica"] == "root"


def test_devices_are_counted_once_though_their_node_is_in_three_partitions(recording):
    total, busy = recording.devices()
    assert (total, busy) == (8, 2)


def test_the_limits_of_partitions_are_read(recording):
    assert recording.partitions() == {"all": 2 * 86_400, "large": 2 * 86_400, "short": 60}


def test_command_line_and_rest_of_one_cluster_tell_the_same():
    line, rest = Recording("24.11"), RestRecording("24.11")
    by_key = {(one.base_id, one.usage.key if one.usage else ""): one for one in rest.accounted()}
    for one in line.accounted():
        other = by_key.pop((one.base_id, one.usage.key if one.usage else ""))
        assert replace(one, word=one.word.partition(" ")[0]) == other
    assert by_key == {}
    key = lambda one: (one.base_id, one.task)  # noqa: E731
    parts = {line.jobs["two_parts"], str(int(line.jobs["two_parts"]) + 1)}
    plain = [replace(one, task=one.task.replace("N/A", "")) for one in line.queued() if one.base_id not in parts]
    assert sorted(plain, key=key) == sorted((one for one in rest.queued() if one.base_id not in parts), key=key)
    assert line.found().parents == {
        one: parent for one, parent in rest.found().parents.items() if one in line.found().parents
    }


def test_a_field_that_a_version_does_not_know_is_not_asked_for():
    known = (RECORDED / "22.05" / "helpformat.txt").read_text()
    assert commands.account_fields(known) == Recording("22.05").fields
    assert commands.account_fields(known.replace("ConsumedEnergyRaw", "")) == [*commands.NEEDED, commands.LAST]


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[: len(text) // 2],  # cut in the middle of a line
        lambda text: text.replace("\x1f", "|"),
        lambda text: "sacct: error: something\n" + text,
        lambda text: text.replace("1795686", "soon"),
    ],
    ids=["cut", "other separator", "words between", "times in words"],
)
def test_lines_that_make_no_sense_are_told_and_nothing_of_them_is_used(change):
    recording = Recording("24.11")
    text = change((recording.folder / "sacct.txt").read_text())
    with pytest.raises(Unreachable) as told:
        list(answers.accounted(recording.fields, text.splitlines(), "gpu"))
    assert told.value.what in ("sacct answered what cannot be read.", "Slurm answered what cannot be read.")


@pytest.mark.parametrize(
    "change",
    [
        {"job_id": 0},
        {"job_id": "53; rm"},
        {"job_id": True},
        {"state": {"current": []}},
        {"name": ["a"]},
        {"time": {"start": "soon"}},
        {"time": {"elapsed": 1.5}},
        {"exit_code": {"return_code": {"set": True, "number": -1}}},
    ],
)
def test_json_that_makes_no_sense_is_told_and_nothing_of_it_is_used(change):
    job = RestRecording("24.11").json("rest-accounting")["jobs"][1]
    job = {name: {**one, **change[name]} if isinstance(change.get(name), dict) else one for name, one in job.items()}
    job |= {name: one for name, one in change.items() if not isinstance(one, dict)}
    with pytest.raises(Unreachable):
        list(rest_answers.accounted({"jobs": [job]}, "gpu"))


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (5, 5),
        (5.0, 5),
        ({"set": True, "infinite": False, "number": 5}, 5),
        ({"set": True, "number": 5.0}, 5),
        ({"set": False, "infinite": True, "number": 0}, None),
        ({"set": True, "infinite": True, "number": 0}, None),
        ({"set": False, "infinite": False, "number": 7}, None),
        (None, None),
        ({}, None),
    ],
)
def test_numbers_are_read_in_either_shape(value, number):
    assert rest_answers.number(value) == number


@pytest.mark.parametrize(
    ("states", "word"),
    [
        (["COMPLETED"], "COMPLETED"),
        (["COMPLETED", "COMPLETING"], "COMPLETING"),
        (["PENDING", "REQUEUED"], "REQUEUED"),
        (["RUNNING", "CONFIGURING"], "CONFIGURING"),
        ("PENDING", "PENDING"),
    ],
)
def test_of_several_words_the_one_that_squeue_prints_is_read(states, word):
    assert rest_answers.word_of(states) == word


@pytest.mark.parametrize(
    ("states", "counted"),
    [
        (["IDLE"], 2),
        (["ALLOCATED", "DRAIN"], 2),
        (["IDLE", "DRAIN"], 0),
        (["DOWN", "NOT_RESPONDING"], 0),
        (["FUTURE"], 0),
    ],
)
def test_a_node_that_runs_nothing_any_more_is_not_counted(states, counted):
    node = RestRecording("24.11").json("rest-nodes")["nodes"][0] | {"state": states}
    assert rest_answers.devices({"nodes": [node]}, "gpu")[0] == counted
