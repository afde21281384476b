import sqlite3

import psycopg
import pytest
from django.db import IntegrityError, InterfaceError, InternalError, OperationalError, ProgrammingError, connection
from fabrica.kit.database import Trouble, trouble_of


def because(error, cause):
    error.__cause__ = cause
    return error


def sqlite_error(code):
    cause = sqlite3.OperationalError("told")
    cause.sqlite_errorcode = code
    return because(OperationalError("told"), cause)


@pytest.mark.parametrize("state", ["57014", "55P03", "40P01", "40001"])
def test_what_was_cut_off_or_waited_too_long_is_busy(state):
    assert trouble_of(because(OperationalError(), psycopg.errors.lookup(state)())) is Trouble.BUSY


@pytest.mark.parametrize("state", ["57P01", "57P03", "53300", "53100", "08006"])
def test_a_server_that_stops_starts_or_is_full_is_away(state):
    assert trouble_of(because(OperationalError(), psycopg.errors.lookup(state)())) is Trouble.AWAY


def test_a_connection_that_broke_is_away():
    assert trouble_of(because(OperationalError(), psycopg.OperationalError("the connection is closed"))) is Trouble.AWAY
    assert trouble_of(InterfaceError("connection already closed")) is Trouble.AWAY
    assert trouble_of(because(InternalError(), psycopg.errors.lookup("25P03")())) is Trouble.AWAY


@pytest.mark.parametrize(
    ("code", "trouble"),
    [
        (sqlite3.SQLITE_BUSY, Trouble.BUSY), (sqlite3.SQLITE_LOCKED, Trouble.BUSY), (517, Trouble.BUSY),
        (sqlite3.SQLITE_FULL, Trouble.AWAY), (sqlite3.SQLITE_IOERR, Trouble.AWAY), (sqlite3.SQLITE_ERROR, None),
    ],
)  # fmt: skip
def test_sqlite_tells_by_its_number(code, trouble):
    assert trouble_of(sqlite_error(code)) is trouble


@pytest.mark.parametrize("error", [IntegrityError(), ProgrammingError(), InternalError(), RuntimeError(), None])
def test_our_own_mistakes_are_no_trouble_that_passes(error):
    assert trouble_of(error) is None


@pytest.mark.django_db
def test_a_missing_table_is_our_mistake_on_either_database():
    with pytest.raises((OperationalError, ProgrammingError)) as told, connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM nowhere")
    assert trouble_of(told.value) is None
