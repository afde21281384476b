"""Reports of projects: written and handed in by the project, judged by officers; and what officers look after."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from fabrica.allocations.rules import can_audit
from fabrica.kit.errors import NotAllowed, NotFound, Problem, Refused
from fabrica.kit.time import utcnow
from fabrica.people.queries import signed_in
from fabrica.people.rules import has_role
from fabrica.people.states import Role as SiteRole
from fabrica.portal.forms import JudgeForm, ReportForm
from fabrica.portal.queries.reporting import figures_of
from fabrica.portal.queries.watchlist import watchlist_of
from fabrica.portal.words import due, energy, mass
from fabrica.projects import queries, rules, services
from fabrica.projects.models import Report
from fabrica.projects.states import ReportState, Right
from fabrica.web.words import gpu_hours


def report(request: HttpRequest, slug: str, kind: str) -> HttpResponse:
    """One report: its figures, and its questions as a form or as they were answered. A POST saves, or hands in."""
    person = signed_in(request)
    found = queries.report_of(person, slug, kind)
    writes = found.is_writable and rules.may(person, found.project, Right.REPORT)
    form = ReportForm(request.POST if request.method == "POST" else None, report=found)
    if request.method == "POST":
        if not writes:
            raise NotAllowed(_("Only those who write the project's reports do this."))
        if form.is_valid():
            try:
                return _written(request, found, form)
            except Refused as problem:
                form.add_error(None, str(problem))
                found.refresh_from_db()
    return _page(request, found, form if writes else None, JudgeForm())


def _written(request: HttpRequest, found: Report, form: ReportForm) -> HttpResponse:
    """Keep it, and hand it in where that was pressed. Raises Refused; what was kept stays."""
    person, now, given = signed_in(request), utcnow(), form.cleaned_data
    version = given["draft_version"]
    kept = services.save_report(report=found, answers=form.answers(), version=version, by=person, now=now)
    if "submit" not in request.POST:
        messages.success(request, _("Saved."))
        return redirect("portal:report", found.project.slug, found.kind)
    form.data = {**form.data.dict(), "draft_version": str(kept.draft_version)}  # type: ignore[attr-defined]  # a QueryDict
    services.submit_report(report=kept, figures=figures_of(found.project, now), by=person, now=now)
    messages.success(request, _("Handed in. An officer looks at it; we write to you."))
    return redirect("portal:project", found.project.slug)


@require_POST
def autosave(request: HttpRequest, slug: str, kind: str) -> HttpResponse:
    """Keep what was typed so far; answers with the new draft version, which the next save must carry."""
    found = queries.report_of(signed_in(request), slug, kind)
    form = ReportForm(request.POST, report=found)
    form.is_valid()
    version = form.cleaned_data.get("draft_version")
    try:
        if version is None:
            raise services.ReportSavedMeanwhile
        kept = services.save_report(
            report=found, answers=form.answers(), version=version, by=signed_in(request), now=utcnow()
        )
    except Problem as problem:
        return JsonResponse(problem.as_dict(), status=problem.status)
    fields = [{"path": name, "message": " ".join(map(str, errors))} for name, errors in form.errors.items()]
    told = {"what": "; ".join(one["message"] for one in fields), "fields": fields, "draft_version": kept.draft_version}
    return JsonResponse(told, status=422 if fields else 200)


@require_POST
def judge(request: HttpRequest, slug: str, kind: str) -> HttpResponse:
    """Accept a report, send it back, or lift the bar of an overdue one."""
    person, now = signed_in(request), utcnow()
    found, form = queries.report_of(person, slug, kind), JudgeForm(request.POST)
    if not rules.judges_reports(person, found.project):
        raise NotAllowed(_("Only an officer who stands outside the project judges its reports."))
    if form.is_valid():
        decision, reason = form.cleaned_data["decision"], form.cleaned_data["reason"]
        try:
            if decision == "accept":
                services.accept_report(report=found, by=person, now=now)
            elif decision == "return":
                services.return_report(report=found, reason=reason, by=person, now=now)
            else:
                services.lift_bar(report=found, reason=reason, by=person, now=now)
        except Refused as problem:
            form.add_error("reason", str(problem))
        else:
            messages.success(request, _("Done. The project was told."))
            return redirect("portal:watchlist")
    return _page(request, found, None, form)


def _page(request: HttpRequest, found: Report, form: ReportForm | None, judging: JudgeForm) -> HttpResponse:
    now, person = utcnow(), signed_in(request)
    today = timezone.localtime(now).date()
    figures = figures_of(found.project, now) if found.is_writable else found.figures
    context = {
        "report": found, "project": found.project, "form": form, "figures": _told(figures),
        "months": [(month, gpu_hours(used)) for month, used in figures.get("months", [])],
        "carbon": figures.get("carbon_source", ""), "grams_per_kwh": figures.get("grams_per_kwh"),
        "carbon_year": figures.get("carbon_year"), "due": due(found.due_on, today),
        "is_barring": found.is_barring(today), "answers": [] if form or found.is_writable else _answers(found),
        "publications": figures.get("publications", []),
        "judging": judging if rules.judges_reports(person, found.project) else None,
        "may_accept": found.state == ReportState.SUBMITTED,
    }  # fmt: skip
    return render(request, "portal/report.html", context)


def _answers(found: Report) -> list[tuple[str, str]]:
    language = (get_language() or "en")[:2]
    return [(one.said(language), found.answers.get(one.key, "")) for one in found.questions]


def _told(figures: dict[str, Any]) -> list[tuple[str, str]]:
    """The figures in words, each with its name."""
    if not figures:
        return []
    told = [
        (_("Proposal"), figures["code"]), (_("Access mode"), figures["mode"]),
        (_("Machine"), f"{figures['machine']}, {figures['site']}"),
        (_("Period"), f"{figures['begins_on']} – {figures['ends_on']}"),
        (_("Hours awarded"), gpu_hours(figures["awarded"])),
        (_("Hours used"), f"{gpu_hours(figures['used'])} ({figures['used_percent']} %)"),
        (_("Jobs"), str(figures["jobs"])), (_("People"), str(len(figures["team"]))),
    ]  # fmt: skip
    if "energy_wh" in figures:
        origin = {
            "recorded": _("recorded by the machine"), "mixed": _("partly recorded, partly estimated"),
            "estimated": _("estimate"),
        }[figures["energy_is"]]  # fmt: skip
        told.append((_("Energy"), f"{energy(figures['energy_wh'])} ({origin})"))
        told.append((_("CO2e"), f"{mass(figures['co2e_grams'])} ({_('estimate')})"))
    return told


def watchlist(request: HttpRequest) -> HttpResponse:
    """What officers look after: reports to judge, reports that are late, idle hours, old storage."""
    person = signed_in(request)
    if not can_audit(person):
        raise NotAllowed(_("This list is for officers and operators."))
    context = {
        "list": watchlist_of(person, utcnow(), request.GET.dict()),
        "may_purge": has_role(person, SiteRole.OPERATOR),
    }
    return render(request, "portal/watchlist.html", context)


@require_POST
def publication_add(request: HttpRequest, slug: str) -> HttpResponse:
    """Name a publication of the project."""
    person = signed_in(request)
    project = queries.project_of(person, slug)
    made = services.add_publication(project=project, doi=request.POST.get("doi", ""), by=person, now=utcnow())
    messages.success(request, _("%(doi)s is named.") % {"doi": made.doi})
    return redirect("portal:project", slug)


@require_POST
def publication_remove(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Take a publication away."""
    person = signed_in(request)
    found = queries.project_of(person, slug).publications.filter(pk=pk).first()
    if found is None:
        raise NotFound(_("This project names no such publication."))
    services.remove_publication(publication=found, by=person, now=utcnow())
    messages.success(request, _("%(doi)s is no longer named.") % {"doi": found.doi})
    return redirect("portal:project", slug)


@require_POST
def storage_purged(request: HttpRequest, slug: str) -> HttpResponse:
    """Note that an operator deleted what the project stored."""
    person = signed_in(request)
    found = queries.storage_of(queries.project_of(person, slug))
    if found is None:
        raise NotFound(_("This project stores nothing by its award."))
    services.note_purged(storage=found, by=person, now=utcnow())
    messages.success(request, _("Noted."))
    return redirect("portal:watchlist")
