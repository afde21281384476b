"""Migrating a database that serves, and other work that may take long."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management import call_command
from django.db import OperationalError, connection

from fabrica.kit.database import Trouble, trouble_of
from fabrica.kit.errors import Unreachable

LOCK_SECONDS, TRIES, REST_SECONDS = 5.0, 6, 2.0


@contextmanager
def unhurried(lock_seconds: float = 60.0) -> Iterator[None]:
    """Statements may take as long as they need, on PostgreSQL; a lock is waited for only so long."""
    if connection.vendor != "postgresql":
        yield
        return
    limits = {
        "statement_timeout": 0,
        "idle_in_transaction_session_timeout": 0,
        "lock_timeout": int(lock_seconds * 1000),
    }
    with connection.cursor() as cursor:
        for name, milliseconds in limits.items():
            cursor.execute("SELECT set_config(%s, %s, false)", [name, f"{milliseconds}ms"])
    try:
        yield
    finally:
        # The next to ask gets a connection with the limits of the settings.
        connection.close()


def migrate(*, lock_seconds: float = LOCK_SECONDS, tries: int = TRIES, rest_seconds: float = REST_SECONDS) -> None:
    """Bring the tables to this version. Raises Unreachable where others keep them locked.

    A change of a table waits for everybody who uses it, and everybody who comes later waits for the change: so it
    gives up soon, lets them pass, and tries again. Each migration is whole or absent.
    """
    for left in reversed(range(tries)):
        try:
            with unhurried(lock_seconds):
                call_command("migrate", interactive=False, verbosity=0)
        except OperationalError as error:
            if trouble_of(error) is not Trouble.BUSY:
                raise
            if not left:
                raise Unreachable(
                    "A migration could not lock its table.", why="Somebody else uses it for long.",
                    todo="Run `fabrica-site init` again at a quieter time; what was migrated stays.",
                ) from error  # fmt: skip
            time.sleep(rest_seconds)
        else:
            return
