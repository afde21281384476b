"""Where a page of the staff stands, and what staff look after: `{% load portal %}`."""

from typing import Any

from django import template

from fabrica.allocations.rules import can_audit
from fabrica.people.models import Person
from fabrica.people.rules import has_role, is_staff_member
from fabrica.people.states import Role
from fabrica.web.components import Text

register = template.Library()


@register.inclusion_tag("portal/desk_crumbs.html", takes_context=True)
def desk_crumbs(context: template.Context, here: Text) -> dict[str, Any]:
    """The way back from a page of the staff: to the queue for those who have one, home for others."""
    return {"here": here, "has_queue": is_staff_member(_reader(context))}


@register.inclusion_tag("portal/looking_after.html", takes_context=True)
def looking_after(context: template.Context) -> dict[str, Any]:
    """Links to every list of the staff that this reader may open."""
    reader = _reader(context)
    sees_board = has_role(reader, Role.OFFICER, Role.ETHICS, Role.BOARD)
    return {"sees_all": can_audit(reader), "has_queue": is_staff_member(reader), "sees_board": sees_board}


def _reader(context: template.Context) -> Person:
    person: Person = context["user"]
    return person
