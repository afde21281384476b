"""A version of an application as a document to keep: everything that was handed in, in the language of the reader."""

from collections.abc import Mapping
from datetime import datetime
from importlib.resources import files
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format, localize
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fabrica.applications import queries
from fabrica.applications.engine.interview import words_said
from fabrica.applications.engine.report import Point, report
from fabrica.applications.models import Application, Submission
from fabrica.applications.queries.attachments import attachments_of
from fabrica.kit.errors import NotFound
from fabrica.kit.typeset import typeset
from fabrica.trust.states import Answer
from fabrica.web.site import current_site
from fabrica.web.words import size

Facts = list[tuple[str, str]]


def pdf_of(application: Application, submission: Submission) -> bytes:
    """The PDF of a version; asked for again in the same language it is the same, byte by byte. Raises Unreachable."""
    template = (files("fabrica.applications") / "data" / "application.typ").read_text(encoding="utf-8")
    return typeset(template, _told(application, submission), int(submission.at.timestamp()))


def report_pdf(application: Application, now: datetime) -> tuple[bytes, str]:
    """What the rules say to the trust questions, as a PDF with its name.

    As it was decided where it was handed in, else of this day. Raises NotFound where neither says anything yet.
    """
    language = _language()
    if application.is_editable:
        told = queries.interview_of(application, now)
        record, at = told.outcome(language) if told.is_whole else None, now
    else:
        gate = application.gate
        record = gate.record_in(language) if gate and not gate.is_of_first_gate else None
        at = gate.assessed_at if gate else now
    if record is None:
        raise NotFound(_("There is no report yet."), todo=_("Answer the trust questions first."))
    template = (files("fabrica.applications") / "data" / "trust.typ").read_text(encoding="utf-8")
    made = typeset(template, _reported(application, record, timezone.localtime(at)), int(at.timestamp()))
    return made, f"{application.code}-trust.pdf"


def _reported(application: Application, record: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    found, words = report(record), dict(Answer.choices)
    answered = words_said(record.get("answers", application.trust_answers), _language())
    open_told = _("not clear yet; if it holds")
    return {
        "heading": _("Trust: what the AI Act and the programme's rules say"),
        "code": application.code,
        "organisation": str(application.organisation),
        "site": current_site().name,
        "language": _language(),
        "date": {"year": at.year, "month": at.month, "day": at.day},
        "title": application.title or application.code,
        "decision": f"{found.decision.label}. {found.said}",
        "under": _("By the rules %(version)s, as of %(day)s.")
        % {"version": found.version, "day": date_format(found.as_of, "j F Y")},
        "points_title": _("Why"),
        "points": [
            [f"{one.title} ({one.article}){f', {open_told}' if one.is_open else ''}{_sureness(one)}", one.text]
            for one in found.points
        ],
        "labels_title": _("What applies"),
        "labels": list(found.labels),
        "duties_title": _("What is owed, and from when"),
        "duties_heads": [_("From"), _("Who"), _("What"), _("Article")],
        "duties": [
            [date_format(one.applies_from, "j F Y"), one.who, "; ".join([one.what, *one.notes]), one.article]
            for one in found.duties
        ],
        "next_title": _("What to do now"),
        "next": list(found.next_steps),
        "path_title": _("Every rule that led here"),
        "path": [
            [f"{one.rule}  {one.title}", f"{one.article}. {one.source}, {one.checked_on.isoformat()}{_sureness(one)}"]
            for one in found.path
        ],
        "answers_title": _("What was answered"),
        "answers": [[question, str(words.get(one, one))] for _key, question, one in answered],
        "notice": _("This is no legal advice. The Commission's AI Act Service Desk answers questions:"),
        "desk": found.desk_url,
    }


def _sureness(one: Point) -> str:
    return f". {one.sureness}" if one.sureness else ""


def _language() -> str:
    return (get_language() or "en").partition("-")[0]


def name_of(application: Application, submission: Submission) -> str:
    """What the file is called."""
    return f"{application.code}-{submission.number}.pdf"


def _told(application: Application, submission: Submission) -> dict[str, Any]:
    then, day = queries.as_it_was(application, submission), timezone.localtime(submission.at)
    attached = attachments_of(then)
    return {
        "heading": then.title or then.code,
        "code": then.code,
        "organisation": str(then.organisation),
        "site": current_site().name,
        "language": _language(),
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
