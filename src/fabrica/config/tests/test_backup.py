"""Backup and restore with the real commands, on the database the tests run on: dump, destroy, restore, check."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fabrica.allocations.tests.test_concurrency import Contender
from fabrica.config.backup.folder import MANIFEST, checked
from fabrica.kit.errors import Refused
from fabrica.kit.files import sha256_file
from fabrica.kit.tests.databases import Own, is_on_server

pytestmark = [pytest.mark.long, pytest.mark.database, pytest.mark.timeout(300)]
SEAL = """
import django; django.setup()
from fabrica.audit.tasks import seal
from fabrica.kit.time import utcnow
while seal(utcnow()): pass
"""
CHEAT = """
import django; django.setup()
from fabrica.allocations.models import LedgerAccount
from fabrica.audit.models import Entry
LedgerAccount.objects.filter(kind="free").update(balance_gpu_seconds=1)
Entry.objects.filter(pk=Entry.objects.earliest("pk").pk).update(verb="x.undo")
"""


class Site:
    """A site with a home and a database of its own, run through its commands."""

    def __init__(self, folder, name):
        folder.mkdir(exist_ok=True)
        self.home = folder / "home"
        self.database = Own(folder, name)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("FABRICA_")}
        self.env = {
            **kept, "FABRICA_HOME": str(self.home), "DATABASE_URL": self.database.url, "FABRICA_LOG_LEVEL": "ERROR",
            "DJANGO_SETTINGS_MODULE": "fabrica.config.settings",
        }  # fmt: skip

    def start(self, *argv, **options):
        command = [sys.executable, "-m", "fabrica.config", *map(str, argv)]
        return subprocess.Popen(
            command, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
        )

    def run(self, *argv, **options):
        """Status, and what was said."""
        process = self.start(*argv, **options)
        out, err = process.communicate(timeout=120)
        return process.returncode, out + err

    def python(self, code):
        subprocess.run([sys.executable, "-c", code], env=self.env, check=True)

    def report(self):
        """Where the hours are, and what is wrong with the ledger."""
        one = Contender(self.home, self.database.url)
        told = one.ask("report")
        one.finish()
        return told

    def files(self):
        return {
            path.relative_to(self.home).as_posix(): sha256_file(path)
            for path in sorted(self.home.rglob("*"))
            if path.is_file() and not path.is_symlink() and path.relative_to(self.home).parts[0] != "static"
        }


def sites(tmp_path_factory):
    made = []

    def site(name):
        made.append(Site(tmp_path_factory.mktemp(name), name))
        return made[-1]

    yield site
    for one in made:
        one.database.drop()


@pytest.fixture
def new_site(tmp_path_factory):
    yield from sites(tmp_path_factory)


@pytest.fixture(scope="module")
def origin(tmp_path_factory):
    """A site with hours that moved, seals, a stored file and a link."""
    make = sites(tmp_path_factory)
    site = next(make)("origin")
    assert site.run("init")[0] == 0
    one = Contender(site.home, site.database.url)
    one.ask("prepare", pool=2_000, award=1_000, waiting=1)
    assert one.ask("hold", keys=["a", "b"], gpu_seconds=100) == 2
    assert one.ask("spend", keys=["job"], hold_key="a", gpu_seconds=40) == 1
    one.finish()
    site.python(SEAL)
    folder = site.home / "storage" / "models" / "one"
    folder.mkdir(parents=True)
    (folder / "weights.bin").write_bytes(bytes(range(256)) * 400)
    (folder / "run.sh").write_text("true")
    (folder / "run.sh").chmod(0o750)
    (folder / "latest").symlink_to("weights.bin")
    yield site
    next(make, None)


@pytest.fixture(scope="module")
def backup(origin, tmp_path_factory):
    """A backup with everything, never changed by a test."""
    folder = tmp_path_factory.mktemp("backups") / "monday"
    status, told = origin.run("backup", folder, "--storage")
    assert status == 0, told
    return folder


@pytest.fixture
def copy(backup, tmp_path):
    """A backup to damage."""
    return Path(shutil.copytree(backup, tmp_path / "copy"))


def reseal(folder, **changes):
    """Make the manifest fit the files again, as somebody who does not know better would."""
    path = folder / MANIFEST
    told = json.loads(path.read_text())
    for one in told["files"]:
        one["sha256"] = sha256_file(folder / one["path"])
    path.write_text(json.dumps({**told, **changes}))


def dump_of(folder):
    return next(folder.glob("database.*"))


def test_a_site_that_was_destroyed_comes_back_from_its_backup(origin, backup, new_site):
    new = new_site("again")
    status, told = new.run("restore", backup)
    assert (status, told.splitlines()[-1]) == (
        0, "The audit chain holds over 34 entries, and every sum of the ledger holds.",
    ), told  # fmt: skip
    assert new.report() == origin.report()
    assert new.report()["problems"] == []
    assert new.run("audit", "verify")[1].splitlines()[-1] == "The chain holds."
    theirs, ours = (
        {name: one for name, one in site.files().items() if not name.startswith("db.")} for site in (new, origin)
    )
    assert theirs == ours
    one = new.home / "storage" / "models" / "one"
    assert ((one / "latest").readlink(), (one / "run.sh").stat().st_mode & 0o777) == (Path("weights.bin"), 0o750)
    assert (new.home / "keys" / "site.pem").stat().st_mode & 0o077 == 0
    assert (new.run("init")[0], new.run("audit", "verify")[0]) == (0, 0)


def test_a_backup_is_its_owners_alone_and_says_what_it_leaves_out(origin, tmp_path):
    status, told = origin.run("backup", tmp_path / "b")
    assert (status, told.splitlines()[1:]) == (0, ["The storage is not among them (--storage)."])
    assert (tmp_path / "b").stat().st_mode & 0o077 == 0
    assert dump_of(tmp_path / "b").stat().st_mode & 0o077 == 0
    assert not (tmp_path / "b" / "storage").exists()
    assert origin.run("backup", tmp_path / "b") == (
        1, f"{tmp_path}/b exists already. Name a folder that does not exist.\n",
    )  # fmt: skip


def test_a_site_that_is_not_empty_is_replaced_only_when_told_and_its_files_are_kept(backup, new_site):
    new = new_site("other")
    assert new.run("init")[0] == 0
    before, secret = new.files(), (new.home / "secret-key").read_text()
    status, told = new.run("restore", backup)
    assert (status, told.splitlines()[0].split(" There is")[0]) == (1, "This site is not empty.")
    assert told.rstrip().endswith("Use --replace to put the backup in its place.")
    assert {name: one for name, one in new.files().items() if not name.startswith("db.")} == {
        name: one for name, one in before.items() if not name.startswith("db.")
    }
    status, told = new.run("restore", backup, "--replace")
    assert status == 0, told
    assert [one.read_text() for one in new.home.glob("secret-key.before-*")] == [secret]
    assert len(list(new.home.glob("keys.before-*/site.pem"))) == 1
    assert (new.home / "secret-key").read_text() == (backup / "secret-key").read_text()
    assert new.report()["problems"] == []


def flip(folder):
    path = dump_of(folder)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


DAMAGES = {
    "a bit of the dump": (flip, "database."),
    "a missing key": (lambda folder: (folder / "keys" / "site.pem").unlink(), "keys/site.pem is missing"),
    "a file too many": (lambda folder: (folder / "extra").write_text("x"), "extra is not of this backup"),
    "a link for a file": (
        lambda folder: (dump_of(folder).rename(folder.with_name("d")), (folder / "secret-key").unlink(),
                        (folder / "secret-key").symlink_to("/etc/hostname")), "secret-key was changed",
    ),
    "half a manifest": (lambda folder: (folder / MANIFEST).write_text((folder / MANIFEST).read_text()[:99]), "Its manifest"),
    "another format": (lambda folder: reseal(folder, format=9), "its format is 9, this version reads 1"),
    "a path that leads out": (lambda folder: reseal(folder, links={"../../x": "/"}), "the path '../../x'"),
    "no manifest": (lambda folder: (folder / MANIFEST).unlink(), "Its manifest cannot be read"),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_backup_is_refused(copy, damage):
    act, told = DAMAGES[damage]
    assert checked(copy).vendor in ("sqlite", "postgresql")
    act(copy)
    with pytest.raises(Refused) as refused:
        checked(copy)
    assert told in str(refused.value)


def test_a_damaged_dump_is_refused_before_anything_is_touched(copy, new_site):
    new = new_site("careful")
    assert new.run("init")[0] == 0
    before = new.files()
    flip(copy)
    status, told = new.run("restore", copy, "--replace")
    assert (status, f"The backup {copy} is damaged." in told) == (1, True)
    assert new.files() == before


def test_a_dump_that_cannot_be_read_whole_leaves_the_database_as_it_was(origin, copy, tmp_path):
    """Its hash fits: it was cut before it was hashed."""
    before = origin.report()
    with dump_of(copy).open("rb+") as dump:
        dump.truncate(dump_of(copy).stat().st_size * 2 // 3)
    reseal(copy)
    status, told = origin.run("restore", copy, "--replace")
    assert status == 1, told
    assert origin.report() == before
    assert list(origin.home.glob("*.before-*")) == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"vendor": "oracle"}, "The backup is of another kind of database."),
        ({"migrations": ["people.0999_future"]}, "It has people.0999_future, which this version does not know."),
    ],
)
def test_a_backup_that_does_not_fit_is_refused(copy, new_site, changes, told):
    reseal(copy, **changes)
    status, said = new_site("misfit").run("restore", copy)
    assert (status, told in said) == (1, True), said


def test_books_that_do_not_hold_are_told_after_the_restore(backup, new_site, tmp_path):
    new = new_site("cheated")
    assert new.run("restore", backup)[0] == 0
    new.python(CHEAT)
    assert new.run("backup", tmp_path / "b")[0] == 0
    status, told = new.run("restore", tmp_path / "b", "--replace")
    assert status == 1
    assert told.splitlines()[-1] == "It is as the backup has it, but these books do not hold."
    assert "Seal 1: an entry was changed, added or removed." in told.splitlines()
    assert [line for line in told.splitlines() if line.startswith("All balances together are")] != []


def test_a_full_disk_leaves_nothing_and_is_told(origin, tmp_path):
    little_room = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
    status, told = origin.run("backup", tmp_path / "b", "--storage", preexec_fn=little_room)
    assert status == 1
    assert told.splitlines()[-1].startswith(
        ("pg_dump failed.", "The database could not be copied.", "The backup could not be written")
    ), told
    assert list(tmp_path.iterdir()) == []


def test_a_backup_killed_in_the_middle_is_no_backup_and_does_not_stand_in_the_way(origin, tmp_path):
    large = origin.home / "storage" / "large.bin"
    with large.open("wb") as file:
        file.truncate(3_000_000_000)
    process = origin.start("backup", tmp_path / "b", "--storage")
    partial = tmp_path / ".b.partial"
    until = time.monotonic() + 60
    while not (partial / "storage" / "large.bin").exists():
        assert time.monotonic() < until and process.poll() is None
        time.sleep(0.005)
    beside = origin.run("backup", tmp_path / "b")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    large.unlink()
    assert beside[0] == 1
    assert beside[1].startswith(f"Another backup writes {partial} at this moment.")
    assert not (tmp_path / "b").exists()
    assert origin.run("restore", partial, "--replace")[1].startswith(f"{partial} is no backup.")
    assert origin.run("backup", tmp_path / "b")[0] == 0
    assert [one.name for one in tmp_path.iterdir()] == ["b"]


@pytest.mark.postgres
def test_a_database_that_somebody_uses_is_not_replaced(origin, backup):
    assert is_on_server()
    other = Contender(origin.home, origin.database.url)
    other.ask("report")
    status, told = origin.run("restore", backup, "--replace")
    other.finish()
    assert (status, told) == (1, "1 others use the database. Stop `fabrica-site serve` and `work` first.\n")
