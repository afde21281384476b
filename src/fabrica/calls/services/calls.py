"""Opening, pausing and closing calls."""

from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from fabrica.audit.services import record
from fabrica.calls import queries, rules
from fabrica.calls.engine.opening import opened
from fabrica.calls.engine.terms import terms_from
from fabrica.calls.models import Call
from fabrica.calls.states import State
from fabrica.clusters.models import Machine
from fabrica.clusters.queries import calendar_of, counting_of
from fabrica.kit.errors import Refused
from fabrica.people.models import Person

MOST_ALTERNATIVES = 10


@transaction.atomic
def open_call(
    *,
    slug: str,
    title: str,
    mode: str,
    machine: Machine,
    by: Person,
    now: datetime,
    closes_at: datetime | None = None,
) -> Call:
    """Open a mode on a machine from now on.

    Raises NotAllowed, NotFound (mode), Refused (slug taken, bad end, a mode that cannot be served on this machine).
    """
    rules.must_operate(by)
    if closes_at is not None and closes_at <= now:
        raise Refused(_("A call closes after it opens."))
    row = _opened(queries.mode_row(mode, now), machine, now)
    try:
        with transaction.atomic():
            call = Call.objects.create(
                slug=slug, title=title, machine=machine, mode_row=row, opens_at=now, closes_at=closes_at
            )
    except IntegrityError as error:
        raise Refused(_("There is a call %(slug)s already.") % {"slug": slug}) from error
    record(verb="call.open", by=by, subject=f"call:{slug}", now=now, mode=mode, version=call.mode_row["version"])
    return call


def _opened(row: dict[str, Any], machine: Machine, now: datetime) -> dict[str, Any]:
    """The mode's row as it is served on the machine: in its units, with its site's days."""
    zone = calendar_of(machine.site).zone.key
    node = _gpus_per_node(machine) if terms_from(row).value("unit") == "node_hour" else Fraction(1)
    return opened(row, gpus_per_node=node, zone=zone, now=now)


def _gpus_per_node(machine: Machine) -> Fraction:
    """The GPUs of a whole node, as the ledger counts them. Raises Refused where the machine's units are not known."""
    counting = counting_of(machine)
    return counting.gpus_per_device * counting.devices_per_node


@transaction.atomic
def set_state(
    *, call: Call, state: State, by: Person, now: datetime, reason: str = "", alternatives: Sequence[Call] = ()
) -> None:
    """Open, pause or close a call; of a pause applicants read the reason, and where they can apply meanwhile.

    Raises NotAllowed, Refused.
    """
    rules.must_operate(by)
    if state == State.PAUSED and not reason.strip():
        raise Refused(_("A pause needs a reason."), todo=_("Say why, and where applicants can go meanwhile."))
    if any(one.pk == call.pk for one in alternatives) or len(alternatives) > MOST_ALTERNATIVES:
        raise Refused(_("Other calls are the alternatives, at most %(most)s.") % {"most": MOST_ALTERNATIVES})
    is_paused = state == State.PAUSED
    told = "" if state == State.OPEN else reason.strip()[:200]
    Call.objects.filter(pk=call.pk).update(state=state, pause_reason=told)
    call.alternatives.set(alternatives if is_paused else ())
    others = [one.slug for one in alternatives] if is_paused else []
    facts = {"alternatives": others} if others else {}
    record(verb="call.set_state", by=by, subject=f"call:{call.slug}", now=now, state=state.value, **facts)
