"""Awarding hours: books them, opens the project, asks for its account."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from fabrica.allocations import queries, rules
from fabrica.allocations.engine import add_months, beyond, unix_name
from fabrica.allocations.models import Award, ClusterAccount, LedgerAccount
from fabrica.allocations.saying import told_hours
from fabrica.allocations.services.drawing import draw_or_take, must_use_reserve
from fabrica.allocations.services.foreseeing import foresee
from fabrica.allocations.services.phasing import Later, at_once, promise
from fabrica.allocations.services.pricing import fix_price
from fabrica.allocations.states import OF_AWARD, TransferKind
from fabrica.applications import services as applications
from fabrica.applications.models import TEXT_LIMIT, Application
from fabrica.audit.services import record
from fabrica.clusters.models import UnixName
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.people.models import Person
from fabrica.projects import services as projects
from fabrica.projects.queries import bar_on
from fabrica.reviews import queries as reviews
from fabrica.reviews.rules import must_be_free
from fabrica.reviews.states import Verdict
from fabrica.trust.queries.conditions import Step
from fabrica.trust.services import conditions


@transaction.atomic
def award(
    *, application: Application, gpu_seconds: int, months: int, by: Person, now: datetime, note: str = "",
    limit_cents: int | None = None, phases: Sequence[Later] = (), from_reserve: bool = False,
) -> Award:  # fmt: skip
    """Award hours to an assessed application: books them, opens its project and asks for its account on the cluster.

    Later phases are part of `gpu_seconds`: they leave the pool now and are usable once released (`release_phase`).
    The director's reserve pays in place of the mode's pool where the officer has that right and chooses it.
    The note, which the applicant reads, is needed where the award differs from what was asked, or where the assessor
    found the plan unfit. In a mode at the market price today's price is fixed, and the most that all of it may cost:
    what the hours cost, where `limit_cents` says no more. Raises NotAllowed for all but officers who do not work for
    the organisation; Refused beyond the mode's limits, a cap (each with its source) or the pool (with what is left),
    without a price, for a phase that waits for a report which is not owed, or in a wrong state.
    """
    first = check_award(
        application=application, gpu_seconds=gpu_seconds, months=months, note=note, phases=phases,
        from_reserve=from_reserve, by=by, now=now,
    )  # fmt: skip
    applications.mark_awarded(application=application, by=by, now=now, reason=note.strip())
    return open_award(
        application=application, first=first, months=months, phases=phases, from_reserve=from_reserve,
        limit_cents=limit_cents, by=by, now=now,
    )  # fmt: skip


def check_award(
    *, application: Application, gpu_seconds: int, months: int, note: str, phases: Sequence[Later], from_reserve: bool,
    by: Person, now: datetime,
) -> int:  # fmt: skip
    """What of an award would be usable from its start. Raises NotAllowed, Refused, where it cannot be decided so."""
    must_be_free(by, application)
    if not rules.can_award(by, application):
        raise NotAllowed(
            _("Only an officer who neither works for the organisation nor assessed its application awards hours to it.")
        )
    if reason := beyond(application.call.mode, gpu_seconds, months):
        raise Refused(reason)
    if from_reserve:
        must_use_reserve(by, note)
    must_not_be_barred(application, now, _("Wait until it is handed in, or lift the bar on the project's page."))
    _must_report(application, phases, months, now)
    first = at_once(gpu_seconds, phases, now, add_months(now, months))
    _must_explain(application, gpu_seconds, months, note)
    conditions.require_none(step=Step.AWARD, subject=application.subject)
    return first


def open_award(
    *, application: Application, first: int, months: int, phases: Sequence[Later], by: Person, now: datetime,
    from_reserve: bool = False, limit_cents: int | None = None, source: LedgerAccount | None = None,
) -> Award:  # fmt: skip
    """Book what was decided, open its project and ask for its account. `source`: the pool whose hours were offered."""
    made = _open(application, first, months, by, now)
    conditions.carry_over(subject=application.subject, project=made.project, by=by, now=now)
    free, *_rest = [LedgerAccount.objects.create(kind=kind, machine=made.machine, award=made) for kind in OF_AWARD]
    draw_or_take(
        call=application.call, key=f"award:{application.code}", kind=TransferKind.AWARD, target=free,
        gpu_seconds=first, from_reserve=from_reserve, source=source, now=now,
    )  # fmt: skip
    promise(award=made, phases=phases, from_reserve=from_reserve, source=source, now=now)
    ClusterAccount.objects.create(award=made, unix_name=_unix_name(made), gpu_seconds_wanted=first, next_check_at=now)
    fix_price(award=made, limit_cents=limit_cents, by=by, now=now)
    record(
        verb="award.make", by=by, subject=application.subject, now=now,
        gpu_seconds=first + sum(one.gpu_seconds for one in phases), months=months, project=made.project.slug,
        machine=made.machine.slug,
    )  # fmt: skip
    foresee(award=made, now=now)
    return made


def _unix_name(award: Award) -> str:
    """The UNIX account that the project's jobs will run as, from the site's template."""
    template = settings.FABRICA_UNIX_PROJECT_TEMPLATE
    name = unix_name(template, award.pk)
    theirs = UnixName.objects.filter(site=award.machine.site, name=name)
    if theirs.exists() or ClusterAccount.objects.filter(unix_name=name).exists():
        raise Refused(
            _("The UNIX account %(name)s belongs to another project or to a person already.") % {"name": name},
            why=_("FABRICA_UNIX_PROJECT_TEMPLATE is %(template)s, and this is project number %(number)s.")
            % {"template": template, "number": award.pk},
            todo=_("Ask the operator to choose a template that gives each project a name of its own."),
        )
    return name


def must_not_be_barred(application: Application, now: datetime, todo: str) -> None:
    """Raises Refused, with what helps, where a report became overdue since the application was handed in."""
    report = bar_on(application.organisation, application.applicant, now)
    if report is not None:
        facts = {
            "report": report.get_kind_display(), "project": report.project,
            "day": date_format(report.due_on, "j F Y"),
        }  # fmt: skip
        raise Refused(
            _("A report of its organisation, or of who is to lead the project, is overdue: it is awarded no hours."),
            why=_("%(report)s of %(project)s was due on %(day)s.") % facts,
            todo=todo,
        )


def _must_report(application: Application, phases: Sequence[Later], months: int, now: datetime) -> None:
    waits = any(one.on_report for one in phases)
    if waits and not queries.owes_progress(application.call, months, timezone.localdate(now)):
        raise Refused(
            _("An award of %(mode)s for %(months)s months owes no progress report.")
            % {"mode": application.call.mode_row["title"], "months": months},
            why=_("A phase that waits for one would never be released by it."),
            todo=_("Choose a day, or let an officer release it."),
        )


def _must_explain(application: Application, gpu_seconds: int, months: int, note: str) -> None:
    if len(note) > TEXT_LIMIT:
        raise Refused(
            _("The note has at most %(most)s letters.")
            % {"most": number_format(TEXT_LIMIT, use_l10n=True, force_grouping=True)}
        )
    if note.strip():
        return
    if (gpu_seconds, months) != (application.gpu_seconds_requested, application.months):
        raise Refused(
            _("The award differs from what was asked."),
            why=_("Asked: %(asked)s GPU-hours for %(asked_months)s months; awarded: %(hours)s for %(months)s.")
            % {
                "asked": told_hours(application.gpu_seconds_requested or 0),
                "asked_months": application.months,
                "hours": told_hours(gpu_seconds),
                "months": months,
            },
            todo=_("Write a note that says why; the applicant reads it."),
        )
    found = reviews.latest_of(application)
    if found is not None and found.verdict == Verdict.UNFIT:
        raise Refused(
            _("The assessor found the plan unfit."), todo=_("Write a note that says why you award hours to it.")
        )


def _open(application: Application, gpu_seconds: int, months: int, by: Person, now: datetime) -> Award:
    ends_at = add_months(now, months)
    project = projects.open_project(
        title=application.title,
        organisation=application.organisation,
        purpose=application.purpose,
        gate_decision=application.gate.decision if application.gate else "",
        pi=application.applicant,
        ends_at=ends_at,
        by=by,
        now=now,
    )
    return Award.objects.create(
        application=application, project=project, machine=application.call.machine, gpu_seconds=gpu_seconds,
        months=months, starts_at=now, ends_at=ends_at, awarded_at=now,
    )  # fmt: skip
