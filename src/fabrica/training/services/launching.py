"""Launching a run: everything is checked, its hours are held, and a worker does the rest."""

import shutil
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from fabrica.allocations import queries as awards
from fabrica.allocations import services as allocations
from fabrica.allocations.models import Award
from fabrica.audit.services import record
from fabrica.clusters.models import Machine
from fabrica.dataspaces.models import Staging
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.people.models import Person
from fabrica.projects.models import Project
from fabrica.trainer.recipe import recipe_from, to_dict
from fabrica.training import rules
from fabrica.training.engine import (
    EVALUATION_SECONDS,
    Evaluated,
    check_command,
    check_evaluated,
    check_nodes,
    in_container,
)
from fabrica.training.models import Run, RunData
from fabrica.training.queries.plans import check_devices, hold, plan
from fabrica.training.states import OPEN, Kind
from fabrica.trust.queries.conditions import Step
from fabrica.trust.queries.purposes import must_be_settled
from fabrica.trust.services import conditions

MAX_OPEN = 20
MAX_DATA = 20


@transaction.atomic
def launch(
    *,
    project: Project,
    recipe: dict[str, Any] | None,
    command: list[str] | None,
    stagings: Sequence[Staging],
    time_limit_seconds: int | None,
    by: Person,
    now: datetime,
    devices: int = 1,
    nodes: int = 0,
    container: str = "",
    evaluation: Evaluated | None = None,
) -> Run:
    """Queue a run of a recipe, of an own command (in an Apptainer image, if `container` names one), or an evaluation.

    `nodes` is over how many the devices are spread; 0 for as few as they fit on. Holds on the award what the machine
    sets aside for it: all its devices for the time limit, rounded up as the machine counts. Raises NotAllowed for all
    but members, and Refused where the award is not ready or lacks the hours, data is not staged here, or anything asked
    for is out of bounds.
    """
    if not rules.can_train(by, project):
        raise NotAllowed(_("Only members of the project launch its runs."))
    if [recipe, command, evaluation].count(None) != 2:  # noqa: PLR2004 - of three, one is given
        raise Refused(_("A run has either a recipe or a command."), todo=_("Give one of the two."))
    check_nodes(devices, nodes)
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)  # numbers of a project are given out one by one
    must_be_settled(project)
    award = _ready_award(project, now)
    _check_room(project)
    needing = (
        _("A training needs data.") if recipe is not None else _("An evaluation needs text.") if evaluation else ""
    )
    _check_data(project, stagings, needing)
    what: dict[str, Any]
    if recipe is not None:
        what = _by_recipe(recipe, award.machine, devices, nodes)
    elif evaluation is not None:
        what, given = _by_evaluation(evaluation), EVALUATION_SECONDS[evaluation.profile]
        time_limit_seconds = time_limit_seconds or given
    else:
        what = _by_command(command or [], award.machine, devices, stagings, container)
    held = hold(
        award.machine, devices=devices, nodes=nodes, planned_seconds=what["planned_seconds"], given=time_limit_seconds
    )
    _must_owe_nothing(project, award, held.gpu_seconds)
    run = Run.objects.create(
        project=project, award=award, machine=award.machine, number=_next_number(project), devices=devices,
        nodes=nodes, time_limit_seconds=held.time_limit_seconds, held_gpu_seconds=held.gpu_seconds, created_by=by,
        created_at=now, next_look_at=now, **what,
    )  # fmt: skip
    RunData.objects.bulk_create(RunData(run=run, staging=staging) for staging in stagings)
    allocations.hold(award=award, gpu_seconds=held.gpu_seconds, hold_key=run.uid, now=now)
    record(verb="run.launch", by=by, subject=run.subject, now=now, kind=run.kind, gpu_seconds=held.gpu_seconds)
    return run


def _ready_award(project: Project, now: datetime) -> Award:
    award = awards.award_of(project)
    if now >= award.ends_at:
        raise Refused(
            _("The award of %(project)s ended on %(day)s.")
            % {"project": project.title, "day": date_format(award.ends_at, "d F Y")},
            todo=_("Apply again for more hours."),
        )
    account = awards.cluster_account_of(award)
    if account.drifted_at:
        raise Refused(
            _("The account of %(project)s on %(machine)s was changed on the machine by hand.")
            % {"project": project.title, "machine": award.machine.name},
            why=_("What a hand changed is not undone without an operator."),
            todo=_("The operators were told. Try again when the project's page says that the account is ready."),
        )
    if not account.is_ready:
        raise Refused(
            _("The account of %(project)s on %(machine)s is not ready yet.")
            % {"project": project.title, "machine": award.machine.name},
            why=_("A worker sets it up and reads it back from the machine; that takes a minute at most."),
            todo=_("Try again in a minute. If this stays, tell the operator."),
        )
    if not awards.is_open(award):
        raise Refused(
            _("All hours of %(project)s are used, so new jobs are no longer taken.") % {"project": project.title},
            todo=_("Ask an officer for more hours; the account opens again within a minute after they are added."),
        )
    return award


def _must_owe_nothing(project: Project, award: Award, gpu_seconds: int) -> None:
    """Raises Refused where runs go beyond what a condition lets the project use: used, held by others, and asked."""
    balance = awards.balance(award)
    total = balance.used + balance.held + gpu_seconds
    conditions.require_none(step=Step.RUN, project=project, gpu_seconds=total)


def _check_room(project: Project) -> None:
    if Run.objects.filter(project=project, state__in=OPEN).count() >= MAX_OPEN:
        raise Refused(
            _("%(project)s has %(most)s open runs already.") % {"project": project.title, "most": MAX_OPEN},
            todo=_("Wait for one to end, or cancel one."),
        )


def _check_data(project: Project, stagings: Sequence[Staging], needing: str) -> None:
    """`needing` is what is said where there are none; empty where none are needed."""
    if needing and not stagings:
        raise Refused(needing, todo=_("Stage a dataset into the project first, then choose it."))
    if len(stagings) > MAX_DATA or len({one.pk for one in stagings}) < len(stagings):
        raise Refused(_("A run reads at most %(most)s datasets, each once.") % {"most": MAX_DATA})
    for one in stagings:
        if one.project_id != project.pk:
            raise Refused(_("This data was staged for another project."), todo=_("Stage it into this one."))
        if not one.is_staged:
            raise Refused(
                _("%(data)s is not staged yet: %(state)s.") % {"data": one.version, "state": one.get_state_display()},
                todo=_("Wait until it is staged, or stage it again."),
            )


def _by_recipe(values: dict[str, Any], machine: Machine, devices: int, nodes: int) -> dict[str, Any]:
    recipe = recipe_from(values)
    planned = plan(machine, recipe, devices, nodes)
    return {
        "kind": Kind.TRAIN,
        "recipe": to_dict(recipe),
        "steps": recipe.steps,
        "planned_seconds": planned.seconds,
        "planned_gpu_seconds": planned.gpu_seconds,
    }


def _by_command(
    command: list[str], machine: Machine, devices: int, stagings: Sequence[Staging], container: str
) -> dict[str, Any]:
    check_devices(machine, devices)
    argv = check_command(command)
    if container:
        if machine.adapter == "local" and shutil.which("apptainer") is None:
            raise Refused(
                _("Apptainer is not installed on %(machine)s, so it runs no containers.") % {"machine": machine.name},
                todo=_("Launch the command without a container, or ask the operator to install Apptainer."),
            )
        argv = in_container(container, argv, [str(one.path) for one in stagings])
    return {"kind": Kind.COMMAND, "command": argv, "planned_seconds": None, "planned_gpu_seconds": None}


def _by_evaluation(evaluation: Evaluated) -> dict[str, Any]:
    check_evaluated(evaluation)
    told = {"planned_seconds": None, "planned_gpu_seconds": None}
    return {"kind": Kind.EVALUATE, "evaluation": evaluation.as_dict(), **told}


def _next_number(project: Project) -> int:
    last = Run.objects.filter(project=project).aggregate(last=Max("number"))["last"]
    return (last or 0) + 1
