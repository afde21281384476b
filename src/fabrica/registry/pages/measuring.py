"""Evaluating a version again: a small form, then a run; and the report on what was found."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from fabrica.allocations import queries as awards
from fabrica.allocations.models import Award
from fabrica.kit.errors import NotAllowed, Problem
from fabrica.kit.time import utcnow
from fabrica.people.queries import signed_in
from fabrica.registry import comparing, queries, rules, services
from fabrica.registry.engine.card import at
from fabrica.registry.forms import MeasureForm
from fabrica.registry.pages.versions import reader
from fabrica.training.engine import EVALUATION_SECONDS
from fabrica.training.queries import hold


def measure(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Choose how much, on which text and by which seed; see what it costs at most, and launch."""
    person = signed_in(request)
    version = queries.version_of(person, slug, number)
    if not rules.can_measure(person, version):
        raise NotAllowed(_("Only members of the project evaluate its models."))
    award = awards.award_of(version.model.project)
    texts, own = queries.texts_for(version), queries.own_texts_of(version)
    seed = at(version.facts, "recipe.seed") or 1
    form = MeasureForm(request.POST or None, texts=texts, own=own, costs=costs_on(award), initial={"seed": seed})
    if request.method == "POST" and form.is_valid():
        try:
            made = services.measure_again(version=version, by=person, now=utcnow(), **form.wish())
        except Problem as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("Launched. A worker hands it to the machine."))
            return redirect("training:run", version.model.project.slug, made.run.number)
    context = {"version": version, "form": form, "award": award, "balance": awards.balance(award), "texts": texts}
    return render(request, "registry/measure.html", context)


def costs_on(award: Award) -> dict[str, int]:
    """The GPU-seconds that are held for each profile on the award's machine: the most that it may cost."""
    return {
        name: hold(award.machine, devices=1, nodes=0, planned_seconds=None, given=seconds).gpu_seconds
        for name, seconds in EVALUATION_SECONDS.items()
    }


@login_not_required
@require_safe
def report(request: HttpRequest, slug: str, number: int, which: int) -> HttpResponse:
    """The report on one evaluation, as a file that opens in any browser."""
    person = reader(request)
    version = queries.version_of(person, slug, number)
    told = comparing.report_of(version, which, is_inside=rules.can_see_inside(person, version))
    name = f"{slug}-{number}-evaluation-{which}.html"
    return HttpResponse(told, headers={"Content-Disposition": f'attachment; filename="{name}"'})
