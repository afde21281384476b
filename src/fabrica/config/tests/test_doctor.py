import json
import os
import shutil
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from fabrica.audit.models import Entry
from fabrica.audit.services import record
from fabrica.audit.tasks import seal
from fabrica.clusters.adapters.port import Load
from fabrica.clusters.adapters.slurm import SlurmCluster, settings_from
from fabrica.clusters.adapters.slurm.shell import Answer
from fabrica.clusters.models import Machine
from fabrica.config import doctor
from fabrica.config.doctor import (
    CHECKS, audit, clock, database, examine, https, keys, machines, mail, people, settings as settings_,
    sign_in, storage, workers,
)  # fmt: skip
from fabrica.config.doctor.finding import Finding, bad, well
from fabrica.config.doctor.machines import skew
from fabrica.config.heart import Heart
from fabrica.config.tests.mailserver import Server, certificate, smtp
from fabrica.config.tests.mailserver import https as https_server
from fabrica.kit.errors import Unreachable
from fabrica.kit.signing import create_key
from fabrica.kit.time import utcnow

pytestmark = pytest.mark.django_db
START = "Start one: systemctl start fabrica-work@1, or `fabrica-site work`."


@pytest.fixture
def site(settings, tmp_path):
    """A site's home as `init` leaves it."""
    settings.FABRICA_HOME, settings.FABRICA_STORAGE = tmp_path, tmp_path / "storage"
    settings.FABRICA_KEYS, settings.FABRICA_ANCHOR_FILE = tmp_path / "keys", tmp_path / "anchors.jsonl"
    settings.INSECURE_OK = False
    tmp_path.chmod(0o700)
    for folder in ("storage", "keys"):
        (tmp_path / folder).mkdir(mode=0o700)
    create_key(tmp_path / "keys" / "site.pem")
    return settings


@pytest.fixture
def served():
    """Starts a server for the length of the test."""
    opened = []

    def serve(how):
        opened.append(Server(how))
        return opened[-1]

    yield serve
    for one in opened:
        one.close()


@pytest.fixture
def trusted(tmp_path, monkeypatch):
    """A certificate for localhost that this process trusts."""
    path = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    return path


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


# Mail


def as_mail(settings, server, **changes):
    given = {"EMAIL_HOST": "localhost", "EMAIL_PORT": server.port, "EMAIL_USE_TLS": True, "EMAIL_HOST_USER": ""}
    for name, value in {**given, **changes}.items():
        setattr(settings, name, value)


def test_a_mail_server_is_greeted_with_tls_and_signed_in_to_and_gets_no_letter(site, served, trusted):
    server = served(smtp(trusted))
    as_mail(site, server, EMAIL_HOST_USER="portal", EMAIL_HOST_PASSWORD="p")
    assert list(mail.server()) == [well("The mail server localhost answers with TLS.")]
    assert server.told == ["EHLO", "STARTTLS", "EHLO", "AUTH", "QUIT"]


def test_a_mail_server_without_tls_where_none_is_asked_for(site, served):
    as_mail(site, served(smtp()), EMAIL_USE_TLS=False)
    assert list(mail.server()) == [well("The mail server localhost answers.")]


def test_a_mail_server_that_offers_no_tls(site, served):
    server = served(smtp())
    as_mail(site, server)
    assert list(mail.server()) == [
        bad(
            f"localhost at port {server.port}: STARTTLS extension not supported by server.",
            "Check FABRICA_SMTP_PORT and FABRICA_SMTP_TLS.",
        )
    ]


def test_a_mail_server_that_nobody_vouches_for(site, served, tmp_path):
    as_mail(site, served(smtp(certificate(tmp_path))))
    (found,) = mail.server()
    assert (found.is_well, found.what.split(":")[0]) == (False, "The certificate of localhost is not trusted")


def test_a_mail_server_that_refuses_the_password_is_told_without_it(site, served, trusted):
    as_mail(site, served(smtp(trusted, password_is_good=False)), EMAIL_HOST_USER="portal", EMAIL_HOST_PASSWORD="hush")
    assert list(mail.server()) == [
        bad("localhost does not accept FABRICA_SMTP_USER and its password.", "Correct them.")
    ]


def test_a_mail_server_that_is_not_there(site, served):
    server = served(smtp())
    port = server.port
    server.close()
    server.close = lambda: None
    site.EMAIL_HOST, site.EMAIL_PORT = "127.0.0.1", port
    (found,) = mail.server()
    assert (found.is_well, found.todo) == (False, "Check FABRICA_SMTP_HOST and _PORT.")


def test_a_site_without_a_mail_server(site):
    site.EMAIL_HOST = ""
    assert list(mail.server()) == [
        bad("Mails are printed to the log: nobody can confirm an address.", "Set FABRICA_SMTP_HOST.")
    ]
    site.INSECURE_OK = True
    assert list(mail.server()) == [well("Mails are printed to the log.")]


def test_letters_from_localhost_are_refused_elsewhere(site):
    site.EMAIL_HOST, site.DEFAULT_FROM_EMAIL = "mail.example.eu", "fabrica@localhost"
    assert [one.is_well for one in mail.sender()] == [False]
    site.DEFAULT_FROM_EMAIL = "fabrica@example.eu"
    assert list(mail.sender()) == []


# HTTPS


@pytest.mark.parametrize(
    ("url", "hosts", "proxy", "told"),
    [
        ("https://f.example", ["f.example"], True, [well("People reach this site at https://f.example.")]),
        (
            "http://f.example", ["f.example"], True,
            [bad("FABRICA_URL is http://f.example, which is not HTTPS.", "Set it to the address people use.")],
        ),
        (
            "https://f.example", ["g.example"], True,
            [bad("FABRICA_HOSTS does not name f.example, so it is refused.", "Add it to FABRICA_HOSTS.")],
        ),
        (
            "https://f.example", [".example"], False,
            [
                well("People reach this site at https://f.example."),
                bad(
                    "No proxy is trusted, so every page leads to HTTPS for ever.",
                    "Serve behind a proxy as deploy/nginx.conf does, and set FABRICA_BEHIND_PROXY=1.",
                ),
            ],
        ),
    ],
)  # fmt: skip
def test_the_address_and_what_the_settings_say_of_it(site, url, hosts, proxy, told):
    site.FABRICA_URL, site.ALLOWED_HOSTS, site.FABRICA_BEHIND_PROXY = url, hosts, proxy
    assert list(https.address()) == told


def test_a_certificate_that_holds(site, served, trusted):
    site.FABRICA_URL = f"https://localhost:{served(https_server(trusted)).port}"
    (found,) = https.certificate()
    ends = datetime.now(UTC) + timedelta(days=365)
    assert found == well(f"The certificate holds until {ends:%Y-%m-%d}.")


def test_a_certificate_that_soon_ends(now):
    assert https.until(now + timedelta(days=15), now).is_well
    assert https.until(now + timedelta(days=13), now) == bad(
        "The certificate holds until 2026-12-06.", "Renew it: certbot, or your authority."
    )


def test_a_certificate_that_nobody_vouches_for(site, served, tmp_path):
    site.FABRICA_URL = f"https://localhost:{served(https_server(certificate(tmp_path))).port}"
    (found,) = https.certificate()
    assert (found.is_well, found.todo) == (False, "Renew it, and let the proxy send the whole chain.")


def test_an_address_that_leads_nowhere(site, served):
    server = served(smtp())
    port = server.port
    server.close()
    server.close = lambda: None
    site.FABRICA_URL = f"https://localhost:{port}"
    assert [one.is_well for one in (*https.certificate(), *https.answers())] == [False, False]


def test_the_page_is_asked_for_as_a_person_does(site, served, tmp_path):
    server = served(https_server(certificate(tmp_path), b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
    site.FABRICA_URL = f"https://localhost:{server.port}"
    assert list(https.answers()) == [well(f"The portal answers at https://localhost:{server.port}/accounts/login/.")]
    assert server.told == ["GET /accounts/login/ HTTP/1.1"]


def test_a_proxy_that_does_not_say_https_and_one_that_changes_the_host():
    page = "https://f.example/accounts/login/"
    round_and_round = https.judge(page, httpx.Response(301, headers={"Location": page}))
    assert round_and_round.what == (
        "The portal leads to itself for ever: it does not learn that it is reached over HTTPS."
    )
    assert https.judge(page, httpx.Response(400)).what == f"The portal answers 400 at {page}."


def test_a_demonstration_needs_no_https(site):
    site.INSECURE_OK = True
    assert [one.is_well for one in (*https.address(), *https.certificate(), *https.answers())] == [True]


# People, workers, machines


def test_roles_that_nobody_has(cast):
    assert [one.is_well for one in people.roles()] == [True, True, True]
    from fabrica.people.models import RoleGrant

    RoleGrant.objects.filter(role="officer").delete()
    assert [one.todo for one in people.roles() if not one.is_well] == ["Run `fabrica-site grant EMAIL officer`."]


def test_nobody_works():
    assert list(workers.alive()) == [bad("No worker runs.", START)]


def test_the_last_worker_died_some_time_ago():
    Heart().beat(utcnow() - timedelta(minutes=10))
    assert list(workers.alive()) == [bad("No worker runs. The last was seen 10 min ago.", START)]


def test_workers_of_several_hosts(monkeypatch):
    for host in ("b", "a", "b"):
        monkeypatch.setattr("socket.gethostname", lambda host=host: host)
        Heart().beat(utcnow())
    assert list(workers.alive()) == [well("Workers run: 1 on a, 2 on b.")]


def test_a_worker_of_another_version_and_one_that_hangs(monkeypatch):
    now = utcnow()
    monkeypatch.setattr("socket.gethostname", lambda: "a")
    monkeypatch.setattr("os.getpid", lambda: 7)
    heart = Heart()
    heart.begin("registry.register", now - timedelta(hours=2))
    monkeypatch.setattr("fabrica.config.heart.__version__", "0.0.1")
    heart.beat(now)
    assert [one.what for one in workers.alive()] == [
        "Workers run: 1 on a.",
        f"The worker a:7 runs version 0.0.1, not {workers.__version__}.",
        "The worker a:7 has been in registry.register for 2 h.",
    ]


class Cluster:
    def __init__(self, answer):
        self.answer = answer

    def load(self):
        return self.answer()


def silent():
    raise Unreachable("It is silent.", why="No route.", todo="Call its operator.")


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (lambda: Load(2, 1, 1, 0), well("Machine One answers: 1 of 2 busy.")),
        (silent, bad("Machine One: It is silent. No route.", "Call its operator.")),
        (
            lambda: threading.Event().wait(5),
            bad("Machine One had no answer within 0 s.", "Check that it can be reached from here."),
        ),
    ],
)
def test_each_machine_is_asked_for_so_long(machine, monkeypatch, answer, found):
    monkeypatch.setattr(machines, "cluster_of", lambda _machine: Cluster(answer))
    assert machines.ask(machine, seconds=0.2) == found


def test_a_site_without_machines():
    assert [one.what for one in machines.machines()] == ["No machine is registered."]


# The command


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


class Clock:
    """A machine that tells its time, or that it has none."""

    def __init__(self, ahead):
        self.ahead = ahead

    def run(self, argv, *, stdin="", run_as=""):
        if self.ahead is None:
            return Answer(1, "", "no such command")
        return Answer(0, f"{int(utcnow().timestamp()) + self.ahead}\n", "")


@pytest.mark.parametrize(
    ("ahead", "told"),
    [
        (0, (True, "The clock of far agrees with ours.")),
        (3_600, (False, "The clock of far differs from ours")),
        (-3_600, (False, "The clock of far differs from ours")),
        (None, (False, "far does not tell its time.")),
    ],
)
def test_the_clock_of_a_machine_is_compared_with_ours(ahead, told):
    settings = settings_from({"cluster": "dev", "partition": "all", "gpus_per_node": 2})
    finding = skew(Machine(slug="far", name="far"), SlurmCluster(settings, 8, Clock(ahead)))
    assert (finding.is_well, finding.what.partition(" by ")[0]) == told
