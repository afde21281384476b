"""What an applicant does: begin, write, submit, withdraw, appeal."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from fabrica.applications import rules
from fabrica.applications.engine import FIELDS, extra
from fabrica.applications.engine.interview import interview, with_answers
from fabrica.applications.models import TEXT_LIMIT, Application
from fabrica.applications.queries import appeal_until, gaps_of, has_newer_form
from fabrica.applications.queries.lengths import site_lengths
from fabrica.applications.services.moving import freeze, move, read_again, tell_applicant, tell_roles, tell_staff
from fabrica.applications.services.self_assessing import hand_in
from fabrica.applications.states import HOLDERS, State
from fabrica.audit.services import record
from fabrica.calls.models import Call
from fabrica.calls.services import form_for
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.notices.services import tell
from fabrica.people import rules as people_rules
from fabrica.people.models import Organisation, Person
from fabrica.people.queries import with_role
from fabrica.people.states import Role
from fabrica.projects.queries import bar_on
from fabrica.trust import services as trust
from fabrica.trust.services import board, impact

MAX_OPEN = 20
CODE_TRIES = 10
WRITTEN = (*FIELDS, "extra_answers")


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
    form = form_for(mode=call.mode_row["key"], now=now)
    application = _create(call=call, organisation=organisation, applicant=by, created_at=now, saved_at=now, form=form)
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
    raise Refused(_("Many applications start at this moment."), todo=_("Try again in a few seconds."))


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
    values = _beside_others(application, values, now)
    _set_values(application, values)
    fresh = Application.objects.filter(pk=application.pk, state=application.state)
    if version is not None:
        fresh = fresh.filter(draft_version=version)
    written = {name: getattr(application, name) for name in values}
    if not fresh.update(**written, saved_at=now, draft_version=F("draft_version") + 1):
        raise SavedMeanwhile
    application.refresh_from_db()
    return application


def _beside_others(application: Application, values: Mapping[str, Any], now: datetime) -> Mapping[str, Any]:
    """The same values, where each of the answers within a field is kept beside the others that are there now."""
    if "extra_answers" not in values and "trust_answers" not in values:
        return values
    held = Application.objects.select_for_update().filter(pk=application.pk)
    own, trust_answers = held.values_list("extra_answers", "trust_answers").get()
    told = dict(values)
    if "extra_answers" in values:
        told["extra_answers"] = extra.merged(application.definition, own, values["extra_answers"])
    if "trust_answers" in values:
        told["trust_answers"] = with_answers(trust_answers, values["trust_answers"], timezone.localdate(now))
    return told


def _set_values(application: Application, values: Mapping[str, Any]) -> None:
    if unknown := sorted(set(values) - set(WRITTEN)):
        raise Refused(
            _("Unknown field: %(unknown)s.") % {"unknown": ", ".join(unknown)},
            todo=_("The fields are: %(fields)s.") % {"fields": ", ".join(WRITTEN)},
        )
    for name, value in values.items():
        setattr(application, name, value)
    try:
        application.clean_fields(exclude=[f.name for f in application._meta.fields if f.name not in values])
    except ValidationError as error:
        lines = [f"{name}: {' '.join(messages)}" for name, messages in error.message_dict.items()]
        raise Refused(_("These answers cannot be kept."), why="; ".join(lines)) from error


@transaction.atomic
def take_form(*, application: Application, by: Person, now: datetime) -> Application:
    """Let a draft ask what the form of its call asks by now.

    Answers and files stay; what the newer form has no place for is kept beside it. Raises NotAllowed, Refused.
    """
    if not rules.can_edit(by, application):
        raise NotAllowed(_("Only members of the organisation write in its application."))
    read_again(application)
    if not has_newer_form(application):
        raise Refused(_("There is no newer form for it."), todo=_("Reload this page."))
    old = application.definition
    application.form = form_for(mode=application.call.mode_row["key"], now=now)
    new = application.definition
    application.extra_answers, former = extra.carried(old, new, application.extra_answers)
    application.former_answers = [*application.former_answers, *former]
    application.draft_version, application.saved_at = application.draft_version + 1, now
    application.save(update_fields=["form", "extra_answers", "former_answers", "draft_version", "saved_at"])
    keys = [one.key for one in new.questions if one.kind == "file"]
    application.attachments.exclude(question__in=keys).update(question="")
    facts = {"form": str(application.form or "")}
    record(verb="application.take_form", by=by, subject=application.subject, now=now, **facts)
    return application


@transaction.atomic
def submit(*, application: Application, by: Person, now: datetime) -> Application:
    """Hand it in: complete, within the mode's limits, through the gate; the clock of the mode starts.

    A gate that says REJECT does not stop the submission: a person confirms every refusal. Raises NotAllowed, Refused.
    """
    if not rules.can_edit(by, application):
        raise NotAllowed(_("Only members of the organisation submit its application."))
    read_again(application)
    if application.state == State.DRAFT:  # one that was sent back may be handed in again after the call has closed
        _must_be_open(application.call, now)
        both = {one.pk: one for one in (by, application.applicant)}  # who began it leads the project
        for person in both.values():
            _must_not_be_barred(application.organisation, person, now)
    people_rules.must_be_assured(by, f"mode.{application.call.mode.key}", now=now)
    if found := gaps_of(application, now):
        lines = "; ".join(f"{gap.field}: {gap.message}" for gap in found)
        raise Refused(_("It is not complete yet."), why=lines, gaps=[vars(gap) for gap in found])
    application.trust_answers = interview(application.trust_answers, timezone.localdate(now)).answers
    assessment = trust.assess(subject=application.subject, answers=application.trust_answers, by=by, now=now)
    hand_in(application, by, now)
    kept = freeze(application, now)
    moved = move(
        application, State.SUBMITTED, by=by, now=now, verb="application.submit",
        facts={"version": kept.number, "digest": kept.digest}, submitted_at=now, gate=assessment,
        trust_answers=application.trust_answers,
    )  # fmt: skip
    board.open_case(
        assessment=assessment, by=by, now=now, organisation=moved.organisation, title=moved.title, path=moved.page
    )
    impact.ask(
        uses=moved.has_personal_data, subject=moved.subject, organisation=moved.organisation,
        applicant=moved.applicant, by=by, now=now,
    )  # fmt: skip
    tell_applicant(moved, now)
    tell_staff(moved, Role.OFFICER, now)
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
    if application.state == State.OFFERED:
        raise Refused(_("An award is offered to it."), todo=_("Decline the award; the application ends with that."))
    saw = [HOLDERS[State(one)] for one in application.transitions.values_list("after", flat=True) if one in HOLDERS]
    reason = reason.strip()
    moved = move(
        application, State.WITHDRAWN, by=by, now=now, verb="application.withdraw", reason=reason, decided_at=now
    )
    board.give_up(subject=moved.subject, by=by, now=now)
    tell_roles(moved, dict.fromkeys(saw), "application_withdrawn", f"{moved.subject}:withdrawn", now, reason=reason)
    return moved


@transaction.atomic
def appeal(*, application: Application, reason: str, by: Person, now: datetime) -> Application:
    """Ask for a refusal to be looked at again by somebody else; once, within the clock. Raises NotAllowed, Refused."""
    if not rules.can_edit(by, application):
        raise NotAllowed(_("Only members of the organisation appeal for its application."))
    _must_say_why(reason)
    until = appeal_until(application)
    if until is None or now > until:
        raise Refused(
            _("There is no appeal against this now."),
            why=_("One appeal is possible, within %(days)s working days of a refusal.")
            % {"days": site_lengths().appeal_days},
            todo=_("See the open calls: you may apply again."),
        )
    moved = move(
        application, State.APPEALED, by=by, now=now, verb="application.appeal", reason=reason.strip(), appealed_at=now,
        decided_at=None,
    )  # fmt: skip
    for officer in with_role(Role.OFFICER):
        if rules.can_screen(officer, moved):
            path, event = f"/desk/{moved.code}/", f"{moved.subject}:appealed"
            tell(person=officer, kind="application_appealed", event=event, now=now, path=path, application=moved)
    return moved


def _must_say_why(reason: str) -> None:
    if not reason.strip() or len(reason) > TEXT_LIMIT:
        told = _("An appeal says in at most %(most)s letters what was overlooked.") % {"most": TEXT_LIMIT}
        raise Refused(told)
