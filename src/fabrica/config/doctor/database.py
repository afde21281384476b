"""The database."""

from collections.abc import Iterator

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import DatabaseError

from fabrica.config.doctor.finding import Finding, bad, well


def answers() -> Iterator[Finding]:
    """Whether it answers."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        told = str(error).strip().splitlines()
        yield bad(f"The database does not answer: {told[0] if told else error!r}", "Check DATABASE_URL and the server.")
    else:
        yield well(f"The database answers ({connection.vendor}).")


def migrations() -> Iterator[Finding]:
    """Whether it has the form that this version needs."""
    try:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return  # told above
    if waiting:
        yield bad(f"{len(waiting)} migrations wait.", "Run `fabrica-site init`.")
    else:
        yield well("Every migration was applied.")
