"""The versions of a mode's form as operators read them: when, by whom, why, and what each asks otherwise."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from fabrica.calls.engine.changing import Changed, Changes, changes, keys
from fabrica.calls.engine.form import Form
from fabrica.calls.engine.own import Difference
from fabrica.calls.models import FormVersion
from fabrica.calls.pages.asking import both, described

MOST_SHOWN = 10


@dataclass(frozen=True)
class KeptForm:
    """A version of a form with what it asks otherwise than the one before.

    `is_first` is the oldest: where a person wrote it, it is compared with what comes with Fabrica now.
    """

    version: FormVersion
    differences: list[Difference]
    is_in_force: bool
    is_first: bool


def kept_forms(
    versions: Sequence[FormVersion], in_force: Mapping[str, Any], shipped: Mapping[str, Any]
) -> list[KeptForm]:
    """The newest `MOST_SHOWN` of some versions, newest first; whoever asks passes one more, to compare the last with.

    `in_force` is the row of what is asked now, `shipped` that of what came with Fabrica.
    """
    older = [*versions[1:], None]
    newest = versions[0].pk if versions and versions[0].row == in_force else None
    return [
        KeptForm(one, _differences(one, was, shipped), one.pk == newest, was is None)
        for one, was in zip(versions[:MOST_SHOWN], older, strict=False)
    ]


def _differences(one: FormVersion, was: FormVersion | None, shipped: Mapping[str, Any]) -> list[Difference]:
    if was is None and one.by_id is None:
        return []
    return list(_said(changes(was.row if was else shipped, one.row), was.row if was else shipped, one.row))


def _said(found: Changes, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Difference]:
    for one in found.questions:
        yield _question(one)
    if found.is_arranged:
        yield Difference(_("Sections and order"), _arranged(found.before), _arranged(found.after))
    if found.is_sourced:
        yield Difference(_("Source"), _source(before), _source(after))


def _question(one: Changed) -> Difference:
    words = {"question": both(one.label), "key": one.key}
    if one.before is None:
        label = _("Added: %(question)s (%(key)s)") % words
    elif one.after is None:
        label = _("Removed: %(question)s (%(key)s)") % words
    else:
        label = _("Changed: %(question)s (%(key)s)") % words
    return Difference(label, *(described(each) if each else "" for each in (one.before, one.after)))


def _arranged(form: Form) -> str:
    parts = [(" – ".join(filter(None, (both(one.title), both(one.help)))), keys(one.items)) for one in form.sections]
    return "; ".join(f"{title}: {', '.join(items)}" for title, items in parts)


def _source(row: Mapping[str, Any]) -> str:
    return f"{row['source']}, {row['checked_on']}, {row['confidence']}"
