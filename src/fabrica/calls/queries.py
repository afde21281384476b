"""Reading calls and modes; which there are is public. Who changed a mode is for operators."""

from datetime import date, datetime
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _

from fabrica.calls import voice
from fabrica.calls.engine import rows, terms_from
from fabrica.calls.engine.answer import reason_as_dict
from fabrica.calls.engine.form import STANDARD, shipped_row
from fabrica.calls.engine.profile import Profile
from fabrica.calls.engine.reasons import Reason
from fabrica.calls.engine.routing import weigh
from fabrica.calls.engine.terms import Terms
from fabrica.calls.models import Call, FormVersion, ModeVersion
from fabrica.calls.states import State
from fabrica.kit.errors import NotFound


def listed() -> QuerySet[Call]:
    """Every call that is not closed, newest first."""
    return Call.objects.select_related("machine__site").exclude(state=State.CLOSED).order_by("-pk")


def call_by_slug(slug: str) -> Call:
    """A call by its slug, closed ones too. Raises NotFound."""
    found = Call.objects.select_related("machine__site").filter(slug=slug).first()
    if found is None:
        raise NotFound(_("There is no call %(slug)s.") % {"slug": slug}, todo=_("See the open calls."))
    return found


def open_by_mode(now: datetime) -> dict[str, Call]:
    """The newest open call of each mode that has one, by the mode's key."""
    found: dict[str, Call] = {}
    for call in listed():
        if call.is_open(now):
            found.setdefault(call.mode_row["key"], call)
    return found


def mode_rows(now: datetime) -> dict[str, dict[str, Any]]:
    """Each mode in force, by its key: the shipped ones as the site changed them, then the site's own. One statement."""
    own = {one.slug: one for one in _in_force(now.date())}
    found = {key: own[key].whole_row if key in own else row for key, row in rows().items()}
    found |= {key: one.whole_row for key, one in own.items()}
    return {key: row for key, row in found.items() if key not in own or not own[key].is_retired}


def _in_force(on: date) -> QuerySet[ModeVersion]:
    known = ModeVersion.objects.filter(valid_from__lte=on)
    newest = known.filter(slug=OuterRef("slug")).order_by("-number").values("number")[:1]
    return known.filter(number=Subquery(newest)).order_by("slug")


def modes(now: datetime) -> tuple[Terms, ...]:
    """The terms of each mode in force: what the route finder weighs."""
    return tuple(terms_from(row) for row in mode_rows(now).values())


def weighed(call: Call, profile: Profile) -> list[tuple[Reason, dict[str, Any]]]:
    """Every rule and limit of a call's own mode against a profile, each with its words in the reader's language."""
    spoken = voice.here()
    return [(one, reason_as_dict(one, spoken)) for one in weigh(profile, call.terms)]


def mode_row(key: str, now: datetime) -> dict[str, Any]:
    """The row of a mode in force. Raises NotFound."""
    known = mode_rows(now)
    if key not in known:
        raise NotFound(
            _("There is no access mode %(key)s.") % {"key": key},
            todo=_("Use one of: %(known)s.") % {"known": ", ".join(known)},
        )
    return known[key]


def versions_of(key: str) -> QuerySet[ModeVersion]:
    """What the site kept of a mode, newest first; nothing for a mode that stands as it came."""
    return ModeVersion.objects.filter(slug=key).select_related("by").order_by("-number")


def newest_of_each() -> dict[str, ModeVersion]:
    """The newest version of each mode that the site ever changed, its day come or not."""
    newest = ModeVersion.objects.filter(slug=OuterRef("slug")).order_by("-number").values("number")[:1]
    return {one.slug: one for one in ModeVersion.objects.filter(number=Subquery(newest)).select_related("by")}


def newest_row(key: str) -> dict[str, Any]:
    """The mode as it was written last, its day come or not, retired or not. Raises NotFound."""
    last = versions_of(key).first()
    if last is None and key not in rows():
        raise NotFound(_("There is no access mode %(key)s.") % {"key": key}, todo=_("See the modes of this site."))
    return last.whole_row if last else rows()[key]


def calls_of_mode(key: str) -> QuerySet[Call]:
    """The calls of a mode that are not closed."""
    return listed().filter(mode_row__key=key)


def titles() -> dict[str, str]:
    """What each mode is called that ever was here, by its key."""
    own = {key: one.row["title"] for key, one in newest_of_each().items()}
    return {**{key: row["title"] for key, row in rows().items()}, **own}


def forms_of(key: str) -> QuerySet[FormVersion]:
    """The versions of a mode's form that were kept, newest first; none while nobody applied or changed it."""
    return FormVersion.objects.filter(slug=key).select_related("by").order_by("-number")


def form_version(key: str, number: int) -> FormVersion:
    """A version of a mode's form that was kept. Raises NotFound."""
    found = forms_of(key).filter(number=number).first()
    if found is None:
        raise NotFound(
            _("The form of %(key)s has no version %(number)s.") % {"key": key, "number": number},
            todo=_("The page of the mode lists its versions."),
        )
    return found


def form_row(key: str) -> dict[str, Any]:
    """What the form of a mode asks for now: the site's newest version, or what came with Fabrica."""
    last = forms_of(key).first()
    return last.row if last and last.by_id else shipped_row(key)


def has_standard_form(key: str) -> bool:
    """Whether the form of a mode is the one without questions of a call's own."""
    return bool(form_row(key)["key"] == STANDARD)
