"""A Slurm that hangs, fails or answers with anything at all: told in a sentence, in bounded time, and nothing applied."""

import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from fabrica.clusters.adapters.port import AccountSpec, JobRequest, JobState
from fabrica.clusters.adapters.slurm import cluster
from fabrica.clusters.adapters.slurm.commands import NEEDED, SEPARATOR
from fabrica.clusters.adapters.slurm.shell import Here
from fabrica.clusters.tests.commands import Commands
from fabrica.kit.errors import Refused, Unreachable

pytestmark = pytest.mark.long

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SEP = SEPARATOR.encode()
QUEUED = [b"101", b"N/A", b"PENDING", b"Priority", b"1795420800", b"N/A", b"0", b"a.1.0123abcd", b""]
STARTED = [
    b"101", b"101", b"team", b"fp0001", b"COMPLETED", b"1795420800", b"1795420800", b"1795420900", b"100",
    b"gres/gpu=1", b"0:0", b"a.1.0123abcd",
]  # fmt: skip


def line(values, **changes):
    return SEP.join(changes.get(f"_{at}", one) for at, one in enumerate(values)) + b"\n"


GARBAGE = {
    "words": b"I am not Slurm.\n",
    "a page of a proxy": b"<!DOCTYPE html>\n<html><body><h1>502 Bad gateway</h1> a=b | c | d</body></html>\n",
    "ten megabytes": b"x" * 10_000_000,
    "ten megabytes of lines": b"x|y\n" * 2_500_000,
    "ten megabytes of digits": b"9" * 10_000_000,
    "no text": bytes(range(1, 256)),
    "invalid utf-8": b"\xff\xfe\x80PartitionName\xff\n",
    "zeros": b"\0" * 1_000,
    "a digit that is none": "²\n".encode(),
    "a long number": b"9" * 5_000 + b"\n",
}  # fmt: skip


@pytest.fixture
def slurm(tmp_path):
    made = Commands(tmp_path / "bin")
    made.has("team", 600, "Fabrica award A-1")
    return made


@pytest.fixture
def job(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    return JobRequest("a.1.0123abcd", "a", "team", ("true",), folder, 1, 600)


def asks(job):
    """Each question of the port, by the command that its answer comes from."""
    return {
        "squeue": [
            lambda port: port.find(job.token),
            lambda port: port.states(["101"]),
            lambda port: port.submit(job),
            lambda port: port.load(),
        ],
        "sacct": [
            lambda port: port.find("b.1.0123abcd"),
            lambda port: port.states(["999"]),
            lambda port: list(port.usage(AT)),
        ],
        "sacctmgr": [
            lambda port: port.accounts(),
            lambda port: port.account("team"),
            lambda port: port.put_account(AccountSpec("team", "Fabrica award A-1", 60)),
            lambda port: port.submit(job),
        ],
        "scontrol": [lambda port: port.submit(job)],
        "sinfo": [lambda port: port.load()],
        "sbatch": [lambda port: port.submit(job)],
    }  # fmt: skip


def told(slurm, ask):
    with pytest.raises(Unreachable) as raised:
        ask(slurm.cluster)
    return raised.value


def test_answering_well_it_is_understood(slurm, job):
    port = slurm.cluster
    assert port.submit(job) == port.submit(job) == port.find(job.token) == "101"
    assert port.states(["101"])["101"].state is JobState.PENDING
    assert port.accounts() == {"team": AccountSpec("team", "Fabrica award A-1", 36_000)}
    assert (port.load().devices_total, port.load().devices_busy, list(port.usage(AT))) == (2, 1, [])
    assert slurm.jobs() == [job.token]


@pytest.mark.parametrize("text", GARBAGE.values(), ids=GARBAGE)
@pytest.mark.parametrize("command", ["squeue", "sacct", "sacctmgr", "scontrol", "sinfo", "sbatch"])
def test_whatever_a_command_answers_is_told_and_nothing_is_done(slurm, job, command, text):
    slurm.answer("garbage", command, text=text)
    for ask in asks(job)[command]:
        problem = told(slurm, ask)
        assert command in problem.what or problem.what == "Slurm answered what cannot be read."
        assert (len(problem.why) <= 1_000, bool(problem.todo)) == (True, True)
    assert slurm.jobs() == []
    assert [one for one in slurm.calls() if "add" in one.split() or "modify" in one.split()] == []


@pytest.mark.parametrize(
    "text",
    [
        line(QUEUED[:-1]), line([*QUEUED, b""]), line(QUEUED)[:40], line(QUEUED, _0=b"<b>"), line(QUEUED, _4=b"soon"),
        line(QUEUED, _6=b"-1"), line(QUEUED, _6="²".encode()), line(QUEUED, _4=b"9" * 30), line(QUEUED) + b"cut o",
    ],
)  # fmt: skip
def test_lines_of_the_queue_that_are_cut_or_of_another_shape_are_not_used(slurm, job, text):
    slurm.answer("garbage", "squeue", text=text)
    for ask in asks(job)["squeue"][:3]:
        told(slurm, ask)


@pytest.mark.parametrize(
    "text",
    [
        line(STARTED[:-1]), line([*STARTED, b""]), line(STARTED)[:50], line(STARTED, _1=b"<b>"),
        line(STARTED, _6=b"soon"), line(STARTED, _8=b"1e3"), line(STARTED, _10=b"0"), line(STARTED, _8=b"9" * 5_000),
        line(STARTED) + b"cut o",
    ],
)  # fmt: skip
def test_lines_of_the_accounting_that_are_cut_or_of_another_shape_are_not_used(slurm, text):
    assert slurm.cluster._account_fields() == [*NEEDED, "JobName"]
    slurm.answer("garbage", "sacct", text=text)
    told(slurm, lambda port: port.states(["101"]))
    told(slurm, lambda port: list(port.usage(AT)))


def test_what_people_name_their_jobs_neither_stops_the_accounting_nor_adds_to_it(slurm):
    forged = SEPARATOR.join(one.decode() for one in [b"666", *STARTED[1:]])
    other = line(STARTED, _0=b"102", _1=b"102", _11=b"b.1.0123abcd")
    slurm.cluster._account_fields()
    for name in ("two\nlines", "\n\n", f"x\n{forged}\n", SEPARATOR, "\u2028", "\x1e"):
        slurm.answer("garbage", "sacct", text=line(STARTED, _11=b"NAME") + other)
        (slurm.folder / "name").write_text(name)
        told = list(slurm.cluster.usage(AT - timedelta(days=1)))
        assert [(one.job_id, one.token, one.gpu_seconds) for one in told] == [
            ("101", "", 100), ("102", "b.1.0123abcd", 100),
        ]  # fmt: skip
        queued = line(QUEUED, _7=b"NAME") + line(QUEUED, _0=b"102")
        slurm.answer("garbage", "squeue", text=queued)
        assert [one.base_id for one in slurm.cluster._queued(["101", "102"])] == ["101", "102"]


@pytest.mark.parametrize("command", ["squeue", "sacct", "sinfo"])
def test_a_reading_command_that_fails_for_no_known_reason_is_asked_again(slurm, job, command):
    slurm.answer("fail", command)
    for ask in asks(job)[command]:
        assert told(slurm, ask).what == f"{command} failed."
    assert slurm.jobs() == []


def test_a_refusal_of_sbatch_is_still_one(slurm, job):
    slurm.answer("fail", "sbatch")
    with pytest.raises(Refused, match="sbatch refused"):
        slurm.cluster.submit(job)


@pytest.mark.parametrize("command", ["squeue", "sacct", "sacctmgr", "scontrol", "sinfo", "sbatch"])
def test_a_command_that_hangs_is_given_up_in_time_and_told(slurm, job, command):
    slurm.answer("hang", command)
    for ask in asks(job)[command]:
        problem = told(slurm, ask)
        assert problem.what == f"{command} gave no answer."
        assert problem.why in ("It took longer than 1 seconds.", "It said nothing for 1 seconds.")
    assert slurm.jobs() == []


def test_lines_come_whole_and_whatever_comes_last(tmp_path):
    here = Here({}, 5)
    assert list(here.lines(["printf", r"one\ntwo \303\244\nrest"])) == ["one\n", "two ä\n", "rest"]
    assert list(here.lines(["true"])) == []
    with pytest.raises(Unreachable, match="false gave no answer"):
        list(here.lines(["false"]))


def test_a_command_that_stops_talking_in_the_middle_is_given_up_after_what_it_said(tmp_path):
    heard = []
    program = tmp_path / "talks"
    program.write_text("#!/bin/sh\necho one\nexec sleep 30\n")
    program.chmod(0o755)
    with pytest.raises(Unreachable) as raised:
        for one in Here({}, 1).lines([str(program)]):
            heard.append(one)  # noqa: PERF402 - what came before it broke counts
    assert raised.value.why == "It said nothing for 1 seconds."
    assert heard == ["one\n"]


def test_a_command_that_closes_its_output_and_does_not_end_is_given_up(tmp_path):
    program = tmp_path / "lingers"
    program.write_text("#!/bin/sh\nexec sleep 30 >&-\n")
    program.chmod(0o755)
    with pytest.raises(Unreachable) as raised:
        list(Here({}, 1).lines([str(program)]))
    assert raised.value.why == "It did not end within 1 seconds."


def test_a_command_that_became_root_and_cannot_be_stopped_is_given_up_all_the_same(tmp_path, monkeypatch):
    program, left, kill = tmp_path / "sudo", [], subprocess.Popen.kill
    program.write_text("#!/bin/sh\nexec sleep 30\n")
    program.chmod(0o755)

    def refused(process):
        left.append(process)
        raise PermissionError(1, "Operation not permitted")  # what the system says of a process of root

    monkeypatch.setattr(subprocess.Popen, "kill", refused)
    with pytest.raises(Unreachable) as raised:
        Here({}, 1).run([str(program)])
    assert (raised.value.why, left[0].poll()) == ("It took longer than 1 seconds.", None)  # nobody waited for its end
    kill(left[0])
    left[0].wait(10)


def test_who_prepared_for_long_looks_again_whether_another_worker_was_faster(slurm, job, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(cluster.time, "monotonic", lambda: clock[0])

    def another_is_faster(_job, _settings):
        with (slurm.folder / "jobs").open("a") as file:
            file.write(f"101\t{job.token}\n")
        clock[0] += 300

    monkeypatch.setattr(cluster.access, "give", another_is_faster)
    assert slurm.cluster.submit(job) == "101"
    assert slurm.jobs() == [job.token]
