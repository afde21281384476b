"""A version of an application as a document to keep: everything that was handed in, in the language of the reader."""

from datetime import datetime
from importlib.resources import files
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format, localize
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fabrica.applications import queries
from fabrica.applications.models import Application, Submission
from fabrica.kit.typeset import typeset
from fabrica.web.site import current_site
from fabrica.web.words import size

Facts = list[tuple[str, str]]


def pdf_of(application: Application, submission: Submission) -> bytes:
    """The PDF of a version; asked for again in the same language it is the same, byte by byte. Raises Unreachable."""
    template = (files("fabrica.applications") / "data" / "application.typ").read_text(encoding="utf-8")
    return typeset(template, _told(application, submission), int(submission.at.timestamp()))


def name_of(application: Application, submission: Submission) -> str:
    """What the file is called."""
    return f"{application.code}-{submission.number}.pdf"


def _told(application: Application, submission: Submission) -> dict[str, Any]:
    then, day = queries.as_it_was(application, submission), timezone.localtime(submission.at)
    attached = queries.attachments_of(then)
    return {
        "heading": then.title or then.code,
        "code": then.code,
        "organisation": str(then.organisation),
        "site": current_site().name,
        "language": (get_language() or "en").partition("-")[0],
        "date": {"year": day.year, "month": day.month, "day": day.day},
        "version_label": _("Version %(number)s") % {"number": submission.number},
        "facts": _facts(then, submission, day),
        "parts": [{"title": str(title), "rows": _rows(rows)} for title, rows in queries.summary_of(then)],
        "files_title": _("Attachments"),
        "files": [{"name": one.name, "size": size(one.size_bytes), "sha256": one.sha256} for one in attached],
        "seal_title": _("Fingerprint"),
        "seal_told": _("SHA-256 of these answers as JSON, which the audit trail has too:"),
        "digest": submission.digest,
    }


def _facts(then: Application, submission: Submission, day: datetime) -> Facts:
    told = [
        (_("Organisation"), str(then.organisation)),
        (_("Call"), str(then.call)),
        (_("Handed in"), f"{date_format(day, 'j F Y, H:i')} ({day.tzname()})"),
    ]
    form = submission.answers.get("form")
    return [*told, (_("Form"), form)] if form else told


def _rows(rows: list[tuple[Any, Any]]) -> Facts:
    return [(str(label), str(localize(answer))) for label, answer in rows]
