"""The real server: limits, statements that are cut off, connections that break."""

import time
from contextlib import contextmanager

import psycopg
import pytest
from django.core.management import call_command
from django.db import InternalError, OperationalError, connection, transaction
from django.db.utils import Error
from django.test import Client
from fabrica.audit.models import Entry
from fabrica.config import migrating
from fabrica.kit.database import Trouble, trouble_of
from fabrica.kit.errors import Unreachable
from fabrica.people import services

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
BUSY = {
    "what": "The database is busy: this took too long and was stopped.",
    "why": "What you asked for was not done.",
    "todo": "Go back, where what you entered still stands, and try again in a minute.",
}
AWAY = {
    "what": "The database does not answer.",
    "why": "It may be restarting.",
    "todo": "Try again in a minute. Look first whether what you sent last was kept.",
}


@contextmanager
def somebody_else():
    """A second connection to the test's database, which nothing limits."""
    one = connection.get_connection_params()
    where = {name: one[name] for name in ("dbname", "host", "port", "user", "password")}
    with psycopg.connect(**where) as other:
        yield other
        other.rollback()


@pytest.fixture(autouse=True)
def impatient(db):
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '50ms'")
    yield
    connection.close()  # what a test set or broke is nobody else's


@pytest.fixture
def signed_in(cast):
    client = Client(raise_request_exception=False)
    client.force_login(cast.applicant, BACKEND)
    return client


def is_told(response, told):
    page = response.content.decode()
    assert (response.status_code, response.headers["Retry-After"]) == (503, "60")
    assert [sentence for sentence in told.values() if f"<p>{sentence}</p>" not in page] == []


def break_connection():
    with somebody_else() as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [connection.connection.info.backend_pid])


@pytest.mark.parametrize(
    ("name", "value"),
    [("statement_timeout", "30s"), ("idle_in_transaction_session_timeout", "2min"), ("lock_timeout", "10s")],
)
def test_a_connection_has_the_limits_of_the_settings(name, value):
    with connection.cursor() as cursor:
        cursor.execute("RESET lock_timeout")
        cursor.execute(f"SHOW {name}")
        assert cursor.fetchone() == (value,)


def test_a_form_that_waits_too_long_for_a_row_is_told_so_and_can_be_sent_again(signed_in, cast):
    with somebody_else() as other:
        other.execute("SELECT 1 FROM people_person WHERE id = %s FOR UPDATE", [cast.applicant.pk])
        is_told(signed_in.post("/i18n/setlang/", {"language": "fr", "next": "/"}), BUSY)
        assert not Entry.objects.filter(verb="person.set_language").exists()
    assert signed_in.post("/i18n/setlang/", {"language": "fr", "next": "/"}).status_code == 302
    assert Entry.objects.filter(verb="person.set_language").count() == 1
    cast.applicant.refresh_from_db()
    assert cast.applicant.language == "fr"


def test_a_page_that_cannot_even_learn_who_asks_is_told_so_too(signed_in):
    with somebody_else() as other:
        other.execute("LOCK TABLE people_person IN ACCESS EXCLUSIVE MODE")
        is_told(signed_in.get("/home/"), BUSY)
    assert signed_in.get("/account/").status_code == 200


def test_the_api_says_the_same(cast, now):
    _, secret = services.create_token(name="laptop", scopes=["read"], by=cast.applicant, now=now)
    ask = lambda: Client(raise_request_exception=False).get("/api/me", headers={"authorization": f"Bearer {secret}"})
    with somebody_else() as other:
        other.execute("LOCK TABLE people_token IN ACCESS EXCLUSIVE MODE")
        answer = ask()
    assert (answer.status_code, answer.json(), answer.headers["Retry-After"]) == (503, BUSY, "60")
    break_connection()
    assert (answer := ask()).status_code == 503
    assert answer.json() == AWAY
    connection.close_if_unusable_or_obsolete()  # what Django does between two requests
    assert ask().status_code == 200


def test_a_connection_that_breaks_under_a_page_is_told_and_the_next_page_has_another(signed_in):
    break_connection()
    is_told(signed_in.get("/account/"), AWAY)
    connection.close_if_unusable_or_obsolete()
    assert signed_in.get("/account/").status_code == 200


def test_a_kept_connection_is_tried_before_it_is_used_so_that_nobody_notices_a_restart(signed_in):
    connection.close_if_unusable_or_obsolete()  # what Django does between two requests
    break_connection()
    assert signed_in.get("/account/").status_code == 200


def test_a_statement_that_runs_too_long_is_stopped():
    with pytest.raises(OperationalError) as told, connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = '50ms'")
        cursor.execute("SELECT pg_sleep(20)")
    assert trouble_of(told.value) is Trouble.BUSY


def test_a_transaction_left_open_is_closed_and_what_it_locked_is_free(cast):
    with pytest.raises(Error) as told, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET idle_in_transaction_session_timeout = '50ms'")
        cursor.execute("SELECT 1 FROM people_person WHERE id = %s FOR UPDATE", [cast.applicant.pk])
        time.sleep(0.3)
        cursor.execute("SELECT 1")
    assert isinstance(told.value, InternalError | OperationalError)
    assert trouble_of(told.value) is Trouble.AWAY
    with somebody_else() as other:
        other.execute("SELECT 1 FROM people_person WHERE id = %s FOR UPDATE NOWAIT", [cast.applicant.pk])


def test_a_migration_gives_way_to_who_holds_its_table_and_says_so_when_that_lasts():
    call_command("migrate", "people", "0001", verbosity=0)
    try:
        with somebody_else() as other:
            other.execute("SELECT 1 FROM people_person")
            with pytest.raises(Unreachable, match="A migration could not lock its table"):
                migrating.migrate(lock_seconds=0.05, tries=2, rest_seconds=0)
        migrating.migrate(lock_seconds=5, tries=1, rest_seconds=0)
        assert "language" in columns("people_person")
    finally:
        call_command("migrate", verbosity=0)


def columns(table):
    with connection.cursor() as cursor:
        return [one.name for one in connection.introspection.get_table_description(cursor, table)]


def test_who_migrates_may_take_long_and_the_next_has_the_limits_of_the_settings():
    with migrating.unhurried(lock_seconds=7):
        assert limits() == ["0", "0", "7s"]
    assert limits() == ["30s", "2min", "10s"]


def limits():
    with connection.cursor() as cursor:
        names = ("statement_timeout", "idle_in_transaction_session_timeout", "lock_timeout")
        return [cursor.execute(f"SHOW {name}").fetchone()[0] for name in names]
