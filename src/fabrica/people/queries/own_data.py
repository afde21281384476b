"""One person's own data: every row that is theirs, by the rules of `engine.own_data`, and as a file to take along.

Tables of every context are reached by their name alone, so that nothing here imports what stands above.
"""

import io
import json
from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from allauth.account.models import EmailAddress
from django.apps import apps
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model, Q, QuerySet
from django.template.loader import render_to_string
from django.utils.translation import override

from fabrica.people.engine.own_data import Table, own_data
from fabrica.people.models import Person

MOST_ROWS = 10_000  # of a table; more is told in the index
CHUNK = 500


def addresses_of(person: Person) -> list[str]:
    """The e-mail addresses that are known to be theirs."""
    proved = EmailAddress.objects.filter(user=person, verified=True).values_list("email", flat=True)
    return sorted({person.email.lower(), *(one.lower() for one in proved)})


def rows_of(person: Person, table: Table, holders: tuple[str, ...]) -> QuerySet[Model]:
    """The rows of a table that are somebody's by one of these columns."""
    theirs = Q(pk__in=[])
    for path in holders:
        if path in table.email:
            for address in addresses_of(person):
                theirs |= Q(**{f"{path}__iexact": address})
        else:
            theirs |= Q(**{path: person.uid if path in table.uid else person.pk})
    found: QuerySet[Model] = apps.get_model(table.label)._default_manager.filter(theirs).order_by("pk")
    return found


def kept_of(person: Person, language: str | None) -> list[tuple[str, int]]:
    """What would stay of a person if they were erased: (reason, how many rows), by reason."""
    rules, counts = own_data(), dict.fromkeys(own_data().reasons, 0)
    for table in rules.tables:
        if table.keep:
            staying = tuple(path for path in table.holders if path not in table.delete)
            counts[table.keep] += rows_of(person, table, staying)[:MOST_ROWS].count()
    return [(rules.reason(key, language), count) for key, count in counts.items() if count]


def archive_of(person: Person, language: str | None, site: str, now: datetime) -> Iterator[bytes]:
    """A ZIP archive of everything that is theirs, piece by piece: a JSON file for each context, and an index."""
    outlet, told = _Outlet(), []
    with ZipFile(outlet, "w", ZIP_DEFLATED) as archive:
        tables = sorted(own_data().tables, key=lambda one: one.label)
        for context, group in groupby(tables, key=lambda one: one.label.partition(".")[0]):
            with archive.open(_entry(f"{context}.json", now), "w") as file:
                for number, table in enumerate(group):
                    file.write(("{" if not number else ",").encode() + f'\n"{table.label}": ['.encode())
                    count = 0
                    for count, row in enumerate(_rows(person, table), start=1):
                        file.write(("," if count > 1 else "").encode() + b"\n" + row)
                        if count % CHUNK == 0:
                            yield outlet.taken()
                    file.write(b"]")
                    told.append((f"{context}.json", table, count))
                file.write(b"\n}\n")
            yield outlet.taken()
        archive.writestr(_entry("README.txt", now), _index(person, told, language, site, now))
    yield outlet.taken()


def _rows(person: Person, table: Table) -> Iterator[bytes]:
    """Each row as JSON, with `as`: the columns by which it is theirs. Addresses and names of others stay out."""
    known = {*addresses_of(person)}
    found = rows_of(person, table, table.holders).values(*table.export, *(f"{one}" for one in _hidden(table)))
    for row in found[:MOST_ROWS].iterator(chunk_size=CHUNK):
        mine = {path for path in table.person if row[path] == person.pk}
        mine |= {path for path in table.uid if row[path] == person.uid}
        mine |= {path for path in table.email if str(row[path]).lower() in known}
        others = () if mine & {*table.email} else table.wrote
        told = {"as": sorted(mine), **{name: row[name] for name in table.export if name not in others}}
        yield json.dumps(told, ensure_ascii=False, cls=DjangoJSONEncoder).encode()


def _hidden(table: Table) -> list[str]:
    """Columns that say whose a row is, beside those handed out."""
    return [path for path in table.holders if path not in table.export]


def _index(
    person: Person, told: list[tuple[str, Table, int]], language: str | None, site: str, now: datetime
) -> str:  # fmt: skip
    rules = own_data()
    rows = [
        {"file": file, "table": table.label, "count": count, "is_cut": count == MOST_ROWS,
         "keep": rules.reason(table.keep, language) if table.keep else ""}
        for file, table, count in told if count
    ]  # fmt: skip
    facts = {"person": person, "rows": rows, "site": site, "now": now, "most": MOST_ROWS, "version": rules.version}
    with override(language):
        return render_to_string("people/own_data.txt", facts)


def _entry(name: str, now: datetime) -> ZipInfo:
    made = ZipInfo(name, date_time=now.timetuple()[:6])
    made.compress_type = ZIP_DEFLATED
    return made


class _Outlet(io.RawIOBase):
    """Where an archive is written to, and taken from as it grows."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data) -> int:  # type: ignore[no-untyped-def]  # noqa: ANN001 - whatever the archive writes
        self._parts.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        """What was written since, which is then forgotten."""
        parts, self._parts = self._parts, []
        return b"".join(parts)
