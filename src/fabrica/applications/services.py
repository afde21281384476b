"""Every write about applications. A state changes in `_move` and nowhere else."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from fabrica.applications import rules
from fabrica.applications.engine import FIELDS
from fabrica.applications.engine.changed import digest
from fabrica.applications.models import TEXT_LIMIT, Application, Submission, Transition
from fabrica.applications.queries import answers_of, clock_of, gaps_of
from fabrica.applications.states import HOLDERS, Standing, State, check_move
from fabrica.audit.services import record
from fabrica.calls.models import Call
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.notices.services import tell
from fabrica.people import rules as people_rules
from fabrica.people.models import Organisation, Person
from fabrica.people.queries import with_role
from fabrica.people.states import Role
from fabrica.projects.queries import bar_on
from fabrica.trust import engine as gate
from fabrica.trust import services as trust
from fabrica.trust.states import Decision

MAX_OPEN = 20
CODE_TRIES = 10


class SavedMeanwhile(Refused):
    """Somebody else saved the draft since the writer opened it; what the writer wrote was not kept."""

    def __init__(self) -> None:
        super().__init__(
            _("Somebody else saved this draft meanwhile."),
            todo=_("Look at what they wrote, then save your answers again."),
        )


@transaction.atomic
def start(
    *, call: Call, organisation: Organisation, by: Person, now: datetime, values: Mapping[str, Any] | None = None
) -> Application:
    """Begin a draft, with first answers if there are any: no draft is begun where they cannot be kept.

    Raises NotAllowed for an organisation that is not the person's, Refused for a closed call or such answers.
    """
    if not people_rules.works_for(by, organisation):
        raise NotAllowed(_("You can only apply for an organisation you work for."))
    _must_be_open(call, now)
    open_now = Application.objects.filter(organisation=organisation, state__in=[State.DRAFT, State.RETURNED])
    if open_now.count() >= MAX_OPEN:
        told = _("%(organisation)s has %(most)s drafts already.") % {"organisation": organisation, "most": MAX_OPEN}
        raise Refused(told, todo=_("Submit or withdraw one first."))
    application = _create(call=call, organisation=organisation, applicant=by, created_at=now, saved_at=now)
    record(verb="application.start", by=by, subject=application.subject, now=now, call=call.slug)
    return save_draft(application=application, values=values, by=by, now=now) if values else application


def _must_be_open(call: Call, now: datetime) -> None:
    if not call.is_open(now):
        told = _("%(call)s takes no applications now.") % {"call": call.title}
        raise Refused(told, why=call.pause_reason, todo=_("See the open calls."))


def _must_not_be_barred(organisation: Organisation, by: Person, now: datetime) -> None:
    report = bar_on(organisation, by, now)
    if report is not None:
        facts = {
            "report": report.get_kind_display(),
            "project": report.project,
            "day": date_format(report.due_on, "j F Y"),
        }
        raise Refused(
            _("A report is overdue, so no new application can be submitted."),
            why=_("%(report)s of %(project)s was due on %(day)s.") % facts,
            todo=_("Hand it in on the project's page, or ask an officer to lift the bar. This draft stays as it is."),
            report=report.page,
        )


def _create(*, call: Call, created_at: datetime, **fields: Any) -> Application:
    """A new row under the next free code; where another took that code meanwhile, the one after it."""
    for _attempt in range(CODE_TRIES):
        try:
            with transaction.atomic():
                code = _new_code(call, created_at)
                return Application.objects.create(code=code, call=call, created_at=created_at, **fields)
        except IntegrityError:
            continue
    raise Refused("Many applications start at this moment.", todo="Try again in a few seconds.")


def _new_code(call: Call, now: datetime) -> str:
    """`AIF-2026PG-0001`: year, mode and a number that counts within both."""
    start_of = f"AIF-{now.year}{call.mode.code}-"
    last = Application.objects.filter(code__startswith=start_of).order_by("-pk").values_list("code", flat=True).first()
    return f"{start_of}{int(last.rsplit('-', 1)[1]) + 1 if last else 1:04d}"


@transaction.atomic
def save_draft(
    *, application: Application, values: Mapping[str, Any], by: Person, now: datetime, version: int | None = None
) -> Application:
    """Keep what was written so far, complete or not; fields that are not in `values` stay.

    `version` is the draft version the writer started from: SavedMeanwhile when somebody else saved since, so that
    nobody's words are lost. Raises NotAllowed, and Refused for unknown fields, values out of bounds, or a
    submitted application.
    """
    if not rules.can_edit(by, application):
        raise NotAllowed(_("Only members of the organisation write in its application."))
    if not application.is_editable:
        raise Refused(
            _("It was submitted; its answers stay as they are."),
            todo=_("Withdraw it, or ask the officer for it back."),
        )
    _set_values(application, values)
    fresh = Application.objects.filter(pk=application.pk, state=application.state)
    if version is not None:
        fresh = fresh.filter(draft_version=version)
    written = {name: getattr(application, name) for name in values}
    if not fresh.update(**written, saved_at=now, draft_version=F("draft_version") + 1):
        raise SavedMeanwhile
    application.refresh_from_db()
    return application


def _set_values(application: Application, values: Mapping[str, Any]) -> None:
    if unknown := sorted(set(values) - set(FIELDS)):
        raise Refused(f"Unknown field: {', '.join(unknown)}.", todo=f"The fields are: {', '.join(FIELDS)}.")
    gate.check(values.get("trust_answers", {}))
    for name, value in values.items():
        setattr(application, name, value)
    try:
        application.clean_fields(exclude=[f.name for f in application._meta.fields if f.name not in values])
    except ValidationError as error:
        lines = [f"{name}: {' '.join(messages)}" for name, messages in error.message_dict.items()]
        raise Refused(_("These answers cannot be kept."), why="; ".join(lines)) from error


@transaction.atomic
def submit(*, application: Application, by: Person, now: datetime) -> Application:
    """Hand it in: complete, within the mode's limits, through the gate; the clock of the mode starts.

    A gate that says REJECT does not stop the submission: a person confirms every refusal. Raises NotAllowed, Refused.
    """
    if not rules.can_edit(by, application):
        raise NotAllowed(_("Only members of the organisation submit its application."))
    _read_again(application)
    if application.state == State.DRAFT:  # one that was sent back may be handed in again after the call has closed
        _must_be_open(application.call, now)
        _must_not_be_barred(application.organisation, by, now)
    if found := gaps_of(application):
        lines = "; ".join(f"{gap.field}: {gap.message}" for gap in found)
        raise Refused(_("It is not complete yet."), why=lines, gaps=[vars(gap) for gap in found])
    assessment = trust.assess(subject=application.subject, answers=application.trust_answers, by=by, now=now)
    kept = _freeze(application, now)
    moved = _move(
        application, State.SUBMITTED, by=by, now=now, verb="application.submit",
        facts={"version": kept.number, "digest": kept.digest}, submitted_at=now, gate=assessment,
    )  # fmt: skip
    _tell_applicant(moved, now)
    _tell_staff(moved, Role.OFFICER, now)
    return moved


@transaction.atomic
def withdraw(*, application: Application, by: Person, now: datetime, reason: str = "") -> Application:
    """Take it back, at any time before the decision; whoever at the factory has looked at it is told.

    Raises NotAllowed, Refused.
    """
    if not rules.can_edit(by, application):
        raise NotAllowed(_("Only members of the organisation withdraw its application."))
    if len(reason) > TEXT_LIMIT:
        raise Refused(_("A reason has at most %(most)s letters.") % {"most": TEXT_LIMIT})
    saw = [HOLDERS[State(one)] for one in application.transitions.values_list("after", flat=True) if one in HOLDERS]
    reason = reason.strip()
    moved = _move(
        application, State.WITHDRAWN, by=by, now=now, verb="application.withdraw", reason=reason, decided_at=now
    )
    _tell_roles(moved, dict.fromkeys(saw), "application_withdrawn", f"{moved.subject}:withdrawn", now, reason=reason)
    return moved


@transaction.atomic
def screen(*, application: Application, by: Person, now: datetime, note: str = "") -> Application:
    """Find it eligible. Raises NotAllowed, and Refused where the gate says no, or says to look and no note tells why.

    The note is what the officer found on the points the gate referred to a person; the applicant reads it.
    """
    _must_screen(by, application)
    decision = application.gate.decision if application.gate else Decision.REJECT
    if decision == Decision.REJECT:
        raise Refused(_("The gate does not let this through."), todo=_("Refuse it with its reasons, or send it back."))
    if decision == Decision.REFER_ETHICS and not note.strip():
        raise Refused(_("The gate refers this to a person."), todo=_("Write what you found on the points it names."))
    moved = _move(application, State.SCREENED, by=by, now=now, verb="application.screen", reason=note)
    _tell_staff(moved, Role.ASSESSOR, now)
    return moved


@transaction.atomic
def send_back(*, application: Application, reason: str, by: Person, now: datetime) -> Application:
    """Ask the applicant to mend something. Raises NotAllowed, Refused without a reason."""
    _must_screen(by, application)
    _must_tell(reason)
    if not application.submissions.exists():  # it was handed in before versions were kept
        _freeze(application, application.submitted_at or now)
    moved = _move(application, State.RETURNED, by=by, now=now, verb="application.return", reason=reason)
    _tell_applicant(moved, now, reason)
    return moved


@transaction.atomic
def refuse(*, application: Application, reason: str, by: Person, now: datetime) -> Application:
    """Say no, with the reasons the applicant reads. Raises NotAllowed, Refused without a reason."""
    _must_screen(by, application)
    _must_tell(reason)
    moved = _move(application, State.REFUSED, by=by, now=now, verb="application.refuse", reason=reason, decided_at=now)
    _tell_applicant(moved, now, reason)
    return moved


@transaction.atomic
def mark_assessed(*, application: Application, by: Person, now: datetime) -> Application:
    """Note that its technical assessment is in. `reviews` calls this with the assessment it has just kept."""
    return _move(application, State.ASSESSED, by=by, now=now, verb="application.assess")


@transaction.atomic
def mark_awarded(*, application: Application, by: Person, now: datetime, reason: str = "") -> Application:
    """Note that hours were awarded. `allocations` calls this in the transaction that books them. Raises NotAllowed."""
    _must_screen(by, application)
    moved = _move(application, State.AWARDED, by=by, now=now, verb="application.award", reason=reason, decided_at=now)
    _tell_applicant(moved, now, reason)
    return moved


def _freeze(application: Application, at: datetime) -> Submission:
    """Keep the answers as they are handed in."""
    answers = answers_of(application)
    number = application.submissions.count() + 1
    return Submission.objects.create(
        application=application, number=number, answers=answers, digest=digest(answers), at=at
    )


def _must_screen(by: Person, application: Application) -> None:
    if not rules.can_screen(by, application):
        raise NotAllowed(_("Only an officer who does not work for the organisation decides on its application."))


def _must_tell(reason: str) -> None:
    if not reason.strip():
        raise Refused(_("The applicant must be told why."), todo=_("Write the reason in a sentence or two."))


def _read_again(application: Application) -> None:
    """Read the row as it is now, locked until the transaction ends: what is checked is what is submitted.

    A colleague may have saved other answers since the caller read it.
    """
    application.refresh_from_db(from_queryset=Application.objects.select_for_update())


def _move(
    application: Application, after: State, *, by: Person, now: datetime, verb: str, reason: str = "",
    facts: Mapping[str, Any] = MappingProxyType({}), **fields: Any,
) -> Application:  # fmt: skip
    """The one place where a state changes: table, compare-and-set, timeline, audit."""
    before = State(application.state)
    check_move(before, after)
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
    }
    if told is not None and application.state != State.WITHDRAWN:
        counted["due_on"] = told.due_on
    if application.state == State.AWARDED:
        counted["days_taken"] = told.taken if told else None
    Application.objects.filter(pk=application.pk, state=application.state).update(**counted)
    application.refresh_from_db()


@transaction.atomic
def recount(*, application: Application) -> None:
    """Count its clock anew by the calendar of its site as it is now: a reading of its moves, no act. For the worker."""
    _read_again(application)
    _count(application)


@transaction.atomic
def ring(*, application: Application, now: datetime) -> bool:
    """Tell the officers, and those whose turn it is, that its step is due soon or late; once for each step.

    False where another worker did meanwhile, or it has moved on.
    """
    _read_again(application)
    told = clock_of(application)
    step = told.step if told else None
    if step is None or application.clock_rings_at is None or application.clock_rings_at > now:
        return False
    standing = step.standing(now)
    Application.objects.filter(pk=application.pk).update(clock_rings_at=step.rings_after(now))
    if standing in (Standing.LATE, Standing.SOON):
        kind = "application_late" if standing is Standing.LATE else "application_due_soon"
        event, roles = f"{application.subject}:{kind}:{step.key}", dict.fromkeys((Role.OFFICER, HOLDERS[step.state]))
        facts = {"step": step.state.value, "due_on": step.due_on}
        _tell_roles(application, roles, kind, event, now, **facts)
    return True


def _tell_applicant(application: Application, now: datetime, reason: str = "") -> None:
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


def _tell_roles(
    application: Application, roles: Iterable[Role], kind: str, event: str, now: datetime, **facts: Any
) -> None:
    """Tell everybody with one of these roles but members of the organisation; the same event once."""
    people = {person.pk: person for role in roles for person in with_role(role)}
    for person in people.values():
        if not rules.can_edit(person, application):
            path = f"/desk/{application.code}/"
            tell(person=person, kind=kind, event=event, now=now, path=path, application=application, **facts)


def _tell_staff(application: Application, role: Role, now: datetime) -> None:
    """Tell those whose turn it is, but for members of the organisation; once for each time it comes to them."""
    count = application.transitions.count()
    for person in with_role(role):
        if not rules.can_edit(person, application):
            tell(
                person=person,
                kind="application_waits",
                event=f"{application.subject}:{role}:{count}",
                now=now,
                path=f"/desk/{application.code}/",
                application=application,
                for_assessment=role == Role.ASSESSOR,
            )
