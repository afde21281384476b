"""Reports about models: the form for everybody, where a report stands, and the officer's desk."""

from collections.abc import Callable
from typing import Any

from allauth.decorators import rate_limit
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.html import format_html
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from fabrica.kit.errors import NotFound, Problem
from fabrica.kit.paging import page_by
from fabrica.kit.time import utcnow
from fabrica.people.models import Person
from fabrica.people.queries import signed_in
from fabrica.registry import clocks, queries, rules, services
from fabrica.registry.forms import DecisionForm, ReportForm, nonce_of, stamp
from fabrica.registry.models import ModelVersion, Report
from fabrica.registry.pages.versions import reader
from fabrica.registry.states import OPEN_REPORTS, ReportKind, ReportState
from fabrica.web.components import Column
from fabrica.web.words import when

SHOWN = ("open", "late", "all")
TONES = {
    ReportState.RECEIVED: "warning", ReportState.ACKNOWLEDGED: "info", ReportState.DECIDED: "good",
    ReportState.CLOSED: "neutral",
}  # fmt: skip


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@rate_limit(action="model_report")  # type: ignore[untyped-decorator]  # allauth has no types
def report(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """The form for everybody. What it answers says nothing about the address that is given."""
    version = queries.version_of(None, slug, number)
    now = utcnow()
    form = ReportForm(request.POST or None, initial={"stamp": stamp(now)})
    if request.method == "POST":
        if form.is_by_a_program:
            return render(request, "registry/report_sent.html", {"version": version})
        if form.is_valid() and (made := _received(form, version)):
            return redirect("registry:report_status", made.uid)
        form.data = {**form.data.dict(), "stamp": stamp(now)}  # type: ignore[attr-defined]  # a QueryDict, sent again
    told = [
        (one.kind.label, one.days, one.article_in(get_language()), one.source.as_dict())
        for one in map(_clock, ReportKind)
    ]
    return render(request, "registry/report.html", {"version": version, "form": form, "clocks": told})


def _clock(kind: ReportKind) -> clocks.Clock:
    return clocks.clock_of(kind, utcnow().date())


def _received(form: ReportForm, version: ModelVersion) -> Report | None:
    now, asked = utcnow(), form.cleaned_data
    try:
        nonce = nonce_of(asked["stamp"], now)
    except ValueError:
        form.add_error(None, _("The form was sent too fast, or is older than a day. Please send it once more."))
        return None
    try:
        return services.receive(
            version=version, kind=asked["kind"], text=asked["text"], name=asked["name"], email=asked["email"],
            language=get_language() or "en", nonce=nonce, now=now,
        )  # fmt: skip
    except Problem as problem:
        form.add_error(None, str(problem))
        return None


@never_cache
@login_not_required
@require_safe
def status(request: HttpRequest, uid: str) -> HttpResponse:
    """Where a report stands, for whoever has its address; what it says only for those who handle it or lead."""
    found = queries.report_of(uid)
    person = reader(request)
    handles = rules.can_handle(person, found)
    clock = _clock(ReportKind(found.kind))
    context = {
        "report": found,
        "version": found.version,
        "tone": TONES[ReportState(found.state)],
        "is_late": found.state in OPEN_REPORTS and found.due_at <= utcnow(),
        "article": clock.article_in(get_language()),
        "source": clock.source.as_dict(),
        "reads": rules.can_see_report(person, found),
        "handles": handles,
        "form": DecisionForm() if handles and found.state in OPEN_REPORTS else None,
    }
    return render(request, "registry/report_status.html", context)


@require_safe
def desk(request: HttpRequest) -> HttpResponse:
    """The reports that this person handles or whose models they lead: open ones by when they are due."""
    person = signed_in(request)
    rows = queries.reports_visible_to(person)
    wanted = request.GET.get("show", "open")
    if wanted != "all":
        rows = queries.open_reports(rows)
    if wanted == "late":
        rows = rows.filter(due_at__lte=utcnow())
    page = page_by(rows, "due_at", request.GET.get("cursor", ""), descending=wanted == "all")
    columns = [Column(_("Model")), Column(_("About")), Column(_("State")), Column(_("Received")), Column(_("Due"))]
    context = {
        "columns": columns,
        "rows": [_row(one) for one in page.rows],
        "page": page,
        "wanted": wanted,
        "shown": [(SHOWN[0], _("Open")), (SHOWN[1], _("Late")), (SHOWN[2], _("All"))],
    }
    return render(request, "registry/reports.html", context)


def _row(one: Report) -> list[Any]:
    now = utcnow()
    link = format_html('<a href="{}">{}</a>', one.page, one.version)
    is_late = one.state in OPEN_REPORTS and one.due_at <= now
    tone, word = ("bad", _("late")) if is_late else (TONES[ReportState(one.state)], ReportState(one.state).label)
    state = format_html('<strong class="badge tone-{}">{}</strong>', tone, word)
    return [link, ReportKind(one.kind).label, state, when(one.received_at, now), when(one.due_at, now)]


Act = Callable[[Report, Person], object]


def _do(request: HttpRequest, uid: str, act: Act) -> HttpResponse:
    person, found = signed_in(request), queries.report_of(uid)
    if not rules.can_see_report(person, found):
        raise NotFound(_("There is no such report."))
    try:
        act(found, person)
    except Problem as problem:
        messages.error(request, str(problem))
    return redirect("registry:report_status", uid)


@require_POST
def acknowledge(request: HttpRequest, uid: str) -> HttpResponse:
    """Say that somebody looks at it."""
    return _do(request, uid, lambda found, by: services.acknowledge(report=found, by=by, now=utcnow()))


@require_POST
def decide(request: HttpRequest, uid: str) -> HttpResponse:
    """Decide it with a reason."""
    words = {name: request.POST.get(name, "") for name in ("decision", "reason")}
    return _do(request, uid, lambda found, by: services.decide(report=found, by=by, now=utcnow(), **words))


@require_POST
def close(request: HttpRequest, uid: str) -> HttpResponse:
    """Put it aside."""
    return _do(request, uid, lambda found, by: services.close(report=found, by=by, now=utcnow()))


@require_POST
def lift(request: HttpRequest, uid: str) -> HttpResponse:
    """Let everybody have the files again."""
    return _do(request, uid, lambda found, by: services.lift_restriction(report=found, by=by, now=utcnow()))


@require_POST
def forget(request: HttpRequest, uid: str) -> HttpResponse:
    """Delete what is known of the reporter."""
    return _do(request, uid, lambda found, by: services.forget_reporter(report=found, by=by, now=utcnow()))
