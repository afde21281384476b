"""Projects with hours, data and runs, made by the services themselves."""

from dataclasses import dataclass
from datetime import datetime

from django.core.files.base import ContentFile
from fabrica.allocations import services as allocations
from fabrica.allocations import tasks as accounts
from fabrica.allocations.models import Award
from fabrica.applications.tests import factories as applications
from fabrica.clusters import queries as clusters
from fabrica.clusters.adapters.port import Cluster
from fabrica.clusters.models import Machine
from fabrica.dataspaces import queries as dataspaces
from fabrica.dataspaces import services as data
from fabrica.dataspaces import tasks as data_tasks
from fabrica.dataspaces.models import Staging
from fabrica.projects.models import Project
from fabrica.reviews import services as reviews
from fabrica.reviews.states import Verdict
from fabrica.training import services
from fabrica.training.models import Run

TEXT = "".join(f"def answer_{n}(value):\n    return value * {n} + {n % 7}\n\n" for n in range(600))
HOUR = 3_600


@dataclass(frozen=True)
class Site:
    """A project that may train: its award, its data, and the cluster behind its machine."""

    cast: object
    machine: Machine
    project: Project
    award: Award
    staging: Staging
    cluster: Cluster

    def launch(self, now: datetime, **changes: object) -> Run:
        """A run of the recipe `tiny` by the applicant, or as the changes say."""
        wish = {
            "recipe": {"name": "tiny"}, "command": None, "stagings": [self.staging], "time_limit_seconds": None,
            "by": self.cast.applicant,
        }  # fmt: skip
        return services.launch(project=self.project, now=now, **{**wish, **changes})


def open_site(cast, call, cluster: Cluster, now: datetime, gpu_seconds: int = 10 * HOUR) -> Site:
    """An award whose account is ready, and own data staged; `cluster` answers for the call's machine."""
    machine = call.machine
    clusters.serve(machine.adapter, lambda _machine: cluster)
    award = awarded(cast, call, now, gpu_seconds)
    assert accounts.reconcile(now)
    staging = stage_text(cast, award.project, now)
    return Site(cast, machine, award.project, award, staging, cluster)


def awarded(cast, call, now: datetime, gpu_seconds: int) -> Award:
    """An award to an application that an assessor found fit."""
    application = applications.screened(cast, call, now, gpu_seconds_requested=gpu_seconds)
    reviews.assess(
        application=application, verdict=Verdict.FIT, comment="Sound.", gpu_seconds_recommended=gpu_seconds,
        by=cast.assessor, now=now,
    )  # fmt: skip
    allocations.fund(machine=call.machine, gpu_seconds=2 * gpu_seconds, key=application.code, by=cast.operator, now=now)
    application.refresh_from_db()
    return allocations.award(application=application, gpu_seconds=gpu_seconds, months=1, by=cast.officer, now=now)


def stage_text(cast, project: Project, now: datetime, text: str = TEXT) -> Staging:
    """Own data of the project: one file of text, staged."""
    version = data.own_data(
        project=project, files=[ContentFile(text.encode(), name="answers.py")], title="Answers", has_rights=True,
        has_personal_data=False, by=cast.applicant, now=now,
    )  # fmt: skip
    while data_tasks.stage(now):
        pass
    return dataspaces.staging_of(project, version)
