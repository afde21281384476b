"""What is stored about one person: which rows of each table are theirs, what of them is handed out, and what stays."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from fabrica.kit.facts import Source, load, source_of

HOLDERS = ("person", "email", "uid")
COLUMNS = ("export", "delete", "clear", "wrote", "forget", "named")


@dataclass(frozen=True)
class Table:
    """A table's rule. `person`, `email` and `uid` are columns by which a row is somebody's, as paths of lookups.

    `export` are the columns handed out; rows that are theirs by one of `delete` go when they are erased, and what
    stays does so for the reason `keep`. `clear` are columns emptied in rows that are theirs by their address; `wrote`,
    columns handed out only to whom a row belongs by their address: to whoever decided it they are another's words.
    `forget` are columns emptied in rows that are theirs by a key, `named` those of others' rows out of which their name
    is taken.
    """

    label: str
    person: tuple[str, ...]
    email: tuple[str, ...]
    uid: tuple[str, ...]
    export: tuple[str, ...]
    delete: tuple[str, ...]
    clear: tuple[str, ...]
    wrote: tuple[str, ...]
    forget: tuple[str, ...]
    named: tuple[str, ...]
    keep: str

    @property
    def holders(self) -> tuple[str, ...]:
        """Every path by which a row is somebody's."""
        return (*self.person, *self.email, *self.uid)


@dataclass(frozen=True)
class OwnData:
    """A version of the rules."""

    version: str
    source: Source
    reasons: Mapping[str, Mapping[str, str]]
    tables: tuple[Table, ...]

    def reason(self, key: str, language: str | None) -> str:
        """Why something stays, in words."""
        words = self.reasons[key]
        return words.get((language or "en").partition("-")[0]) or words["en"]


@cache
def own_data() -> OwnData:
    """The rules that come along."""
    return read(load("fabrica.people", "own-data.json"))


def read(data: Mapping[str, Any]) -> OwnData:
    """Raises ValueError for a table that is nobody's, or whose rows neither go nor stay for a reason."""
    tables = tuple(_table(label, row) for label, row in data["tables"].items())
    for one in tables:
        if not one.holders or not one.export:
            raise ValueError(f"{one.label} says not whose its rows are, or hands nothing out")
        if (
            not set(one.delete) <= set(one.holders)
            or not set(one.wrote) <= set(one.export)
            or (one.keep and one.keep not in data["reasons"])
        ):
            raise ValueError(f"{one.label} names a column or a reason that there is not")
        if one.email and not set(one.email) <= {*one.delete, *one.clear}:
            raise ValueError(f"{one.label} would keep the address of who is erased")
        if bool(one.keep) == (set(one.delete) == set(one.holders)):
            raise ValueError(f"{one.label}: what does not go needs a reason, what goes has none")
    return OwnData(data["version"], source_of(dict(data)), data["reasons"], tables)


def _table(label: str, row: Mapping[str, Any]) -> Table:
    if unknown := set(row) - {*HOLDERS, *COLUMNS, "keep"}:
        raise ValueError(f"{label} says {', '.join(sorted(unknown))}")
    lists = {name: tuple(row.get(name, ())) for name in (*HOLDERS, *COLUMNS)}
    return Table(label=label, keep=row.get("keep", ""), **lists)
