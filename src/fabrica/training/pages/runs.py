"""Pages of runs: the list, the launch with its plan, a run as it goes."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from fabrica.allocations import queries as awards
from fabrica.allocations.models import Award
from fabrica.dataspaces.queries import staged
from fabrica.kit.errors import NotAllowed, Problem, Refused, Unreachable
from fabrica.kit.paging import page_of
from fabrica.kit.time import utcnow
from fabrica.people.queries import signed_in
from fabrica.projects.queries import project_of
from fabrica.trainer.recipe import recipe_from
from fabrica.training import queries, rules, services
from fabrica.training.forms import LaunchForm
from fabrica.training.models import Run
from fabrica.training.pages import words
from fabrica.training.states import State


def listing(request: HttpRequest, slug: str) -> HttpResponse:
    """The runs of a project, newest first."""
    person = signed_in(request)
    project = project_of(person, slug)
    page = page_of(queries.runs_in(person, project), request.GET.get("cursor", ""))
    context = {"project": project, "page": page, "can_train": rules.can_train(person, project)}
    context |= words.rows_of(page.rows)
    return render(request, "training/list.html", context)


def new(request: HttpRequest, slug: str) -> HttpResponse:
    """Choose, see the plan, confirm: a POST shows the plan; with `launch` it launches, with `change` it goes back."""
    person = signed_in(request)
    project = project_of(person, slug)
    if not rules.can_train(person, project):
        raise NotAllowed(_("Only members of the project launch its runs."))
    award = awards.award_of(project)
    stagings = list(staged(project))
    form = LaunchForm(request.POST or None, machine=award.machine, stagings=stagings)
    context = {"project": project, "award": award, "form": form, "stagings": stagings}
    context |= {"balance": awards.balance(award), "is_ready": awards.is_ready(award)}
    if request.method == "POST" and "change" not in request.POST and form.is_valid():
        try:
            if "launch" in request.POST:
                made = services.launch(project=project, by=person, now=utcnow(), **form.wish())
                messages.success(request, _("Launched. A worker hands it to the machine."))
                return redirect("training:run", slug, made.number)
            context["preview"] = _preview(award, form.wish())
        except Problem as problem:
            form.add_error(None, str(problem))
    return render(request, "training/new.html", context)


def _preview(award: Award, wish: dict[str, Any]) -> dict[str, Any]:
    """What the launch would take: the plan, and the hours that would be held. Raises Refused."""
    plan = None
    if wish["recipe"] is not None:
        if not wish["stagings"]:
            raise Refused(_("A training needs data."), todo=_("Choose at least one dataset."))
        plan = queries.plan(award.machine, recipe_from(wish["recipe"]), wish["devices"], wish["nodes"])
    held = queries.hold(
        award.machine,
        devices=wish["devices"],
        nodes=wish["nodes"],
        planned_seconds=plan.seconds if plan else None,
        given=wish["time_limit_seconds"],
    )
    cost = words.euros_of(plan.cost) if plan and plan.cost else None
    footprint = words.footprint_of(plan.footprint) if plan else {}
    return {
        **footprint,
        "plan": plan,
        "cost": cost,
        "time_limit_seconds": held.time_limit_seconds,
        "held_gpu_seconds": held.gpu_seconds,
        "is_too_much": held.gpu_seconds > awards.balance(award).free,
    }


def run(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """A run: where it stands, its curve, its log, what it cost so far."""
    return render(request, "training/run.html", _shown(request, slug, number))


def live(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """The part of the run's page that changes; the browser asks again every two seconds until the run has ended."""
    return render(request, "training/live.html", _shown(request, slug, number))


@require_POST
def cancel(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Ask for the end of a run."""
    person = signed_in(request)
    found = services.cancel(run=queries.run_of(person, slug, number), by=person, now=utcnow())
    told = _("Cancelled.") if found.is_ended else _("Asked to stop. It ends when the machine confirms.")
    messages.success(request, told)
    return redirect("training:run", slug, number)


def _elapsed(run: Run) -> int:
    """Seconds since the open attempt has started; 0 where none has."""
    started_at = run.attempts.filter(ended_at=None).values_list("started_at", flat=True).first()
    return round((utcnow() - started_at).total_seconds()) if started_at else 0


def _still_ahead(at: datetime | None) -> datetime | None:
    """The moment, unless it has passed: a machine may be late with its estimate."""
    return at if at and at > utcnow() else None


def _shown(request: HttpRequest, slug: str, number: int) -> dict[str, Any]:
    person = signed_in(request)
    found = queries.run_of(person, slug, number)
    log, log_trouble = _log(found)
    left = queries.time_left(found) - _elapsed(found)
    waits = found.state in (State.QUEUED, State.SUBMITTED)
    points = list(queries.points_after(found).values_list("step", "loss", "tokens_per_second"))
    return {
        "run": found,
        "project": found.project,
        "is_live": not found.is_ended and "still" not in request.GET,
        "loss": [(step, loss) for step, loss, _speed in points],
        "throughput": [(step, speed) for step, _loss, speed in points],
        "held": found.most_gpu_seconds,
        "expected_at": _still_ahead(found.machine_starts_at),
        "is_interrupted": waits and found.used_gpu_seconds > 0,
        "is_too_slow": not found.is_ended and not waits and (found.seconds_left or 0) > left,
        "time_left": left,
        "log": log,
        "log_trouble": log_trouble,
        "can_cancel": rules.can_train(person, found.project) and not found.is_ended and not found.is_cancelling,
        **words.words_of(found),
        **words.attempts_of(found),
        **words.bill_of(found),
    }


def _log(found: Run) -> tuple[str, str]:
    """The end of the log, and why it cannot be shown where the machine does not answer."""
    try:
        return queries.log_tail(found), ""
    except (Unreachable, Refused) as problem:
        return "", str(problem)
