"""The doctor's order of work, and what it finds on this machine: settings, database, clock, storage, keys, audit."""

import json
import os
import shutil
import subprocess
import sys
import threading
from datetime import timedelta

import pytest

from fabrica.audit.models import Entry
from fabrica.audit.services import record
from fabrica.audit.tasks import seal
from fabrica.config import doctor
from fabrica.config.doctor import (
    CHECKS, audit, clock, database, examine, https, keys, machines, mail, people, settings as settings_,
    sign_in, storage, workers,
)  # fmt: skip
from fabrica.config.doctor.finding import Finding, bad, well
from fabrica.kit.time import utcnow
from fabrica.config.tests.doctor_site import served, site, trusted  # noqa: F401 - fixtures


pytestmark = pytest.mark.django_db


# The order of work


def now_and_here(_seconds, look):
    return look()


def test_each_check_stands_under_its_topic_and_none_stops_the_others():
    def crashing_check():
        raise RuntimeError("no such thing")
        yield

    def good():
        yield well("Good.")

    assert list(examine([("a", crashing_check, 1), ("b", good, 1)], now_and_here)) == [
        Finding(
            is_well=False, topic="a", what="The check of crashing check failed: RuntimeError: no such thing",
            todo="Mend what it tells of; where it is our mistake, please report it.",
        ),
        Finding(is_well=True, topic="b", what="Good."),
    ]  # fmt: skip


def test_a_check_that_hangs_is_left_behind_in_time():
    let_go = threading.Event()

    def hanging():
        let_go.wait(30)
        yield well("Late.")

    (found,) = examine([("a", hanging, 0.05)])
    let_go.set()
    assert (found.is_well, found.what) == (False, "The check of hanging had no end within 0 s.")


def test_every_function_of_a_topic_that_yields_findings_is_in_the_list():
    listed = {check for _, check, _ in CHECKS}
    written = {
        function
        for module in (
            audit,
            clock,
            database,
            https,
            keys,
            machines,
            mail,
            people,
            settings_,
            sign_in,
            storage,
            workers,
        )
        for function in vars(module).values()
        if getattr(function, "__module__", "") == module.__name__ and function.__annotations__.get("return") is not None
        if "Iterator" in str(function.__annotations__["return"])
    }
    assert listed == written


def test_every_check_has_its_bound():
    assert all(0 < seconds <= 600 for _, _, seconds in CHECKS)


# Settings, database, clocks


def test_sound_settings_and_a_migrated_database(site):
    assert [*settings_.checks(), *database.answers(), *database.migrations()] == [
        well("The settings are sound."),
        well(f"The database answers ({database.connection.vendor})."),
        well("Every migration was applied."),
    ]


def test_what_the_settings_lack_is_told_with_its_hint(site):
    site.SECRET_KEY = "short"
    assert list(settings_.checks()) == [bad("The secret key is too short.", "Run `fabrica-site init` to make one.")]


def test_migrations_that_wait_are_counted():
    from django.db.migrations.recorder import MigrationRecorder

    MigrationRecorder.Migration.objects.filter(app="config").delete()
    assert list(database.migrations()) == [bad("1 migrations wait.", "Run `fabrica-site init`.")]


@pytest.mark.parametrize(
    ("there", "apart", "is_well"), [(0, 0.0, True), (1.9, 0.9, True), (-3, 3.0, False), (4, 3.0, False)]
)
def test_two_clocks_are_compared_with_the_moments_between_which_the_other_was_read(now, there, apart, is_well):
    found = clock.compare(now + timedelta(seconds=there), now, now + timedelta(seconds=1))
    assert found == Finding(
        is_well, f"The database's clock is {apart:.1f} s from this machine's.", "" if is_well else clock.SET_CLOCK
    )


def test_the_clock_of_the_database_here_is_ours():
    assert all(one.is_well for one in clock.database_clock())


def test_whether_the_clock_follows_a_server():
    assert (clock.judge("yes").is_well, clock.judge("no").is_well) == (True, False)
    assert clock.judge("") == clock.judge("what?")
    assert clock.judge("").is_well
    assert len(list(clock.synchronised())) == 1


# Storage and keys


def test_storage_with_room_that_can_be_written(site):
    found = list(storage.storage())
    assert [one.is_well for one in found] == [True, True]
    assert os.listdir(site.FABRICA_STORAGE) == []


def test_storage_that_is_full(site, monkeypatch):
    monkeypatch.setattr(storage, "LEAST_FREE_BYTES", 2**62)
    assert storage.room(site.FABRICA_STORAGE).todo == "Make room: runs fail on a full disk."


def test_storage_without_room_for_files(site, monkeypatch):
    monkeypatch.setattr(storage, "LEAST_FREE_SHARE", 2)
    if os.statvfs(site.FABRICA_STORAGE).f_files:
        assert storage.room(site.FABRICA_STORAGE).todo == "Make room: many small files fill it."


def test_storage_that_is_not_there_or_cannot_be_written(site, tmp_path):
    lacking = tmp_path / "absent"
    assert storage.writing(lacking) == bad(
        f"{lacking} cannot be written: No such file or directory.",
        "Give it to the site's own user, and run the doctor as that user.",
    )
    site.FABRICA_STORAGE = lacking
    assert list(storage.storage()) == [bad(f"There is no folder {lacking}.", "Run `fabrica-site init`, or mount it.")]


def test_a_home_that_others_can_enter(site, tmp_path):
    assert list(storage.home()) == []
    tmp_path.chmod(0o755)
    assert list(storage.home()) == [bad(f"Every user of this machine can enter {tmp_path}.", f"chmod o= {tmp_path}")]


def test_a_signing_key_is_its_owners_alone(site, tmp_path):
    path = tmp_path / "keys" / "site.pem"
    assert list(keys.signing_key()) == [well("The signing key is its owner's alone.")]
    path.chmod(0o640)
    assert list(keys.signing_key()) == [
        bad(f"Others than its owner can read the signing key {path}.", f"chmod 600 {path}")
    ]
    path.unlink()
    (found,) = keys.signing_key()
    assert (found.is_well, found.todo) == (
        False, "Run `fabrica-site init`; where there was one before, put it back from the backup.",
    )  # fmt: skip


def test_a_secret_key_in_the_home_is_its_owners_alone(site, tmp_path, monkeypatch):
    monkeypatch.delenv("FABRICA_SECRET_KEY", raising=False)
    assert list(keys.secret_key()) == []
    (tmp_path / "secret-key").touch(0o600)
    assert list(keys.secret_key()) == [well("The secret key is its owner's alone.")]
    (tmp_path / "secret-key").chmod(0o644)
    assert list(keys.secret_key()) == [
        bad(f"Others than its owner can read {tmp_path}/secret-key.", f"chmod 600 {tmp_path}/secret-key")
    ]


# Audit


def test_entries_are_sealed_soon_and_the_chain_holds(site):
    at = utcnow()
    record(verb="site.register", by=None, subject="site:x", now=at)
    assert list(audit.sealed()) == [well("What was done is sealed.")]
    assert seal(at)
    assert list(audit.chain()) == [well("The audit chain holds over 1 entries, 1 seals anchored.")]


def test_an_entry_that_waits_for_its_seal(site):
    record(verb="site.register", by=None, subject="site:x", now=utcnow() - timedelta(minutes=20))
    assert list(audit.sealed()) == [
        bad("An audit entry has waited 20 min for its seal.", "Start a worker; its log says why it seals nothing.")
    ]


def test_a_chain_that_breaks_is_told_seal_by_seal(site):
    record(verb="site.register", by=None, subject="site:x", now=utcnow())
    seal(utcnow())
    Entry.objects.update(subject="site:y")
    (found,) = audit.chain()
    assert (found.is_well, found.what) == (
        False, "The audit chain: Seal 1: an entry was changed, added or removed.",
    )  # fmt: skip


def test_a_chain_whose_key_is_gone_is_told(site):
    shutil.rmtree(site.FABRICA_KEYS)
    (found,) = audit.chain()
    assert found.what.startswith("The audit chain cannot be checked: ")


# The command


@pytest.mark.long
def test_the_command_prints_findings_for_people_and_for_programs(tmp_path):
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("FABRICA_", "DATABASE_URL"))},
        "FABRICA_HOME": str(tmp_path / "home"), "FABRICA_DEMO": "1", "DJANGO_SETTINGS_MODULE": "fabrica.config.settings",
    }  # fmt: skip

    def run(*argv):
        command = [sys.executable, "-m", "fabrica.config", *argv]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)

    assert run("init").returncode == 0
    as_json, as_lines = run("doctor", "--json"), run("doctor")
    told = json.loads(as_json.stdout)
    assert (as_json.returncode, as_lines.returncode, told["is_well"]) == (1, 1, False)
    assert {one["what"] for one in told["findings"] if not one["is_well"]} == {
        "Nobody has the role operator.", "Nobody has the role officer.", "Nobody has the role assessor.",
        "No worker runs.", "No machine is registered.",
    }  # fmt: skip
    assert [line[:4] for line in as_lines.stdout.splitlines()] == [
        "ok  " if one["is_well"] else "BAD " for one in told["findings"]
    ]


def test_the_topics():
    assert list(dict.fromkeys(topic for topic, _, _ in doctor.CHECKS)) == [
        "settings", "database", "clock", "storage", "keys", "audit", "mail", "https", "sign-in", "people", "workers", "machines",
    ]  # fmt: skip
