"""A project's account is let into its folders by real ACLs, and what lets it in already is left alone."""

import os
import pwd
import shutil
import stat
import struct
import subprocess
import tempfile
from pathlib import Path

import pytest

from fabrica.clusters.adapters.port import JobRequest
from fabrica.clusters.adapters.slurm import access
from fabrica.clusters.adapters.slurm.acl import READ, SEARCH, granted
from fabrica.clusters.adapters.slurm.settings import settings_from
from fabrica.clusters.tests.slurm_stage import RUNS_AS

real = pytest.mark.slurm  # needs root, the accounts of the cluster, and the package acl
SETTINGS = settings_from({"cluster": "dev", "partition": "all", "gpus_per_node": 2})


def acl(*entries):
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *one) for one in entries)


@pytest.mark.parametrize(
    ("raw", "bits"),
    [
        (acl((1, 7, 0), (2, 5, 1001), (4, 5, 0), (0x10, 7, 0), (0x20, 0, 0)), READ | SEARCH),
        (acl((1, 7, 0), (2, 5, 1001), (4, 5, 0), (0x10, 4, 0), (0x20, 0, 0)), READ),  # the mask takes x away
        (acl((1, 7, 0), (2, 5, 1002), (4, 5, 0), (0x10, 7, 0), (0x20, 5, 0)), 0),  # another account
        (acl((1, 7, 0), (8, 5, 1001), (0x10, 7, 0)), 0),  # a group of that number
        (acl((2, 5, 1001)), 0),  # named without a mask: unsure
        (acl((2, 5, 1001), (0x10, 7, 0))[:-1], 0),
        (struct.pack("<I", 3), 0),
        (b"", 0),
    ],
)
def test_an_acl_is_read_as_linux_keeps_it(raw, bits):
    assert granted(raw, 1001) == bits


@pytest.fixture
def stage(monkeypatch):
    """Data and a run's folder in a closed folder, and a setfacl that notes what it is asked."""
    with tempfile.TemporaryDirectory(prefix="fabrica-acl-", dir="/var/tmp") as folder:
        yield Stage(Path(folder), monkeypatch)


class Stage:
    def __init__(self, root, monkeypatch):
        self.log, self.data, self.run = root / "log", root / "closed/data", root / "closed/run"
        for one in (self.data / "part", self.run, root / "bin"):
            one.mkdir(parents=True)
        (root / "closed").chmod(0o700)
        for number in range(3):
            self.write(f"part/{number}.jsonl")
        program = root / "bin/setfacl"
        program.write_text(
            f'#!/bin/sh\nfor one; do echo "$one"; done >>{self.log}\nexec {shutil.which("setfacl")} "$@"\n'
        )
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{root / 'bin'}:/usr/bin:/bin")

    def write(self, name, mode=0o600):
        path = self.data / name
        path.write_text(name)
        path.chmod(mode)
        return path

    def give(self):
        """How many arguments setfacl was given."""
        self.log.write_text("")
        job = JobRequest("t.1.0", "a", "team", ("x",), self.run, 1, 60, run_as=RUNS_AS, reads=(self.data,))
        access.give(job, SETTINGS)
        return self.log.read_text().splitlines()

    def reads(self, path, account=RUNS_AS):
        user = pwd.getpwnam(account)
        command = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "cat", str(path)]
        return subprocess.run(command, check=False, capture_output=True, timeout=60).returncode == 0


@real
def test_data_that_was_let_in_once_is_left_alone_however_much_it_is(stage):
    first = stage.give()
    again = stage.give()
    assert len(first) > len(again)
    assert (again[:1], again[-1:], len(again)) == (["-m"], [str(stage.run)], 4)  # the run's own folder, nothing else
    for number in range(300):
        stage.write(f"part/more-{number}.jsonl")
    assert stage.give()[4:7:2] == ["-R", f"u:{pwd.getpwnam(RUNS_AS).pw_uid}:rX"]
    assert stage.give() == again


@real
def test_the_account_reads_all_of_it_and_others_nothing(stage):
    stage.give()
    for path in stage.data.rglob("*.jsonl"):
        assert (stage.reads(path), stage.reads(path, "fp0002")) == (True, False)


@real
def test_a_file_that_came_later_is_let_in_and_it_alone(stage):
    stage.give()
    late, moved = stage.write("part/late.jsonl", 0o444), stage.write("aside", 0o600)
    late.chmod(0o400)
    moved = moved.rename(stage.data / "part/moved.jsonl")
    assert not stage.reads(moved)
    asked = stage.give()
    assert sorted(asked[-2:]) == [str(late), str(moved)]
    assert (stage.reads(late), stage.reads(moved)) == (True, True)


@real
def test_a_file_whose_mask_was_taken_away_is_let_in_again(stage):
    stage.give()
    path = stage.data / "part/0.jsonl"
    path.chmod(0o600)  # with an ACL, the group's bits are its mask
    assert not stage.reads(path)
    stage.give()
    assert stage.reads(path)


@real
def test_links_in_the_data_are_not_followed(stage, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("a secret")
    before = secret.stat().st_mode
    (stage.data / "link").symlink_to(secret)
    stage.give()
    assert not any(str(secret) in one or one.endswith("/link") for one in stage.give())
    assert stat.S_IMODE(secret.stat().st_mode) == stat.S_IMODE(before)
    assert granted_on(secret) == 0


def granted_on(path):
    try:
        return granted(os.getxattr(path, "system.posix_acl_access"), pwd.getpwnam(RUNS_AS).pw_uid)
    except OSError:
        return 0


@real
def test_a_project_that_reads_the_same_data_takes_nothing_from_another(stage):
    stage.give()
    uid = pwd.getpwnam(RUNS_AS).pw_uid
    subprocess.run(["setfacl", "-m", f"u:{uid}:r-x", str(stage.data.parent)], check=True)
    asked = stage.give()
    assert str(stage.data.parent) not in asked  # more than the way through stays
