"""Evaluating a version again: a run of its project, and its results taken in beside those there were."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from fabrica.audit.services import record
from fabrica.dataspaces.models import Staging
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.people.models import Person
from fabrica.registry import queries, rules
from fabrica.registry.measured import FIRST
from fabrica.registry.models import Measurement, ModelVersion
from fabrica.registry.packing import OURS
from fabrica.registry.states import MeasurementState, State
from fabrica.training import services as training
from fabrica.training.engine import Evaluated
from fabrica.training.states import Kind

WEIGHTS = "model.safetensors"
MEASUREMENTS_AT_MOST, TRIES_AT_MOST = 100, 8
FIRST_REST = timedelta(seconds=10)


@transaction.atomic
def measure_again(
    *, version: ModelVersion, profile: str, stagings: Sequence[Staging], seed: int, by: Person, now: datetime
) -> Measurement:
    """Launch a run that evaluates the version by the battery, on texts of its project; the project's award pays.

    The training's own data give every figure, other data only some. One evaluation at a time. Raises NotAllowed for
    all but members of the project, Refused where it cannot be evaluated, and for all that refuses a launch.
    """
    if not rules.can_measure(by, version):
        raise NotAllowed(_("Only members of the project evaluate its models."))
    ModelVersion.objects.select_for_update().get(pk=version.pk)
    _must_be_measurable(version)
    evaluated = Evaluated(str(version), str(version.path), *_files(version), profile, seed)
    run = training.launch(
        project=version.model.project, recipe=None, command=None, stagings=stagings, time_limit_seconds=None,
        by=by, now=now, evaluation=evaluated,
    )  # fmt: skip
    last = version.measurements.aggregate(last=Max("number"))["last"] or FIRST
    made = Measurement.objects.create(version=version, run=run, number=last + 1, by=by, asked_at=now, next_try_at=now)
    record(verb="model.measure", by=by, subject=version.subject, now=now, run=run.uid, number=made.number)
    return made


def _must_be_measurable(version: ModelVersion) -> None:
    if version.run.kind != Kind.TRAIN:
        raise Refused(
            _("It cannot be evaluated."),
            why=_("The project's own command made this; the site does not know how to measure it."),
        )
    if version.state == State.WITHDRAWN:
        raise Refused(_("It is withdrawn."), why=version.withdrawn_because)
    if version.measurements.filter(state=MeasurementState.RUNNING).exists():
        raise Refused(_("An evaluation of it is under way."), todo=_("Wait until it has ended, or cancel its run."))
    if version.measurements.count() >= MEASUREMENTS_AT_MOST:
        raise Refused(_("It was evaluated %d times, which is the most.") % MEASUREMENTS_AT_MOST)


def _files(version: ModelVersion) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The hash of its weights, and of each file that its training left, as they were signed. Raises Refused."""
    files = {one.path: one.sha256 for one in queries.files_of(version) if one.path not in OURS}
    if WEIGHTS not in files:
        raise Refused(_("It cannot be evaluated."), why=_("It has no file %s.") % WEIGHTS)
    return files[WEIGHTS], tuple(sorted(files.items()))


@transaction.atomic
def take_in(*, measurement: Measurement, battery: dict[str, Any], now: datetime) -> bool:
    """Keep what an evaluation found. False, writing nothing, if the claim was lost meanwhile."""
    done = {"state": MeasurementState.TAKEN_IN, "battery": battery, "ended_at": now, "error": ""}
    if not measurement.settle(**done):
        return False
    version = measurement.version
    told = {"run": measurement.run.uid, "number": measurement.number}
    record(verb="model.measured", by=None, subject=version.subject, now=now, **told)
    return True


@transaction.atomic
def give_up(*, measurement: Measurement, why: str, now: datetime) -> bool:
    """Note that an evaluation left no results, and why. False if the claim was lost meanwhile."""
    return measurement.settle(state=MeasurementState.ENDED, ended_at=now, error=why[:1000])


@transaction.atomic
def try_later(*, measurement: Measurement, why: str, now: datetime) -> None:
    """Note why results could not be read, and look again later and later; after eight tries they are given up."""
    tries = measurement.tries + 1
    if tries >= TRIES_AT_MOST:
        give_up(measurement=measurement, why=why, now=now)
        return
    measurement.settle(tries=tries, next_try_at=now + FIRST_REST * 2**tries, error=why[:1000])
