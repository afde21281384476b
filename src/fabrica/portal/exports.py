"""A self-assessment as a document to keep, in the language of the reader."""

from importlib.resources import files
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fabrica.kit.time import utcnow
from fabrica.kit.typeset import typeset
from fabrica.portal.forms.self_assessment import ANSWERS
from fabrica.portal.queries.self_assessment import Reading
from fabrica.trust.engine.altai import Score
from fabrica.web.radar import point
from fabrica.web.site import current_site

NOTHING = "–"
RADIUS = 100  # of the drawing, in parts that the template scales


def name_of(found: Reading, number: int = 0) -> str:
    """What the file is called."""
    return f"{found.application.code}-self-assessment{f'-{number}' if number else ''}.pdf"


def pdf_of(found: Reading) -> bytes:
    """The PDF. Raises Unreachable."""
    template = (files("fabrica.portal") / "data" / "self-assessment.typ").read_text(encoding="utf-8")
    at = found.at or found.saved_at or utcnow()
    return typeset(template, _told(found), int(at.timestamp()))


def _told(found: Reading) -> dict[str, Any]:
    language, result, application = get_language() or "en", found.result, found.application
    day = timezone.localtime(found.at or found.saved_at or utcnow())
    titles = {one.id: one.said("title", language) for one in found.rules.requirements}
    state = _("Handed in") if found.at else _("Not handed in yet; last saved")
    return {
        "heading": _("Self-assessment of trustworthy AI"),
        "code": application.code,
        "organisation": str(application.organisation),
        "site": current_site().name,
        "language": language.partition("-")[0],
        "date": {"year": day.year, "month": day.month, "day": day.day},
        "facts": [
            (_("Application"), f"{application.code} {application.title}".strip()),
            (_("Organisation"), str(application.organisation)),
            (state, date_format(day, "j F Y, H:i")),
            (_("List"), f"{found.rules.version}: {found.rules.source.text}"),
        ],
        "scores_title": _("Scores by requirement"),
        "columns": [_("Requirement"), _("Points of 100"), _("Own rating, 0 to 5"), _("Answered")],
        "rows": [_row(at, titles[one.requirement], one) for at, one in enumerate(result.scores, start=1)],
        "rings": [_polygon([ring] * len(result.scores)) for ring in (25, 50, 75, 100)],
        "line": _polygon([one.points for one in result.scores]),
        "spokes": [f"{at}" for at in range(1, len(result.scores) + 1)],
        "advice_title": _("What to do, the weightiest first"),
        "advice": [
            {"question": one.item.said("question", language), "answer": str(ANSWERS[one.answer]),
             "requirement": titles[one.item.requirement], "told": one.item.said("recommendation", language)}
            for one in result.advice
        ],
        "no_advice": _("Nothing: no item is answered with no, unsure or partly."),
        "notice": _("What the applicants say of themselves, weighed by rule. Nobody has checked it."),
    }  # fmt: skip


def _row(number: int, title: str, one: Score) -> list[str]:
    answered = _("%(answered)s of %(asked)s") % {"answered": one.answered, "asked": one.asked}
    points, rating = (NOTHING if value is None else str(value) for value in (one.points, one.rating))
    return [f"{number}. {title}", points, rating, answered]


def _polygon(values: list[int | None]) -> list[tuple[float, float]]:
    """Corners in parts of the radius, from the middle; empty where a value is missing."""
    if any(one is None for one in values):
        return []
    x0, y0 = point(0, 1, 0)
    corners = [point(at, len(values), value or 0, RADIUS) for at, value in enumerate(values)]
    return [(round((x - x0) / RADIUS, 3), round((y - y0) / RADIUS, 3)) for x, y in corners]
