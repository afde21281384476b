"""What is wrong with this site, and what to do."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.core.checks import run_checks
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import DatabaseError

from fabrica.audit import queries as audit
from fabrica.clusters.queries import cluster_of, machines
from fabrica.kit.errors import Problem
from fabrica.kit.signing import load_key
from fabrica.kit.units import size
from fabrica.people.queries import with_role
from fabrica.people.states import Role

LEAST_FREE_BYTES = 2_000_000_000


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    is_well: bool
    what: str
    todo: str = ""


def examine() -> Iterator[Finding]:
    """Look at everything, one finding each; what cannot be looked at is a finding too."""
    yield from _settings()
    yield from _database()
    yield from _storage()
    yield from _keys()
    yield from _people()
    yield from _machines()


def _settings() -> Iterator[Finding]:
    problems = [one for one in run_checks() if one.is_serious()]
    for one in problems:
        yield Finding(is_well=False, what=str(one.msg), todo=str(one.hint or ""))
    if not problems:
        yield Finding(is_well=True, what="The settings are sound.")


def _database() -> Iterator[Finding]:
    try:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        yield Finding(is_well=False, what=f"The database does not answer: {error}", todo="Check DATABASE_URL.")
        return
    if waiting:
        yield Finding(is_well=False, what=f"{len(waiting)} migrations wait.", todo="Run `fabrica-site init`.")
    else:
        yield Finding(is_well=True, what=f"The database answers ({connection.vendor}).")


def _storage() -> Iterator[Finding]:
    settings.FABRICA_STORAGE.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(settings.FABRICA_STORAGE).free
    told = f"The storage {settings.FABRICA_STORAGE} has {size(free)} free."
    yield Finding(is_well=free > LEAST_FREE_BYTES, what=told, todo="Make room: runs fail on a full disk.")
    writable = os.access(settings.FABRICA_STORAGE, os.W_OK)
    yield Finding(is_well=writable, what="The storage can be written.", todo="Give it to the site's own user.")


def _keys() -> Iterator[Finding]:
    path = settings.FABRICA_KEYS / "site.pem"
    try:
        load_key(path)
    except Problem as problem:
        yield Finding(is_well=False, what=str(problem), todo="Run `fabrica-site init`.")
        return
    open_to_others = path.stat().st_mode & 0o077
    yield Finding(is_well=not open_to_others, what="The signing key is its owner's alone.", todo=f"chmod 600 {path}")
    verdict = audit.verify_site(keys=settings.FABRICA_KEYS, anchor=settings.FABRICA_ANCHOR_FILE)
    told = f"The audit chain holds over {verdict.entry_count} entries." if verdict.holds else "The audit chain breaks."
    yield Finding(is_well=verdict.holds, what=told, todo=" ".join(verdict.problems))


def _people() -> Iterator[Finding]:
    for role in (Role.OPERATOR, Role.OFFICER, Role.ASSESSOR):
        count = with_role(role).count()
        todo = f"Run `fabrica-site grant EMAIL {role.value}`."
        yield Finding(is_well=count > 0, what=f"{count} with the role {role.value}.", todo=todo)


def _machines() -> Iterator[Finding]:
    for machine in machines():
        try:
            load = cluster_of(machine).load()
        except Problem as problem:
            yield Finding(is_well=False, what=f"{machine}: {problem}", todo="Check the machine and its adapter.")
        else:
            yield Finding(is_well=True, what=f"{machine} answers: {load.devices_busy} of {load.devices_total} busy.")
