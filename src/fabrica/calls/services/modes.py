"""Writing the modes of a site: each change is a new version, and calls keep the one they were opened under."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from fabrica.audit.services import record
from fabrica.calls import queries, rules
from fabrica.calls.engine import rows
from fabrica.calls.engine.own import checked, told_by
from fabrica.calls.models import ModeVersion
from fabrica.kit.errors import Refused
from fabrica.people.models import Person

MOST_VERSIONS = 500
MOST_MODES = 100
NOTE_LIMIT = 500
FURTHEST = timedelta(days=3 * 366)
VERBS = {False: "mode.create", True: "mode.change"}


class SavedMeanwhile(Refused):
    """Somebody else kept a version of the mode since the writer began."""

    def __init__(self) -> None:
        super().__init__(
            _("Somebody else changed this mode meanwhile."),
            todo=_("Look at their version, then publish yours again."),
        )


@transaction.atomic
def keep_mode(
    *, row: Mapping[str, Any], by: Person, now: datetime, valid_from: date | None = None, note: str = "", after: int = 0
) -> ModeVersion:
    """A new mode, or a new version of one; `after` is the number of the version it was written on, 0 for none.

    Raises NotAllowed; Refused for a row that makes no sense, a day that cannot be, a code that another mode has; and
    SavedMeanwhile.
    """
    rules.must_operate(by)
    begins = valid_from or now.date()
    told = check_mode(row=row, now=now, valid_from=begins)
    last = _last(told["key"], now)
    if after != (last.number if last else 0):
        raise SavedMeanwhile
    kept = _keep(told, last, by=by, now=now, valid_from=begins, note=_note(note))
    facts = {"number": kept.number, "valid_from": begins.isoformat()}
    record(verb=VERBS[last is not None], by=by, subject=f"mode:{kept.slug}", now=now, **facts)
    return kept


def check_mode(*, row: Mapping[str, Any], now: datetime, valid_from: date) -> dict[str, Any]:
    """The row, if it could be kept now; nothing is written. Raises Refused."""
    told = _checked(row)
    if not now.date() - timedelta(days=1) <= valid_from <= now.date() + FURTHEST:
        raise Refused(_("A version is valid from today on, or from a day of the next three years."))
    _must_be_own_code(told, now)
    return told


@transaction.atomic
def retire_mode(*, key: str, reason: str, by: Person, now: datetime, after: int = 0) -> ModeVersion:
    """Take a mode away from the route finder and from new calls. A later version brings it back.

    Raises NotAllowed, NotFound, Refused.
    """
    rules.must_operate(by)
    if not reason.strip():
        raise Refused(_("Say why, for colleagues."))
    row = told_by(queries.newest_row(key))
    last = _last(key, now)
    if last is None or (after and after != last.number):
        raise SavedMeanwhile
    if last.is_retired:
        raise Refused(_("It is retired already."))
    kept = _keep(row, last, by=by, now=now, valid_from=now.date(), note=_note(reason), is_retired=True)
    record(verb="mode.retire", by=by, subject=f"mode:{key}", now=now, number=kept.number)
    return kept


def _checked(row: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return checked(row)
    except (ValueError, KeyError, TypeError) as error:
        raise Refused(_("This mode makes no sense."), why=str(error)[:500]) from error


def _must_be_own_code(told: Mapping[str, Any], now: datetime) -> None:
    """Numbers of applications carry the code: two modes of one code could not be told apart."""
    known = queries.mode_rows(now)
    taken = {row["code"]: key for key, row in {**rows(), **known}.items()}
    other = taken.get(told["code"], told["key"])
    if other != told["key"]:
        facts = {"code": told["code"], "mode": other}
        raise Refused(_("The code %(code)s belongs to the mode %(mode)s.") % facts, todo=_("Choose another code."))
    if told["key"] not in known and len(known) >= MOST_MODES:
        raise Refused(_("There are %(most)s modes already.") % {"most": MOST_MODES}, todo=_("Retire one first."))


def _last(key: str, now: datetime) -> ModeVersion | None:
    """The newest version; a shipped mode that nobody changed yet is kept first as it came."""
    last = queries.versions_of(key).first()
    if last is None and key in rows():
        row = rows()[key]
        facts = {"row": told_by(row), "valid_from": now.date(), "created_at": now, "note": f"Fabrica {row['version']}"}
        return ModeVersion.objects.get_or_create(slug=key, number=1, defaults=facts)[0]
    return last


def _keep(row: dict[str, Any], last: ModeVersion | None, **fields: Any) -> ModeVersion:
    number = last.number + 1 if last else 1
    if number > MOST_VERSIONS:
        raise Refused(_("It has %(most)s versions already.") % {"most": MOST_VERSIONS})
    now = fields.pop("now")
    try:
        with transaction.atomic():
            return ModeVersion.objects.create(slug=row["key"], number=number, row=row, created_at=now, **fields)
    except IntegrityError as error:
        raise SavedMeanwhile from error


def _note(note: str) -> str:
    if len(note) > NOTE_LIMIT:
        raise Refused(_("A note has at most %(most)s letters.") % {"most": NOTE_LIMIT})
    return note.strip()
