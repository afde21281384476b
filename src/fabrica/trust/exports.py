"""A signed impact assessment as a document to keep, in the language of the reader."""

from importlib.resources import files
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fabrica.kit.typeset import typeset
from fabrica.trust import shown
from fabrica.trust.engine import impact
from fabrica.trust.models import ImpactVersion
from fabrica.web.site import current_site


def name_of(one: ImpactVersion) -> str:
    """What the file is called."""
    return f"{one.assessment.subject.partition(':')[2]}-impact-assessment-{one.number}.pdf"


def pdf_of(one: ImpactVersion) -> bytes:
    """The PDF. Raises Unreachable."""
    template = (files("fabrica.trust") / "data" / "impact.typ").read_text(encoding="utf-8")
    return typeset(template, _told(one), int(one.signed_at.timestamp()))


def _told(one: ImpactVersion) -> dict[str, Any]:
    row, day = one.assessment, shown.day_of(one)
    source = impact.questions(one.version).source
    return {
        "heading": _("Data-protection impact assessment"),
        "code": f"{row.subject.partition(':')[2]}, {_('version %d') % one.number}",
        "organisation": str(row.organisation), "site": current_site().name,
        "language": (get_language() or "en").partition("-")[0],
        "date": {"year": day.year, "month": day.month, "day": day.day},
        "facts": [
            (_("About"), str(row)),
            (_("Organisation"), str(row.organisation)),
            (_("Conclusion"), one.get_outcome_display()),
            (_("Signed by"), one.signer_name),
            (_("Signed on"), date_format(day, "j F Y, H:i")),
            (_("Questions"), f"{one.version}: {source.text}"),
            ("SHA-256", one.digest),
        ],
        "parts": [{"title": told.title, "rows": told.rows, "risks": told.risks} for told in shown.parts(one)],
        "risk": _("Risk"),
        "notice": _("What the applicants say of themselves, in their words. It is no legal advice."),
    }  # fmt: skip
