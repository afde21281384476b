"""The panel's ranking."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from fabrica.applications import services as applications
from fabrica.applications.models import TEXT_LIMIT, Application
from fabrica.audit.services import record
from fabrica.calls.models import Call
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.people import rules as people_rules
from fabrica.people.models import Person
from fabrica.people.states import Role
from fabrica.reviews import rules
from fabrica.reviews.models import Evaluation
from fabrica.reviews.queries import Candidate, candidates_of, lacks_panel

MILLI = 1_000


@transaction.atomic
def rank(
    *, call: Call, order: Sequence[str], reasons: Mapping[str, str], by: Person, now: datetime
) -> list[Evaluation]:
    """Confirm the order (codes, best first) of all applications of a call that are ready; it goes to the officers.

    Where the panel's order is not that of the points, each application that moved needs a reason. Where every member
    of the panel has a conflict of interest in one of them, an officer without one confirms the order of the points.
    Raises NotAllowed for others, and for one with a conflict of interest in any of them; Refused.
    """
    ready = [one for one in candidates_of(call) if one.is_ready(now)]
    _must_rank(by, ready)
    _check(ready, order, reasons)
    if not people_rules.has_role(by, Role.PANEL) and any(reasons.values()):
        raise Refused(_("Only the panel departs from the points."), todo=_("Confirm the order of the points."))
    keys = [one.application.pk for one in ready]
    list(Application.objects.select_for_update().filter(pk__in=keys).order_by("pk"))  # not in the order of the panel
    found = {one.code: one for one in ready}
    return [_keep(found[code], at, reasons.get(code, ""), by, now) for at, code in enumerate(order, start=1)]


def _must_rank(by: Person, ready: Sequence[Candidate]) -> None:
    is_panel = people_rules.has_role(by, Role.PANEL)
    if not is_panel and not people_rules.has_role(by, Role.OFFICER):
        raise NotAllowed(_("Only a member of the panel ranks applications."))
    if not is_panel and not lacks_panel(ready):
        raise NotAllowed(
            _("Only a member of the panel ranks applications."),
            why=_("One of them has no part in any of these."),
        )
    if any(not (rules.can_rank if is_panel else rules.can_stand_in)(by, one.evaluation) for one in ready):
        raise NotAllowed(
            _("You have a conflict of interest in one of these applications."),
            todo=_("Leave the ranking to another member of the panel; where all have one, to an officer."),
        )


def _check(ready: Sequence[Candidate], order: Sequence[str], reasons: Mapping[str, str]) -> None:
    if not ready or sorted(order) != sorted(one.code for one in ready):
        raise Refused(
            _("The order must hold each application that is ready, once."),
            todo=_("Reload the page: some may have moved."),
        )
    by_points = [one.code for one in sorted(ready, key=lambda one: one.position)]
    moved = [code for code, other in zip(order, by_points, strict=True) if code != other]
    if lacking := [code for code in moved if not reasons.get(code, "").strip()]:
        told = _("A place that the points do not give needs a reason: %(codes)s.") % {"codes": ", ".join(lacking)}
        raise Refused(told)
    if any(len(text) > TEXT_LIMIT for text in reasons.values()):
        raise Refused(_("A reason has at most %(most)s letters.") % {"most": TEXT_LIMIT})


def _keep(one: Candidate, at: int, reason: str, by: Person, now: datetime) -> Evaluation:
    applications.mark_ranked(application=one.application, by=by, now=now)
    made = one.evaluation
    made.rank, made.rank_reason, made.ranked_at = at, reason.strip(), now
    made.points_milli = round(one.merged.points * MILLI)
    made.save(update_fields=["rank", "rank_reason", "ranked_at", "points_milli"])
    record(
        verb="evaluation.rank", by=by, subject=one.application.subject, now=now, rank=at, points_milli=made.points_milli
    )
    return made
