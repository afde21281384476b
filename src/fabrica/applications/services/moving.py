"""Where a state changes: in `move` and nowhere else; its clock, and who is told."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from fabrica.applications import rules
from fabrica.applications.engine.changed import digest
from fabrica.applications.engine.clocks import Step
from fabrica.applications.models import Application, Submission, Transition
from fabrica.applications.queries import clock_of, handed_in
from fabrica.applications.queries.lengths import site_lengths
from fabrica.applications.states import HOLDERS, Standing, State, check_move
from fabrica.audit.services import record
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.notices.services import tell
from fabrica.people import rules as people_rules
from fabrica.people.models import Person
from fabrica.people.queries import with_role
from fabrica.people.states import Role
from fabrica.trust.services.board import mark_counted

# What an application that is appealed against may come to: nobody hands it in, screens or assesses it meanwhile.
OF_APPEALS = ("application.take_up_again", "application.refuse", "application.withdraw")


def must_screen(by: Person, application: Application) -> None:
    """Raises NotAllowed for who may not decide on it; with an interest in it, that says so."""
    if people_rules.has_role(by, Role.OFFICER):
        people_rules.must_have_no_interest(by, application.organisation)
    if not rules.can_screen(by, application):
        raise NotAllowed(
            _("Only an officer who neither works for the organisation nor refused it before decides on it.")
        )


def must_tell(reason: str) -> None:
    """Raises Refused where the applicant would not be told why."""
    if not reason.strip():
        raise Refused(_("The applicant must be told why."), todo=_("Write the reason in a sentence or two."))


def read_again(application: Application) -> None:
    """Read the row as it is now, locked until the transaction ends: what is checked is what is submitted.

    A colleague may have saved other answers since the caller read it.
    """
    application.refresh_from_db(from_queryset=Application.objects.select_for_update())


def freeze(application: Application, at: datetime) -> Submission:
    """Keep the answers as they are handed in; files that are among them are kept for ever."""
    answers = handed_in(application)
    application.attachments.filter(removed_at=None).update(is_submitted=True)
    number = application.submissions.count() + 1
    return Submission.objects.create(
        application=application, number=number, answers=answers, digest=digest(answers), at=at
    )


def move(
    application: Application, after: State, *, by: Person, now: datetime, verb: str, reason: str = "",
    facts: Mapping[str, Any] = MappingProxyType({}), **fields: Any,
) -> Application:  # fmt: skip
    """The one place where a state changes: table, compare-and-set, timeline, audit."""
    before = State(application.state)
    check_move(before, after, experts=application.has_experts, answer=application.answer_promised is not None)
    if before is State.APPEALED and verb not in OF_APPEALS:
        raise Refused(_("Its appeal is decided first."), todo=_("Reload the page."))
    mine = Application.objects.filter(pk=application.pk, state=before)
    if not mine.update(state=after, **fields):
        raise Refused(_("Somebody else decided meanwhile."), todo=_("Reload the page."))
    Transition.objects.create(application=application, before=before, after=after, by=by, reason=reason, at=now)
    record(verb=verb, by=by, subject=application.subject, now=now, before=before.value, after=after.value, **facts)
    _count(application)
    return application


def _count(application: Application) -> None:
    """Bring the index of its clock to what its moves say now. A notice that was told already is not told again."""
    application.refresh_from_db()
    told, site = clock_of(application), application.call.machine.site
    step = told.step if told else None
    running = step if step and step.paused_at is None else None
    counted: dict[str, Any] = {
        "step_due_at": step.due_at if step else None,
        "clock_rings_at": running.warn_at if running else None,
        "clock_calendar": site.calendar_version,
        "clock_lengths": site_lengths().digest,
    }
    if told is not None and application.state != State.WITHDRAWN:
        counted["due_on"] = told.due_on
    if application.state == State.AWARDED:
        counted["days_taken"] = told.taken if told else None
    Application.objects.filter(pk=application.pk, state=application.state).update(**counted)
    application.refresh_from_db()


@transaction.atomic
def recount(*, application: Application) -> None:
    """Count its clock anew by calendar, lengths of steps and pauses as they are now: no act. For the worker."""
    read_again(application)
    _count(application)
    mark_counted(subject=application.subject)


@transaction.atomic
def ring(*, application: Application, now: datetime) -> bool:
    """Tell the officers, and those whose turn it is, that its step is due soon or late; once for each step.

    False where another worker did meanwhile, or it has moved on.
    """
    read_again(application)
    told = clock_of(application)
    step = told.step if told else None
    if step is None or application.clock_rings_at is None or application.clock_rings_at > now:
        return False
    standing = step.standing(now)
    Application.objects.filter(pk=application.pk).update(clock_rings_at=step.rings_after(now))
    if step.state is State.OFFERED and standing is Standing.SOON:
        _remind(application, step, now)
    elif standing in (Standing.LATE, Standing.SOON):
        kind = "application_late" if standing is Standing.LATE else "application_due_soon"
        event, roles = (
            f"{application.subject}:{kind}:{step.key}",
            dict.fromkeys((Role.OFFICER, HOLDERS.get(step.state, Role.OFFICER))),
        )
        facts = {"step": step.state.value, "due_on": step.due_on}
        tell_roles(application, roles, kind, event, now, **facts)
    return True


def _remind(application: Application, step: Step, now: datetime) -> None:
    """Tell the applicant, once, that an answer to the award is due."""
    event = f"{application.subject}:application_answer_soon:{step.key}"
    tell(
        person=application.applicant, kind="application_answer_soon", event=event, now=now,
        path=f"/applications/{application.code}/answer/", application=application, due_on=step.due_on,
    )  # fmt: skip


def tell_applicant(application: Application, now: datetime, reason: str = "") -> None:
    """Tell the applicant of the state it has come to; once for each time."""
    count = application.transitions.count()
    tell(
        person=application.applicant,
        kind=f"application_{application.state}",
        event=f"{application.subject}:{application.state}:{count}",
        now=now,
        path=f"/applications/{application.code}/",
        application=application,
        reason=reason,
    )


def tell_roles(
    application: Application, roles: Iterable[Role], kind: str, event: str, now: datetime, **facts: Any
) -> None:
    """Tell everybody with one of these roles but who has an interest in the organisation; the same event once."""
    people = {person.pk: person for role in roles for person in with_role(role)}
    for person in people_rules.without_interest(people.values(), application.organisation):
        path = f"/desk/{application.code}/"
        tell(person=person, kind=kind, event=event, now=now, path=path, application=application, **facts)


def tell_staff(application: Application, role: Role, now: datetime) -> None:
    """Tell those whose turn it is, but for who has an interest in it; once for each time it comes to them."""
    count = application.transitions.count()
    for person in people_rules.without_interest(with_role(role), application.organisation):
        tell(
            person=person,
            kind="application_waits",
            event=f"{application.subject}:{role}:{count}",
            now=now,
            path=f"/desk/{application.code}/",
            application=application,
            for_assessment=role == Role.ASSESSOR,
            for_decision=application.state == State.RANKED,
        )
