"""The database into one file, and back: all of it or nothing."""

import os
import shutil
import sqlite3
import subprocess
import tempfile
from contextlib import closing
from pathlib import Path
from typing import IO, Any

from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from fabrica.config.backup.folder import copy_file
from fabrica.kit.errors import Refused

NAMES = {"postgresql": "database.dump", "sqlite": "database.sqlite3"}
LOCK_WAIT = "60s"
TOLD_AT_MOST = 500


def applied() -> list[str]:
    """The migrations this database has, as `app.name`."""
    return sorted(f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations())


def tables() -> list[str]:
    """The tables there are, ours or not."""
    with connection.cursor() as cursor:
        return sorted(connection.introspection.table_names(cursor))


def dump(folder: Path) -> None:
    """Write the database as it is at one moment; the site goes on meanwhile."""
    target = folder / NAMES[connection.vendor]
    if connection.vendor == "postgresql":
        how = ["--format=custom", "--no-owner", "--no-acl", "--lock-wait-timeout", LOCK_WAIT, "--file", str(target)]
        _run([_tool("pg_dump"), *how, *_where()])
    else:
        _copy_file(target)
    target.chmod(0o600)


def _copy_file(target: Path) -> None:
    """SQLite's own online copy, which waits for no writer and holds none up."""
    connection.ensure_connection()
    try:
        with closing(sqlite3.connect(target)) as copy:
            connection.connection.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        raise Refused("The database could not be copied.", why=f"{error}.") from error


def check(folder: Path) -> None:
    """Raise Refused where the dump cannot be read by this machine's tools."""
    path = folder / NAMES[connection.vendor]
    if connection.vendor == "postgresql":
        _run([_tool("pg_restore"), "--list", str(path)])
        return
    with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as copy:
        (told,) = copy.execute("PRAGMA integrity_check").fetchone()
    if told != "ok":
        raise Refused("The backup's database is damaged.", why=str(told)[:TOLD_AT_MOST])


def load(folder: Path, stamp: str) -> list[Path]:
    """Put the dump in the place of everything that is there, at once; returns where SQLite's former file is kept.

    Raises Refused, changing nothing.
    """
    path = folder / NAMES[connection.vendor]
    if connection.vendor != "postgresql":
        return _load_file(path, stamp)
    _load_server(path)
    return []


def users() -> int:
    """How many others are connected; SQLite cannot tell."""
    if connection.vendor != "postgresql":
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        return int(cursor.fetchone()[0])


def _load_server(path: Path) -> None:
    """Drop what is there and run the dump's script in one transaction; only a script that came whole is committed."""
    gone = "".join(f"DROP TABLE IF EXISTS {connection.ops.quote_name(name)} CASCADE;\n" for name in tables())
    before = f"BEGIN;\nSET client_min_messages = error;\nSET lock_timeout = '{LOCK_WAIT}';\n{gone}"
    connection.close()  # so that it locks no table
    script = [_tool("pg_restore"), "--no-owner", "--no-acl", "--file", "-", str(path)]
    psql = [_tool("psql"), "--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--output", os.devnull, *_where()]
    with tempfile.TemporaryFile() as told:
        with (
            subprocess.Popen(script, stdout=subprocess.PIPE, stderr=told) as reading,  # noqa: S603 - an argument list
            subprocess.Popen(psql, stdin=subprocess.PIPE, stderr=told, env=_environment()) as writing,  # noqa: S603 - the same
        ):
            is_whole = _feed(reading, writing, before.encode())
        told.seek(0)
        if writing.returncode or not is_whole:
            raise Refused("The database could not be restored; it is as it was.", why=_last_line(told.read()))


def _feed(reading: "subprocess.Popen[bytes]", writing: "subprocess.Popen[bytes]", before: bytes) -> bool:
    """Pass the script on; True when it was whole and was told to be committed. Whoever reads it may end early."""
    try:
        with _pipe(writing.stdin) as into:
            into.write(before)
            shutil.copyfileobj(_pipe(reading.stdout), into)
            if reading.wait():
                writing.kill()  # a script that was cut short is not committed
                return False
            into.write(b"COMMIT;\n")
    except BrokenPipeError:
        reading.kill()
        return False
    except BaseException:
        writing.kill()
        reading.kill()
        raise
    return writing.wait() == 0


def _pipe(end: IO[bytes] | None) -> IO[bytes]:
    if end is None:
        raise ValueError("the program was started with a pipe")
    return end


def _load_file(path: Path, stamp: str) -> list[Path]:
    """Copy beside the database, keep what is there under another name, and take its place by a rename."""
    is_empty = not tables()
    connection.close()
    target = Path(str(connection.settings_dict["NAME"]))
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}.restoring")
    fresh.unlink(missing_ok=True)
    copy_file(path, fresh)
    kept = []
    for end in ("", "-wal", "-shm"):
        former = target.with_name(f"{target.name}{end}")
        if is_empty:
            former.unlink(missing_ok=True)
        elif former.exists():
            kept.append(former.rename(target.with_name(f"{target.name}.before-{stamp}{end}")))
    fresh.replace(target)
    return kept[:1]


def _where() -> list[str]:
    """The database as arguments of PostgreSQL's programs; the password goes through the environment."""
    one: dict[str, Any] = connection.settings_dict
    named = {"--host": one["HOST"] or one["OPTIONS"].get("host"), "--port": one["PORT"] or one["OPTIONS"].get("port"),
             "--username": one["USER"], "--dbname": one["NAME"]}  # fmt: skip
    return ["--no-password", *(f"{name}={value}" for name, value in named.items() if value)]


def _environment() -> dict[str, str]:
    one: dict[str, Any] = connection.settings_dict
    passed = {name: one["OPTIONS"].get(name) for name in ("sslmode", "sslrootcert", "sslcert", "sslkey")}
    named = {"PGPASSWORD": one["PASSWORD"], **{f"PG{name.upper()}": value for name, value in passed.items()}}
    return {**os.environ, "PGCONNECT_TIMEOUT": "10", **{name: str(value) for name, value in named.items() if value}}


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise Refused(f"The program {name} is missing.", todo="Install it (Debian: postgresql-client).")
    return found


def _run(command: list[str]) -> None:
    done = subprocess.run(command, env=_environment(), capture_output=True, check=False)  # noqa: S603 - an argument list
    if done.returncode:
        raise Refused(f"{Path(command[0]).name} failed.", why=_last_line(done.stderr))


def _last_line(told: bytes) -> str:
    lines = told.decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:TOLD_AT_MOST] if lines else "It was killed, or said nothing."
