"""The API of applications."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import File, Form, Router, Status, UploadedFile

from fabrica.applications import queries, rules, services
from fabrica.applications.api.schemas import (
    AdviceOut,
    ApplicationOut,
    ApplicationPage,
    AttachmentOut,
    DraftIn,
    EventOut,
    FormOut,
    GapOut,
    NoteIn,
    ProposalOut,
    ReasonIn,
    StartIn,
    VersionDetailOut,
    VersionOut,
    WithdrawIn,
)
from fabrica.applications.exports import name_of, pdf_of
from fabrica.applications.models import Application, Attachment
from fabrica.applications.queries.attachments import attachment_of, content_of
from fabrica.applications.states import State
from fabrica.calls.engine.form import STANDARD, shipped_row
from fabrica.calls.queries import call_by_slug
from fabrica.kit.attached import FILE_BYTES, too_large
from fabrica.kit.errors import Refused
from fabrica.kit.paging import page_of
from fabrica.kit.time import utcnow
from fabrica.people.models import Person
from fabrica.people.queries import organisation_of, signed_in
from fabrica.web.downloads import download
from fabrica.web.scopes import needs

router = Router(tags=["applications"])


def _mine(request: HttpRequest, code: str) -> Application:
    return queries.application_of(signed_in(request), code)


@router.get("/applications", response=ApplicationPage)
@needs("read")
def applications(request: HttpRequest, cursor: str = "", state: State | None = None) -> Any:
    """The applications I may see, newest first."""
    rows = queries.visible_to(signed_in(request)).defer(*queries.UNSEEN)
    return page_of(rows.filter(state=state) if state else rows, cursor)


@router.post("/applications", response={201: ApplicationOut})
@needs("apply")
def start(request: HttpRequest, payload: StartIn) -> Status[Application]:
    """Begin a draft."""
    person = signed_in(request)
    organisation = organisation_of(person, payload.organisation)
    values = payload.answers.dict(exclude_unset=True) if payload.answers else {}
    made = services.start(
        call=call_by_slug(payload.call), organisation=organisation, by=person, now=utcnow(), values=values
    )
    return Status(201, made)


@router.get("/applications/{code}", response=ApplicationOut)
@needs("read")
def application(request: HttpRequest, code: str) -> Application:
    """One application."""
    return _mine(request, code)


@router.patch("/applications/{code}", response=ApplicationOut)
@needs("apply")
def save_draft(request: HttpRequest, code: str, payload: DraftIn, version: int | None = None) -> Application:
    """Keep answers in a draft. With `version`, refused when somebody else saved meanwhile."""
    values = payload.dict(exclude_unset=True)
    found = _mine(request, code)
    return services.save_draft(application=found, values=values, by=signed_in(request), now=utcnow(), version=version)


@router.get("/applications/{code}/form", response=FormOut)
@needs("read")
def form(request: HttpRequest, code: str) -> dict[str, Any]:
    """Which questions of the call's own it has, and which of them are to be answered, given the answers so far."""
    return _form_out(_mine(request, code), signed_in(request))


@router.post("/applications/{code}/form", response=FormOut)
@needs("apply")
def take_form(request: HttpRequest, code: str) -> dict[str, Any]:
    """Let a draft ask what its call asks by now; what has no place in it any more is kept as `former_answers`."""
    person = signed_in(request)
    return _form_out(services.take_form(application=_mine(request, code), by=person, now=utcnow()), person)


def _form_out(found: Application, reader: Person) -> dict[str, Any]:
    row = found.form.row if found.form else shipped_row(STANDARD)
    asked = [one.key for one in queries.questions_asked(found)]
    return {
        "version": str(found.form or ""), "row": row, "asked": asked, "has_newer": queries.has_newer_form(found),
        "former_answers": found.former_answers if rules.can_edit(reader, found) else [],  # never handed in
    }  # fmt: skip


@router.post("/applications/{code}/attachments", response={201: AttachmentOut})
@needs("apply")
def attach(request: HttpRequest, code: str, file: File[UploadedFile], question: Form[str] = "") -> Status[Attachment]:
    """Add a file to a draft, for a question of kind file or for none."""
    if (file.size or 0) > FILE_BYTES:
        raise too_large(file.name or "", file.size or 0)
    made = services.attach(
        application=_mine(request, code), question=question, name=file.name or "", data=file.read(),
        by=signed_in(request), now=utcnow(),
    )  # fmt: skip
    return Status(201, made)


@router.get("/applications/{code}/attachments/{uid}", response={200: bytes}, url_name="attachment")
@needs("read")
def attachment(request: HttpRequest, code: str, uid: str) -> HttpResponse:
    """The content of a file."""
    found = attachment_of(_mine(request, code), uid)
    return download(content_of(found), found.name)


@router.delete("/applications/{code}/attachments/{uid}", response={204: None})
@needs("apply")
def detach(request: HttpRequest, code: str, uid: str) -> Status[None]:
    """Take a file off a draft; versions that were handed in with it keep it."""
    services.detach(application=_mine(request, code), uid=uid, by=signed_in(request), now=utcnow())
    return Status(204, None)


@router.get("/applications/{code}/versions", response=list[VersionOut])
@needs("read")
def all_versions(request: HttpRequest, code: str) -> Any:
    """Each submission of it, the first first."""
    return queries.submissions_of(_mine(request, code))


@router.get("/applications/{code}/versions/{number}", response=VersionDetailOut)
@needs("read")
def one_version(request: HttpRequest, code: str, number: int) -> dict[str, Any]:
    """The answers as they were at one submission, and what it changed in the one before."""
    found = _mine(request, code)
    this = queries.submission_of(found, number)
    before = queries.submission_of(found, number - 1) if number > 1 else None
    told = queries.changes(found, before, this) if before else ()
    return {"number": number, "at": this.at, "digest": this.digest, "answers": this.answers, "changes": told}


@router.get("/applications/{code}/versions/{number}/pdf", response={200: bytes}, url_name="version_pdf")
@needs("read")
def version_pdf(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """A submission as a tagged PDF, with its fingerprint and those of its files."""
    found = _mine(request, code)
    this = queries.submission_of(found, number)
    return download(pdf_of(found, this), name_of(found, this), "application/pdf")


@router.get("/applications/{code}/gaps", response=list[GapOut])
@needs("read")
def gaps(request: HttpRequest, code: str) -> Any:
    """What keeps it from being submitted."""
    return queries.gaps_of(_mine(request, code), utcnow())


@router.get("/applications/{code}/advice", response=list[AdviceOut])
@needs("read")
def advice(request: HttpRequest, code: str) -> Any:
    """What to think over before asking for these hours; nothing of it keeps anybody from asking."""
    return queries.advice_of(_mine(request, code))


@router.get("/applications/{code}/proposal", response=ProposalOut | None)
@needs("read")
def proposal(request: HttpRequest, code: str) -> dict[str, Any] | None:
    """The hours the planner proposes to ask for; null until size, tokens and runs are given."""
    found = queries.proposal_of(_mine(request, code))
    if found is None:
        return None
    plan, hours = found
    told = [f"{one.name} {one.value:g} {one.unit}: {one.source}" for one in (*plan.assumptions, hours.assumption)]
    return {
        "gpu_hours": hours.gpu_hours,
        "gpu_seconds": hours.gpu_seconds,
        "seconds_per_run": plan.seconds,
        "is_measured": plan.is_measured,
        "assumptions": told,
    }


@router.get("/applications/{code}/timeline", response=list[EventOut])
@needs("read")
def timeline(request: HttpRequest, code: str) -> list[dict[str, Any]]:
    """What happened to it, oldest first."""
    found = queries.timeline_of(_mine(request, code), signed_in(request))
    return [{"at": one.at, "what": str(one.what), "who": str(one.who), "reason": str(one.reason)} for one in found]


@router.post("/applications/{code}/submit", response=ApplicationOut)
@needs("apply")
def submit(request: HttpRequest, code: str) -> Application:
    """Hand it in."""
    return services.submit(application=_mine(request, code), by=signed_in(request), now=utcnow())


@router.post("/applications/{code}/appeal", response=ApplicationOut)
@needs("apply")
def appeal(request: HttpRequest, code: str, payload: ReasonIn) -> Any:
    """Ask for a refusal to be looked at again by somebody else; once, within the clock."""
    person = signed_in(request)
    found = queries.application_of(person, code)
    return services.appeal(application=found, reason=payload.reason, by=person, now=utcnow())


@router.post("/applications/{code}/withdraw", response=ApplicationOut)
@needs("apply")
def withdraw(request: HttpRequest, code: str, payload: WithdrawIn | None = None) -> Application:
    """Take it back."""
    reason = payload.reason if payload else ""
    return services.withdraw(application=_mine(request, code), by=signed_in(request), now=utcnow(), reason=reason)


@router.post("/applications/{code}/screen", response=ApplicationOut)
@needs("decide")
def screen(request: HttpRequest, code: str, payload: NoteIn) -> Application:
    """Find it eligible."""
    return services.screen(application=_mine(request, code), by=signed_in(request), now=utcnow(), note=payload.note)


@router.post("/applications/{code}/return", response=ApplicationOut)
@needs("decide")
def send_back(request: HttpRequest, code: str, payload: ReasonIn) -> Application:
    """Ask the applicant to mend something."""
    return services.send_back(
        application=_mine(request, code), reason=payload.reason, by=signed_in(request), now=utcnow()
    )


@router.post("/applications/{code}/refuse", response=ApplicationOut)
@needs("decide")
def refuse(request: HttpRequest, code: str, payload: ReasonIn) -> Application:
    """Say no before it is assessed, with reasons; later it is refused with a decision, or on its appeal."""
    found = _mine(request, code)
    if found.state not in (State.SUBMITTED, State.SCREENED):
        raise Refused(
            _("It is not refused like this any more."),
            why=_("It is %(state)s.") % {"state": State(found.state).label.lower()},
            todo=_("Use /applications/%(code)s/decision/refuse, or /appeal/decision.") % {"code": found.code},
        )
    return services.refuse(application=found, reason=payload.reason, by=signed_in(request), now=utcnow())
