"""Taking the name of somebody who is erased out of what others keep: as the rules of `engine.own_data` say."""

from collections.abc import Sequence

from django.apps import apps
from django.db.models import Model, Q

from fabrica.people.engine.own_data import Table, own_data
from fabrica.people.engine.unnaming import can_be_found, without_names

BATCH = 500


def unname(*, name: str, addresses: Sequence[str], instead: str) -> int:
    """Replace a name and its addresses in what was written to others; in how many rows.

    Every table is read once, some rows at a time. A reader of the same name keeps it: they are most often meant.
    For `erase_next`, in its transaction, after the person's own rows are gone.
    """
    return sum(_in_table(one, name, addresses, instead) for one in own_data().tables if one.named)


def _in_table(table: Table, name: str, addresses: Sequence[str], instead: str) -> int:
    holds = Q(pk__in=[])
    for word in filter(can_be_found, (name, *addresses)):
        for column in table.named:
            holds |= Q(**{f"{column}__contains": word})
    reader, last, changed = table.person[0], 0, 0
    rows = apps.get_model(table.label)._default_manager.filter(holds).select_related(reader).order_by("pk")
    while batch := list(rows.filter(pk__gt=last)[:BATCH]):
        found = [
            row for row in batch
            if _in_row(row, table.named, [*addresses, *([name] if getattr(row, reader).name != name else ())], instead)
        ]  # fmt: skip
        rows.model._default_manager.bulk_update(found, table.named)
        changed, last = changed + len(found), batch[-1].pk
    return changed


def _in_row(row: Model, columns: Sequence[str], names: Sequence[str], instead: str) -> bool:
    before = [getattr(row, column) for column in columns]
    for column, text in zip(columns, before, strict=True):
        most = getattr(row._meta.get_field(column), "max_length", None)
        setattr(row, column, without_names(text, names, instead)[:most])
    return before != [getattr(row, column) for column in columns]
