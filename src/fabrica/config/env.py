"""Settings come from the environment or from files it names; a wrong value stops the start with a hint."""

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

TRUE, FALSE = ("1", "true", "yes", "on"), ("", "0", "false", "no", "off")


def text(name: str, default: str = "") -> str:
    """The variable's value, or what stands in the file that `<name>_FILE` names."""
    if file := os.environ.get(f"{name}_FILE"):
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE={file} cannot be read: {error.strerror}.") from error
    return os.environ.get(name, default)


def flag(name: str, *, default: bool = False) -> bool:
    """A yes or no: 1/true/yes/on or 0/false/no/off."""
    value = os.environ.get(name, str(default)).lower()
    if value not in TRUE + FALSE:
        raise ImproperlyConfigured(f"{name}={value} is neither yes nor no. Use 1 or 0.")
    return value in TRUE


def number(name: str, default: int, *, least: int = 0, most: int = 2**40) -> int:
    """A whole number within bounds."""
    value = os.environ.get(name, str(default))
    if not (value.isascii() and value.isdigit()) or not least <= int(value) <= most:
        raise ImproperlyConfigured(f"{name}={value} is not a whole number from {least} to {most}.")
    return int(value)


def choice(name: str, default: str, among: tuple[str, ...]) -> str:
    """One of a few words."""
    value = os.environ.get(name, default)
    if value not in among:
        raise ImproperlyConfigured(f"{name}={value} is not one of {', '.join(among)}.")
    return value


def names(name: str, default: str = "") -> list[str]:
    """A list, separated by commas."""
    return [part.strip() for part in os.environ.get(name, default).split(",") if part.strip()]


def percents(name: str, default: str) -> list[int]:
    """A list of rising shares below a hundred, separated by commas."""
    parts = names(name, default)
    found = [int(part) for part in parts if part.isascii() and part.isdigit()]
    if len(found) < len(parts) or any(not 0 < one < 100 for one in found) or found != sorted(set(found)):  # noqa: PLR2004 - percent
        raise ImproperlyConfigured(f"{name} is not a list of rising whole numbers from 1 to 99, such as {default}.")
    return found


@dataclass(frozen=True)
class Limits:
    """How many seconds PostgreSQL lets a connection wait for a lock, run a statement, idle in a transaction; 0: any."""

    lock: int = 0
    statement: int = 0
    idle: int = 0

    def as_options(self) -> list[str]:
        """The limits as the server reads them when a connection begins."""
        named = {
            "lock_timeout": self.lock,
            "statement_timeout": self.statement,
            "idle_in_transaction_session_timeout": self.idle,
        }
        return [f"-c {name}={seconds}s" for name, seconds in named.items() if seconds]


# A server that is gone without a word is noticed within about a minute, not after the two hours of TCP.
ALIVE = {
    "connect_timeout": "10", "keepalives_idle": "20", "keepalives_interval": "10", "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}  # fmt: skip

# Looking up some thousand keys in an index is cheap where no disk turns; else whole tables are read for them.
ON_FLASH = "-c random_page_cost=1.1"


def database(url: str, home: Path, limits: Limits = Limits()) -> dict[str, object]:
    """Django's settings of the database at `url`: `sqlite:///FILE`, `postgresql://user:password@host:port/name`."""
    try:
        parts = urlsplit(url or f"sqlite:///{home / 'db.sqlite3'}")
        port = parts.port or ""
    except ValueError:
        # The cause is left out: it may quote a piece of the password.
        hint = "Use postgresql://user:password@host:port/name, and write special letters of the password as %40 for @."
        raise ImproperlyConfigured(f"DATABASE_URL cannot be read as an address. {hint}") from None
    if parts.scheme == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": unquote(parts.path[1:]) or ":memory:",
            "OPTIONS": {
                # WAL lets readers go on while one writes; IMMEDIATE makes writers queue instead of failing half-way.
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
            },
        }
    if parts.scheme in ("postgresql", "postgres"):
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": parts.path[1:],
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": parts.hostname or "",
            "PORT": port,
            "OPTIONS": _options(dict(parse_qsl(parts.query)), limits),
            "CONN_MAX_AGE": 60,
            # A connection that was kept is tried before it is used again: the server may have been restarted.
            "CONN_HEALTH_CHECKS": True,
        }
    raise ImproperlyConfigured(f"DATABASE_URL has the scheme {parts.scheme!r}; use sqlite:/// or postgresql://.")


def _options(named: dict[str, str], limits: Limits) -> dict[str, str]:
    """What the address names, above what we set; `options` of both are sent, and the address has the last word."""
    options = " ".join([ON_FLASH, *limits.as_options(), *filter(None, [named.get("options")])])
    return {**ALIVE, **named, "options": options}
