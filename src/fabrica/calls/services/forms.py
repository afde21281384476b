"""Writing the application forms of modes: each change is a new version, and applications keep theirs."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from fabrica.audit.services import record
from fabrica.calls import queries, rules
from fabrica.calls.engine.form import form_from
from fabrica.calls.models import FormVersion
from fabrica.calls.services.modes import MOST_VERSIONS, NOTE_LIMIT
from fabrica.kit.errors import Refused
from fabrica.people.models import Person


class FormKeptMeanwhile(Refused):
    """Somebody else kept a version of the form since the writer began."""

    def __init__(self) -> None:
        super().__init__(
            _("Somebody else changed this form meanwhile."), todo=_("Look at their version, then keep yours again.")
        )


@transaction.atomic
def keep_form(
    *, mode: str, row: Mapping[str, Any], by: Person, now: datetime, note: str = "", after: int | None = None
) -> FormVersion:
    """A new version of the form of a mode; `after` is the number of the version it was written on, if it matters.

    Raises NotAllowed, NotFound for a mode that there is not; Refused for a form that makes no sense or says what is in
    force already; and FormKeptMeanwhile.
    """
    rules.must_operate(by)
    queries.newest_row(mode)
    told = _checked({**row, "key": mode})
    if len(note) > NOTE_LIMIT:
        raise Refused(_("A note has at most %(most)s letters.") % {"most": NOTE_LIMIT})
    last = queries.forms_of(mode).first()
    if after is not None and after != (last.number if last else 0):
        raise FormKeptMeanwhile
    if told == queries.form_row(mode):
        raise Refused(_("This is what the form asks for already."))
    kept = _keep(mode, told, last, by=by, note=note.strip(), created_at=now)
    record(verb="form.change", by=by, subject=f"mode:{mode}", now=now, number=kept.number)
    return kept


@transaction.atomic
def form_for(*, mode: str, now: datetime) -> FormVersion | None:
    """The version of the form that a new application begins with; None where it has no questions of a call's own.

    What came with Fabrica is kept as a version the first time it is begun with.
    """
    last, row = queries.forms_of(mode).first(), queries.form_row(mode)
    if last is not None and last.row == row:
        return last
    if queries.has_standard_form(mode):
        return None
    try:
        return _keep(mode, row, last, created_at=now)
    except FormKeptMeanwhile:  # by whoever began at the same moment
        return queries.forms_of(mode).first()


def _checked(row: dict[str, Any]) -> dict[str, Any]:
    try:
        form_from(row)
    except ValueError as error:
        raise Refused(_("This form makes no sense."), why=str(error)[:500]) from error
    return row


def _keep(mode: str, row: dict[str, Any], last: FormVersion | None, **fields: Any) -> FormVersion:
    number = last.number + 1 if last else 1
    if number > MOST_VERSIONS:
        raise Refused(_("It has %(most)s versions already.") % {"most": MOST_VERSIONS})
    try:
        with transaction.atomic():
            return FormVersion.objects.create(slug=mode, number=number, row=row, **fields)
    except IntegrityError as error:
        raise FormKeptMeanwhile from error
