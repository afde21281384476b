"""Why an application gets nothing, or why its award is not confirmed with the others: in the reader's language."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from fabrica.portal.proposing import POOL, Found, Place, Tie
from fabrica.web.words import gpu_hours


@dataclass(frozen=True)
class Names:
    """How machines and caps are called, and the codes that this reader is told nothing of."""

    machines: Mapping[str, str]
    caps: dict[str, str]
    hidden: set[str]

    def limit(self, kind: str, name: str) -> str:
        """A limit in a few words."""
        if kind == POOL:
            return _("the hours free on %(machine)s") % {"machine": self.machines[name]}
        machine = self.machines[name.partition(":")[0]]
        return _("the cap “%(cap)s” of %(machine)s") % {"cap": self.caps[name], "machine": machine}


def why_out(code: str, place: Place, found: Found, names: Names) -> str:
    """Why it gets nothing: which limits bind, whom it would displace, what would have to grow."""
    one = found.out.get(code)
    if one is None:
        return "" if place.gpu_seconds else _("Nobody recommends any hours for it: fix some, or decide on its page.")
    if one.kind == "fixed_out":
        return _below() if place.is_below else _("You left it out of this round.")
    parts = [_kind(one.kind), _("Full: %s.") % ", ".join(names.limit(*limit) for limit in found.full[code])]
    if one.displaces:
        told = {"codes": told_codes(one.displaces, names.hidden), "machine": names.machines[one.displaced_on]}
        parts.append(_("It would displace %(codes)s on %(machine)s.") % told)
    elif one.kind != "too_large":
        parts.append(_("No award that may go would make room."))
    missing = [
        _("%(hours)s more (%(limit)s)") % {"hours": gpu_hours(seconds), "limit": names.limit(*limit)}
        for limit, seconds in found.missing[code].items()
    ]
    if missing:
        parts.append(_("It would fit with %s.") % ", ".join(missing))
    return " ".join(parts)


def _below() -> str:
    return _("It misses a threshold, so it is not proposed. Fix its hours to propose it all the same.")


def _kind(kind: str) -> str:
    return {
        "too_large": _("It does not fit even alone."),
        "full": _("Those before it leave no room."),
        "pieces": _("Those before it leave room in pieces that are each too small for it."),
        "undecided": _("No arrangement with room for it was found; the search ended at its bound, which is no proof."),
    }[kind]


def told_codes(codes: Iterable[str], hidden: set[str]) -> str:
    """Codes in a row, without those that the reader is told nothing of."""
    told = [one for one in codes if one not in hidden]
    is_more = len(told) < len([*codes])
    return ", ".join([*told, *([_("one that you do not decide on")] if is_more else [])])


def tie_words(tie: Tie) -> str:
    """A tie of points in a sentence; for a reader who may be told of all of them."""
    return _("%(inside)s and %(outside)s have the same points; the panel's order decides for the first.") % {
        "inside": ", ".join(tie.inside), "outside": ", ".join(tie.outside),
    }  # fmt: skip


def not_mine_words(*, is_in: bool) -> str:
    """For one that another officer decides on; `is_in`: hours are kept for it, and this reader may know."""
    told = _("You have a part in it: another officer decides.")
    return " ".join([told, *([_("Its hours are kept free.")] if is_in else [])])


def held_words(*, waits: bool, is_beyond: bool) -> str:
    """What keeps an award from being confirmed with the others; empty for nothing."""
    if waits:
        return _("A condition is to be met before its award: see its page. Its hours are kept free.")
    return _("Its mode does not allow these hours or months: decide on its page.") if is_beyond else ""


def too_much_words() -> str:
    """For hours that were fixed and do not fit together."""
    return _("What you fixed does not fit together. Fix fewer applications or fewer hours, or allow another system.")
