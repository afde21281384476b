"""A change of declared purpose re-opens the gate: proposed, answered anew, settled by rule or by a person."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from fabrica.audit.services import record
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.notices.queries import about_project
from fabrica.notices.services import tell
from fabrica.people.models import Person
from fabrica.projects import rules
from fabrica.projects import services as projects
from fabrica.projects.models import Project
from fabrica.projects.queries import told
from fabrica.trust.models import NOTE_LIMIT, PURPOSE_LIMIT, PurposeChange
from fabrica.trust.queries.board import standing_of
from fabrica.trust.queries.impact import assessment_about
from fabrica.trust.services import board, conditions, impact
from fabrica.trust.services.assessing import assess
from fabrica.trust.services.compute import note_base
from fabrica.trust.states import BY_RULE, UNSETTLED, Decision, Finding, PurposeState


@transaction.atomic
def propose_purpose(
    *, project: Project, purpose: str, reason: str, by: Person, now: datetime, has_personal_data: bool | None = None
) -> PurposeChange:
    """Declare another purpose; until the gate has answered for it nothing new is launched, and the old one stands.

    `has_personal_data`: whether it trains on personal data; None: as the project did before.

    Raises NotAllowed for all but the principal investigator; Refused for the same purpose, without a reason, and while
    another change is under review.
    """
    _must_be_pi(by, project)
    kept = _words(purpose, PURPOSE_LIMIT)
    if kept == project.purpose.strip():
        raise Refused(_("This is the purpose of the project already."), todo=_("Say what changes."))
    try:
        with transaction.atomic():
            made = PurposeChange.objects.create(
                project=project, purpose=kept, reason=_words(reason, NOTE_LIMIT), proposed_by=by, proposed_at=now,
                has_personal_data=has_personal_data,
            )  # fmt: skip
    except IntegrityError:
        raise Refused(
            _("A change of the purpose is under review already."), todo=_("Answer the gate for it, or withdraw it.")
        ) from None
    record(verb="purpose.propose", by=by, subject=project.subject, now=now)
    return made


@transaction.atomic
def answer_gate(*, change: PurposeChange, answers: Mapping[str, Any], by: Person, now: datetime) -> PurposeChange:
    """Answer the gate for the new purpose. What it accepts holds at once; all else a person decides.

    Raises NotAllowed, and Refused where the answers are incomplete, or the change was answered or settled before.
    """
    row = _locked(change)
    _must_be_pi(by, row.project)
    _must_be(row, PurposeState.PROPOSED)
    row.assessment = assess(subject=row.project.subject, answers=answers, by=by, now=now)
    row.save(update_fields=["assessment"])
    if row.assessment.decision in BY_RULE:
        _hold(row, by, now)
        _owe(row, by, now, applicant=by)
    else:
        PurposeChange.objects.filter(pk=row.pk).update(state=PurposeState.REFERRED)
        record(verb="purpose.refer", by=by, subject=row.project.subject, now=now, decision=row.assessment.decision)
        board.open_case(
            assessment=row.assessment, by=by, now=now, organisation=row.project.organisation,
            title=row.project.title, path=f"{row.project.page}purpose/",
        )  # fmt: skip
        _tell_officers(row, now)
    row.refresh_from_db()
    return row


@transaction.atomic
def decide_purpose(*, change: PurposeChange, accepts: bool, note: str, by: Person, now: datetime) -> PurposeChange:
    """An officer outside the project decides what the gate left to a person, with a note that the project reads.

    Raises NotAllowed; Refused without a note, before the board approved it, and where the gate does not allow it.
    """
    row = _locked(change)
    if not rules.judges_reports(by, row.project):
        raise NotAllowed(_("Only an officer who stands outside the project decides this."))
    _must_be(row, PurposeState.REFERRED)
    if accepts and row.assessment is not None and row.assessment.decision == Decision.REJECT:
        raise Refused(
            _("The gate does not allow this purpose."), why=_("A person confirms that, and cannot overrule it."),
            todo=_("Refuse it; the project goes on with the purpose it had."),
        )  # fmt: skip
    kept = _words(note, NOTE_LIMIT)
    if accepts:
        _must_be_approved(row)
        _hold(row, by, now, kept)
        _owe(row, by, now, applicant=row.proposed_by)
    else:
        _settle(row, PurposeState.REFUSED, by, now, kept)
        board.give_up(subject=row.project.subject, by=by, now=now)
        record(verb="purpose.refuse", by=by, subject=row.project.subject, now=now)
    row.refresh_from_db()
    for person in told(row.project):
        tell(
            person=person, kind="purpose_decided", event=f"purpose:{row.pk}:decided", now=now,
            path=f"{row.project.page}purpose/", about=about_project(row.project.slug), project=row.project,
            change=row, accepted=accepts,
        )  # fmt: skip
    return row


@transaction.atomic
def withdraw_purpose(*, change: PurposeChange, by: Person, now: datetime) -> None:
    """Keep the purpose that the project has. Raises NotAllowed, Refused where the change is settled."""
    row = _locked(change)
    _must_be_pi(by, row.project)
    _must_be(row, *UNSETTLED)
    _settle(row, PurposeState.WITHDRAWN, by, now)
    board.give_up(subject=row.project.subject, by=by, now=now)
    record(verb="purpose.withdraw", by=by, subject=row.project.subject, now=now)


def _must_be_approved(row: PurposeChange) -> None:
    """What the board has a case about it decides first; what was referred before it had any, an officer alone."""
    standing = standing_of(row.project.subject)
    if standing is None or standing.referral.assessment_id != row.assessment_id:
        return
    if standing.finding is None:
        raise Refused(
            _("The gate refers this to the ethics board, which has not decided yet."),
            todo=_("Wait for its decision, or refuse the new purpose."),
        )
    if standing.finding is Finding.NOT_APPROVED:
        raise Refused(
            _("The ethics board did not approve this."), why=standing.referral.reason,
            todo=_("Refuse it; the project goes on with the purpose it had."),
        )  # fmt: skip


def _hold(row: PurposeChange, by: Person, now: datetime, note: str = "") -> None:
    """Let the new purpose be the project's."""
    if row.assessment is None:
        raise ValueError("a purpose holds once the gate was asked")
    _settle(row, PurposeState.ACCEPTED, by, now, note)
    projects.set_purpose(
        project=row.project, purpose=row.purpose, gate_decision=row.assessment.decision, by=by, now=now
    )
    note_base(project=row.project, answers=row.assessment.answers, now=now)
    _ask_impact(row, by, now)


def _ask_impact(row: PurposeChange, by: Person, now: datetime) -> None:
    """What was assessed was the impact of the purpose before: where personal data is used, it is owed anew."""
    project = row.project
    found = assessment_about(subject=project.subject, project=project)
    uses = found is not None if row.has_personal_data is None else row.has_personal_data
    if uses:
        impact.owe_impact(
            subject=found.subject if found else project.subject, organisation=project.organisation,
            applicant=row.proposed_by, project=project, is_anew=True, by=by, now=now,
        )  # fmt: skip


def _owe(row: PurposeChange, by: Person, now: datetime, *, applicant: Person) -> None:
    """Let the project owe what the new purpose brings, now that it holds, and not what the one before it brought."""
    if row.assessment is None:
        return
    project = row.project
    conditions.supersede(assessment=row.assessment, by=by, now=now)
    conditions.owe(assessment=row.assessment, organisation=project.organisation, applicant=applicant, by=by, now=now)
    conditions.carry_over(subject=project.subject, project=project, by=by, now=now)


def _settle(row: PurposeChange, state: PurposeState, by: Person, now: datetime, note: str = "") -> None:
    PurposeChange.objects.filter(pk=row.pk).update(state=state, decided_by=by, decided_at=now, note=note)


def _locked(change: PurposeChange) -> PurposeChange:
    rows = PurposeChange.objects.select_for_update(of=("self",)).select_related("project__organisation", "assessment")
    return rows.get(pk=change.pk)


def _must_be(row: PurposeChange, *states: PurposeState) -> None:
    if row.state not in states:
        raise Refused(_("This change is no longer where it was."), todo=_("Reload the page."))


def _must_be_pi(by: Person, project: Project) -> None:
    if not rules.is_pi(by, project):
        raise NotAllowed(_("Only the principal investigator declares what the project is for."))


def _words(text: str, most: int) -> str:
    kept = text.strip()
    if not kept or len(kept) > most:
        raise Refused(_("Say it in words."), why=_("1 to %d letters are kept.") % most, todo=_("Write a note."))
    return kept


def _tell_officers(row: PurposeChange, now: datetime) -> None:
    for officer in rules.judges_of(row.project):
        tell(
            person=officer, kind="purpose_referred", event=f"purpose:{row.pk}:referred", now=now,
            path=f"{row.project.page}purpose/", project=row.project, change=row,
        )  # fmt: skip
