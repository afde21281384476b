"""What is wrong with this site, and what to do.

A check is a function without arguments that yields findings; it may hang, fail, or find nothing wrong. To add one,
write it beside those of its topic and put it into `CHECKS` with the seconds it may take.
"""

from collections.abc import Callable, Iterable, Iterator

from fabrica.config.doctor import (
    audit,
    clock,
    database,
    keys,
    machines,
    mail,
    people,
    settings,
    sign_in,
    storage,
    workers,
)
from fabrica.config.doctor import https as https_
from fabrica.config.doctor.finding import Check, Finding, bad, well
from fabrica.config.within import Late, within

__all__ = ["CHECKS", "Finding", "bad", "examine", "well"]

Runner = Callable[[float, Callable[[], list[Finding]]], list[Finding]]

# topic, check, the most seconds it may take
CHECKS: list[tuple[str, Check, float]] = [
    ("settings", settings.checks, 20),
    ("database", database.answers, 10),
    ("database", database.migrations, 20),
    ("clock", clock.database_clock, 10),
    ("clock", clock.synchronised, 10),
    ("storage", storage.storage, 10),
    ("storage", storage.home, 10),
    ("keys", keys.signing_key, 10),
    ("keys", keys.secret_key, 10),
    ("audit", audit.sealed, 10),
    ("audit", audit.chain, 600),
    ("mail", mail.sender, 10),
    ("mail", mail.server, 20),
    ("https", https_.address, 10),
    ("https", https_.certificate, 15),
    ("https", https_.answers, 15),
    ("sign-in", sign_in.providers, 60),
    ("people", people.roles, 10),
    ("people", people.unix_names, 10),
    ("workers", workers.alive, 10),
    ("machines", machines.machines, 60),
    ("machines", machines.dry_runs, 10),
]


def examine(checks: Iterable[tuple[str, Check, float]] | None = None, run: Runner = within) -> Iterator[Finding]:
    """Look at everything in turn; what cannot be looked at, or not in time, is a finding too."""
    for topic, check, seconds in CHECKS if checks is None else checks:
        for finding in _findings(check, seconds, run):
            yield finding.about(topic)


def _findings(check: Check, seconds: float, run: Runner) -> list[Finding]:
    name = check.__name__.replace("_", " ")
    try:
        return run(seconds, lambda: list(check()))
    except Late:
        todo = "Something it asks hangs: a disk of the network, a name server, the database. Find which and mend it."
        return [bad(f"The check of {name} had no end within {seconds:.0f} s.", todo)]
    except Exception as error:  # noqa: BLE001 - one check that fails must not hide the others
        todo = "Mend what it tells of; where it is our mistake, please report it."
        return [bad(f"The check of {name} failed: {type(error).__name__}: {error}", todo)]
