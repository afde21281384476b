"""Where several projects stand at once, in a number of queries that does not grow with them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, Max, OuterRef, Q

from fabrica.allocations.engine import Balance
from fabrica.allocations.models import Award, LedgerAccount
from fabrica.allocations.queries import ready_accounts
from fabrica.allocations.states import OF_AWARD, AccountKind
from fabrica.dataspaces.models import Staging
from fabrica.dataspaces.states import STOPPED, TO_DO, StagingState
from fabrica.people.models import Person
from fabrica.portal.engine import ProjectFacts
from fabrica.portal.sayings import STUCK, Text
from fabrica.projects.models import Member, Project, Report
from fabrica.projects.queries import overdue, roles_of, visible_to
from fabrica.projects.states import MAY, Right, Role
from fabrica.registry.models import ModelVersion
from fabrica.registry.states import State as ModelState
from fabrica.training.models import Run
from fabrica.training.states import OPEN, State

MAX_PROJECTS = 20


@dataclass(frozen=True)
class Standing:
    """A project with its hours; `balance` is None without an award. `pi` leads it, where the reader helps."""

    project: Project
    award: Award | None
    balance: Balance | None
    facts: ProjectFacts
    pi: Person | None = None

    @property
    def stuck(self) -> list[Text]:
        """What keeps it from going on, in words."""
        return [STUCK[one] for one in self.facts.stuck]


def standings(person: Person, now: datetime) -> list[Standing]:
    """Where the 20 most urgent projects stand to which the person belongs.

    First those with a report that is late, then those that go on, then those that ended; each newest first.
    """
    late = _most_urgent(person, now)
    seen = visible_to(person).in_bulk(list(late))
    found = [seen[one] for one in late if one in seen]
    awards = {one.project_id: one for one in Award.objects.select_related("machine__site").filter(project__in=found)}
    hours, ready = balances(list(awards.values())), ready_among(found)
    staged, runs, models = _staged(found), _runs(found), _models(found)
    roles, made = roles_of(person, found), []
    leaders = _leaders([one for one in found if roles.get(one.pk) == Role.FACILITATOR])
    for one in found:
        award = awards.get(one.pk)
        balance = hours.get(award.pk) if award else None
        facts = ProjectFacts(
            slug=one.slug, title=one.title, is_open=now < one.ends_at, is_ready=one.pk in ready,
            free_gpu_seconds=balance.free if balance else 0, model=models.get(one.pk, ""),
            works=Right.WORK in MAY[Role(roles.get(one.pk, Role.GUEST))], helps=roles.get(one.pk) == Role.FACILITATOR,
            is_report_late=late[one.pk], **staged.get(one.pk, {}), **runs.get(one.pk, {}),
        )  # fmt: skip
        made.append(Standing(one, award, balance, facts, leaders.get(one.pk) if facts.helps else None))
    return made


def _most_urgent(person: Person, now: datetime) -> dict[int, bool]:
    """The keys of 20 projects, in their order, and whether a report of each is late: sorted as bare keys."""
    late = overdue(Report.objects.filter(project=OuterRef("pk")), now)
    mine = Project.objects.filter(pk__in=Member.objects.filter(person=person).values("project"))
    ranked = mine.annotate(is_late=Exists(late), is_open=Q(ends_at__gt=now)).order_by("-is_late", "-is_open", "-pk")
    return dict(ranked.values_list("pk", "is_late")[:MAX_PROJECTS])


def _leaders(found: Sequence[Project]) -> dict[int, Person]:
    rows = Member.objects.select_related("person").filter(project__in=found, role=Role.PI, person__is_active=True)
    return {one.project_id: one.person for one in rows}


def balances(awards: Sequence[Award]) -> dict[int, Balance]:
    """Where the hours of each of some awards are, by its key; one statement."""
    kept: dict[int, dict[str, int]] = {}
    rows = LedgerAccount.objects.filter(award__in=awards, kind__in=(*OF_AWARD, AccountKind.PROMISED))
    for award, kind, seconds in rows.values_list("award", "kind", "balance_gpu_seconds"):
        kept.setdefault(award, {})[kind] = seconds
    return {one.pk: Balance(one.gpu_seconds, **kept[one.pk]) for one in awards if one.pk in kept}


def ready_among(found: Sequence[Project]) -> set[int]:
    """The keys of those of some projects whose account on the machine is ready; one statement."""
    rows = ready_accounts().filter(award__project__in=found)
    return set(rows.values_list("award__project", flat=True))


def _staged(found: Sequence[Project]) -> dict[int, dict[str, Any]]:
    rows = Staging.objects.filter(project__in=found).order_by().values("project")
    counted = rows.annotate(
        staged=Count("pk", filter=Q(state=StagingState.STAGED)),
        staging=Count("pk", filter=Q(state__in=TO_DO)),
        stopped=Count("pk", filter=Q(state__in=STOPPED)),
    )
    return {row["project"]: {name: row[name] for name in ("staged", "staging", "stopped")} for row in counted}


def _runs(found: Sequence[Project]) -> dict[int, dict[str, Any]]:
    rows = Run.objects.filter(project__in=found).order_by().values("project")
    counted = rows.annotate(
        newest=Max("number"),
        active=Max("number", filter=Q(state__in=OPEN)),
        failed=Max("number", filter=Q(state=State.FAILED)),
        succeeded=Count("pk", filter=Q(state=State.SUCCEEDED)),
    )
    return {
        row["project"]: {
            "active_run": row["active"],
            "failed_run": row["failed"] if row["failed"] == row["newest"] else None,
            "has_result": row["succeeded"] > 0,
        }
        for row in counted
    }


def _models(found: Sequence[Project]) -> dict[int, str]:
    """The page of each project's newest model."""
    rows = ModelVersion.objects.exclude(state=ModelState.WITHDRAWN).filter(model__project__in=found).order_by()
    newest = rows.values("model__project").annotate(newest=Max("pk")).values("newest")
    return {
        one.model.project_id: one.page for one in ModelVersion.objects.select_related("model").filter(pk__in=newest)
    }
