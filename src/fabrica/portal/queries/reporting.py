"""What a report is prefilled with: the ledger's figures of an award, its energy and CO2e, and who worked."""

from datetime import datetime
from typing import Any

from django.db.models import Count, Sum
from django.utils import timezone

from fabrica import planner
from fabrica.allocations.models import Award
from fabrica.allocations.queries import award_of, usage_by_month, used_so_far
from fabrica.clusters.models import JobUsage
from fabrica.clusters.queries import facts_of
from fabrica.kit.errors import NotFound
from fabrica.planner.facts import carbon_of
from fabrica.projects.models import Project

WHOLE = 100


def figures_of(project: Project, now: datetime) -> dict[str, Any]:
    """The figures at a moment, as JSON keeps them; empty for a project without an award.

    People stand in it by their opaque id: their names are looked up where it is shown.
    """
    try:
        award = award_of(project)
    except NotFound:
        return {}
    used, site = used_so_far(award), award.machine.site
    return {
        "code": award.application.code, "mode": award.application.call.mode_row["title"],
        "machine": award.machine.name, "site": site.name, "awarded": award.gpu_seconds, "used": used,
        "used_percent": WHOLE * used // award.gpu_seconds,
        "begins_on": _day(award.starts_at), "ends_on": _day(award.ends_at),
        "months": [[f"{year}-{month:02d}", found] for (year, month), found in sorted(usage_by_month(award).items())],
        "publications": list(project.publications.order_by("pk").values_list("doi", flat=True)),
        "team": [[uid, role, _day(at)] for uid, role, at in _team(project)],
        **_jobs(award, used), "computed_at": now.isoformat(),
    }  # fmt: skip


def _team(project: Project) -> list[tuple[str, str, datetime]]:
    return list(project.members.order_by("joined_at", "pk").values_list("person__uid", "role", "joined_at"))


def _jobs(award: Award, used: int) -> dict[str, Any]:
    """How many jobs ended, and what they drew and emitted: as recorded, estimated for the rest."""
    rows = JobUsage.objects.filter(machine=award.machine_id, account=award.account_name, ended_at__isnull=False)
    recorded = rows.filter(energy_joules__isnull=False).aggregate(
        joules=Sum("energy_joules"), seconds=Sum("gpu_seconds")
    )
    told: dict[str, Any] = {"jobs": rows.aggregate(n=Count("pk"))["n"]}
    try:
        made = planner.bill(
            used_gpu_seconds=used, award_gpu_seconds=award.gpu_seconds, machine=facts_of(award.machine),
            recorded_joules=recorded["joules"] or 0, recorded_gpu_seconds=recorded["seconds"] or 0,
        )  # fmt: skip
        carbon = carbon_of(award.machine.site.country)
    except NotFound:  # a machine or country without facts: the rest is worth reporting
        return told
    return told | {
        "energy_wh": round(made.footprint.energy_wh), "energy_is": made.energy_is,
        "co2e_grams": round(made.footprint.co2e_grams), "grams_per_kwh": carbon.grams_per_kwh,
        "carbon_year": carbon.year, "carbon_source": str(carbon.source),
    }  # fmt: skip


def _day(at: datetime) -> str:
    return timezone.localtime(at).date().isoformat()
