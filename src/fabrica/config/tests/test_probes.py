import threading

import pytest
from django.test import Client

from fabrica.config import metrics, probes
from fabrica.config.probes import Readiness, readyz

TOKEN = "t" * 32
OUTSIDE = {"headers": {"host": "10.1.2.3:8000"}}


@pytest.fixture
def site(settings, tmp_path):
    """A site as it is deployed: HTTPS is asked for, and one name answers."""
    settings.SECURE_SSL_REDIRECT = True
    settings.ALLOWED_HOSTS = ["factory.example.eu"]
    settings.FABRICA_STORAGE = tmp_path
    return settings


@pytest.fixture
def client(site):
    return Client()


def told(response):
    return response.status_code, response.content.decode()


def test_that_the_process_lives_is_told_without_a_look_at_anything(client, django_db_blocker):
    with django_db_blocker.block():
        response = client.get("/healthz", **OUTSIDE)
    assert told(response) == (200, "alive\n")
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.cookies == {}


@pytest.mark.django_db(transaction=True)
def test_a_site_is_ready(client):
    assert told(client.get("/readyz", **OUTSIDE)) == (200, "ready\n")


@pytest.mark.parametrize("address", ["/healthz", "/readyz", "/metrics"])
def test_a_probe_only_asks(client, address):
    assert told(client.post(address, **OUTSIDE)) == (405, "only GET\n")


@pytest.mark.parametrize("address", ["/healthz/", "/readyz2", "/metrics/x"])
def test_other_addresses_go_on_to_the_site_which_asks_for_its_name(client, address):
    assert client.get(address, **OUTSIDE).status_code in (301, 400)


@pytest.mark.django_db(transaction=True)
def test_storage_that_cannot_be_written_is_named_and_its_path_is_not(client, site, tmp_path):
    site.FABRICA_STORAGE = tmp_path / "absent"
    assert told(client.get("/readyz", **OUTSIDE)) == (503, "not ready: storage\n")


def ready_by(**looks):
    made = Readiness()
    made.looks = looks
    return made


def failing(error):
    def look():
        raise error

    return look


def test_what_fails_is_named_and_the_cause_goes_to_the_log_alone(caplog):
    fails = failing(RuntimeError("password of db.internal is wrong"))
    assert ready_by(database=fails, storage=lambda: True).look() == ("database",)
    assert told(readyz(("database", "storage"))) == (503, "not ready: database, storage\n")
    assert [one.getMessage() for one in caplog.records] == ["readiness: database: password of db.internal is wrong"]


def test_what_hangs_fails_in_time_and_is_not_asked_again_while_it_hangs(monkeypatch):
    monkeypatch.setattr(probes, "PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr(probes, "KEEP_SECONDS", 0)
    let_go, asked = threading.Event(), []

    def hanging():
        asked.append(1)
        return let_go.wait(30)

    ready = ready_by(storage=hanging)
    assert [ready.look(), ready.look()] == [("storage",), ("storage",)]
    assert len(asked) == 1
    let_go.set()
    ready.hanging["storage"].join(30)
    assert ready.look() == ()


def test_an_answer_is_kept_for_a_moment_whoever_asks_how_often():
    asked = []
    ready = ready_by(database=lambda: asked.append(1) or True)
    assert {ready.look() for _ in range(50)} == {()}
    assert len(asked) == 1


def test_before_the_first_look_is_over_nobody_is_told_that_it_is_ready():
    ready = ready_by(database=lambda: True)
    with ready.lock:
        assert ready.look() == ("starting",)
    assert ready.look() == ()


def test_once_migrated_it_is_not_looked_at_again(monkeypatch):
    monkeypatch.setattr(probes, "KEEP_SECONDS", 0)
    answers = [False, True, False]
    ready = ready_by(migrations=lambda: answers.pop(0))
    assert [ready.look() for _ in range(3)] == [("migrations",), (), ()]


@pytest.mark.django_db(transaction=True)
def test_a_database_that_lacks_a_migration_is_not_ready(site):
    from django.db.migrations.recorder import MigrationRecorder

    assert probes.migrated() is True
    MigrationRecorder.Migration.objects.filter(app="config").delete()
    try:
        assert probes.migrated() is False
    finally:
        MigrationRecorder.Migration(app="config", name="0001_initial").save()


def test_a_site_without_a_token_has_no_metrics(client, site):
    site.FABRICA_METRICS_TOKEN = ""
    assert told(client.get("/metrics", **OUTSIDE)) == (404, "not found\n")
    assert told(client.get("/metrics", headers={"authorization": "Bearer "})) == (404, "not found\n")


@pytest.mark.parametrize(
    "given", ["", f"Bearer {TOKEN}x", "Bearer", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN} ", "Bearer é"]
)
def test_without_the_token_there_are_no_figures(client, site, given):
    site.FABRICA_METRICS_TOKEN = TOKEN
    response = client.get("/metrics", headers={"authorization": given, "host": "10.1.2.3"})
    assert told(response) == (401, "a bearer token is needed\n")
    assert response.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.django_db
def test_with_the_token_there_are_figures(client, site):
    site.FABRICA_METRICS_TOKEN = TOKEN
    response = client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}", "host": "10.1.2.3"})
    assert (response.status_code, response.headers["Content-Type"]) == (200, metrics.CONTENT_TYPE)
    assert "\nfabrica_database_answers 1.0\n" in response.content.decode()
