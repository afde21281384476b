"""Cases of the board: opened with what the gate said, read, voted on, and decided by two persons."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from fabrica.audit.services import record
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.people.models import Organisation, Person
from fabrica.people.queries import organisations_of, with_role
from fabrica.people.rules import without_interest
from fabrica.people.states import Role
from fabrica.projects.models import Project
from fabrica.trust import rules
from fabrica.trust.engine.voting import rules_on
from fabrica.trust.models import Assessment, Ballot, Condition, Enquiry, Referral, Seat
from fabrica.trust.queries.board import LIVE, ethics_for, seatable, tally_of, voters_of
from fabrica.trust.services import conditions
from fabrica.trust.services.writing import said, tell_all
from fabrica.trust.states import BY_RULE, PENDING, YES, Case, Decision, Finding, Vote

MOST_SEATS = 30
MOST_ENQUIRIES = 50


@transaction.atomic
def open_case(
    *, assessment: Assessment, by: Person, now: datetime, organisation: Organisation | None = None, title: str = "",
    path: str = "", applicant: Person | None = None,
) -> Referral | None:  # fmt: skip
    """Do what the gate's assessment asks for: a case for the board, conditions, or neither.

    What earlier answers brought is owed until somebody has decided on these: by rule, here, or the board's release.
    An earlier case about the same subject that is not decided yet is overtaken; its seats go on. `organisation` is
    whose interest bars the board; where it is not told, that of the project, or of whoever acts. `applicant` is whom
    questions and letters go to, where another person acts.
    """
    theirs = organisation or _organisation_of(assessment.subject, by)
    seats = _overtake(assessment.subject, by, now)
    if assessment.decision in BY_RULE:
        conditions.supersede(assessment=assessment, by=by, now=now)
        conditions.owe(assessment=assessment, organisation=theirs, applicant=applicant or by, by=by, now=now)
    if assessment.decision != Decision.REFER_ETHICS:
        return None
    if Referral.objects.filter(assessment=assessment, state=Case.RELEASED, finding__in=YES).exists():
        # Taken up again after a refusal, which let its conditions go.
        conditions.owe(assessment=assessment, organisation=theirs, applicant=applicant or by, by=by, now=now)
    days = rules_on(timezone.localdate(now)).decide_days
    made = Referral.objects.create(
        subject=assessment.subject, title=(title or assessment.subject)[:160], path=path, assessment=assessment,
        organisation=theirs, applicant=applicant or by, opened_at=now,
        due_on=timezone.localdate(now) + timedelta(days=days),
    )  # fmt: skip
    Seat.objects.bulk_create(
        Seat(referral=made, person_id=one.person_id, at=one.at, conflict=one.conflict, conflicted_at=one.conflicted_at)
        for one in seats
    )
    record(verb="board.open", by=by, subject=made.subject, now=now, case=made.pk, rules=_rules_of(assessment))
    tell_all(
        ethics_for(theirs), kind="board_opened", event=f"{made.audit_subject}:opened", now=now, path=page_of(made),
        referral=made,
    )  # fmt: skip
    return made


def page_of(referral: Referral) -> str:
    """Where the board reads a case."""
    return f"/board/{referral.pk}/"


def _rules_of(assessment: Assessment) -> list[str]:
    return [str(one.get("rule", "")) for one in assessment.reasons if isinstance(one, Mapping)]


def _organisation_of(subject: str, by: Person) -> Organisation:
    kind, _colon, name = subject.partition(":")
    project = Project.objects.filter(slug=name).first() if kind == "project" else None
    found = project.organisation if project else organisations_of(by).first()
    if found is None:
        raise Refused(_("It is not known for which organisation this is."), todo=_("Tell the site's operator."))
    return found


def _overtake(subject: str, by: Person, now: datetime) -> list[Seat]:
    """Close what was not decided on earlier answers; its seats."""
    found = Referral.objects.filter(subject=subject, state__in=LIVE).first()
    if found is None:
        return []
    _end_enquiries(found, now)
    _move(found, Case.OVERTAKEN, by=by, now=now, verb="board.overtake")
    return list(found.seats.all())


@transaction.atomic
def give_up(*, subject: str, by: Person, now: datetime) -> None:
    """Close the case about a subject that is refused or taken back, and drop its conditions. For its own services."""
    _overtake(subject, by, now)
    conditions.drop(subject=subject, by=by, now=now)


def _end_enquiries(referral: Referral, now: datetime) -> None:
    referral.enquiries.filter(ended_at=None).update(ended_at=now, is_counted=False)


def _move(referral: Referral, after: Case, *, by: Person, now: datetime, verb: str, **fields: Any) -> None:
    """The one place where a case changes its state: compare-and-set, audit."""
    mine = Referral.objects.filter(pk=referral.pk, state=referral.state)
    if not mine.update(state=after, **fields):
        raise Refused(_("Somebody else decided meanwhile."), todo=_("Reload the page."))
    record(
        verb=verb, by=by, subject=referral.subject, now=now, case=referral.pk, before=referral.state,
        after=after.value, finding=fields.get("finding", referral.finding),
    )  # fmt: skip
    referral.refresh_from_db()


def _must_lead(by: Person, referral: Referral) -> None:
    if not rules.can_lead(by, referral):
        raise NotAllowed(_("Only an ethics officer without an interest in it leads this case."))


def _hold(referral: Referral) -> None:
    """Read it again and hold it until we are done.

    Before it is asked who may: nothing is added to a case that was decided meanwhile, or by who has an interest since.
    """
    referral.refresh_from_db(from_queryset=Referral.objects.select_for_update(of=("self",), no_key=True))


def _must_be_open(referral: Referral) -> None:
    if referral.state != Case.OPEN:
        raise Refused(
            _("This case is not open any more."), why=referral.get_state_display(), todo=_("Reload the page.")
        )


@transaction.atomic
def give_seat(*, referral: Referral, person: Person, by: Person, now: datetime) -> Seat:
    """Ask somebody of the board to vote. Raises NotAllowed; Refused for who has an interest or no such right."""
    _hold(referral)
    _must_lead(by, referral)
    _must_be_open(referral)
    if person.pk not in {one.pk for one in seatable(referral)}:
        raise Refused(
            _("This person cannot be given a seat."),
            why=_("They are not of the board, have a seat already, or have an interest in it."),
        )
    if referral.seats.count() >= MOST_SEATS:
        raise Refused(_("A case has at most %(most)s seats.") % {"most": MOST_SEATS})
    made = Seat.objects.create(referral=referral, person=person, at=now)
    record(verb="board.seat", by=by, subject=referral.subject, now=now, case=referral.pk, person=person.uid)
    event = f"{referral.audit_subject}:seat:{person.pk}"
    tell_all([person], kind="board_seat", event=event, now=now, path=page_of(referral), referral=referral)
    return made


@transaction.atomic
def declare_interest(*, referral: Referral, what: str, by: Person, now: datetime) -> None:
    """Say that one has an interest: from then on one neither reads nor votes, and a vote that was cast is gone."""
    if not rules.is_on_board(by):
        raise NotAllowed(_("Only the board declares an interest here."))
    _hold(referral)
    told = {"conflict": said(what), "conflicted_at": now}
    Seat.objects.update_or_create(referral=referral, person=by, defaults=told, create_defaults={**told, "at": now})
    _undo(referral, by, now)
    record(verb="board.interest", by=by, subject=referral.subject, now=now, case=referral.pk)
    event = f"{referral.audit_subject}:interest:{by.pk}"
    others = [one for one in ethics_for(referral.organisation) if one.pk != by.pk]
    tell_all(others, kind="board_interest", event=event, now=now, path=page_of(referral), referral=referral, who=by)


def _undo(referral: Referral, by: Person, now: datetime) -> None:
    """Take back what the person gave: what they found of its conditions, as long as no second person agreed.

    Of a case that is not decided also their vote, and a finding that rests on it.
    """
    conditions.unfind(subject=referral.subject, by=by, now=now)
    if referral.state not in LIVE:
        return
    voted, _rows = referral.ballots.filter(person=by).delete()
    if referral.state == Case.PROPOSED and (voted or referral.written_by_id == by.pk):
        why = _("Somebody who had a part in the finding has declared an interest.")
        _move(referral, Case.OPEN, by=by, now=now, verb="board.send_back", finding="", sent_back=why)


@transaction.atomic
def vote(*, referral: Referral, choice: str, reason: str, by: Person, now: datetime) -> Ballot:
    """Vote with a reason; voting again replaces the vote, until the finding is written. Raises NotAllowed, Refused."""
    _hold(referral)
    if not rules.can_vote(by, referral):
        raise NotAllowed(_("Only those with a seat and without an interest vote on this case."))
    _must_be_open(referral)
    if choice not in Vote.values:
        raise Refused(_("There is no such vote."), todo=_("Use one of: %s.") % ", ".join(Vote.values))
    cast = {"vote": choice, "reason": said(reason), "cast_at": now}
    made, _created = Ballot.objects.update_or_create(referral=referral, person=by, defaults=cast)
    record(verb="board.vote", by=by, subject=referral.subject, now=now, case=referral.pk)  # how is not for the log
    return made


@transaction.atomic
def ask(*, referral: Referral, question: str, by: Person, now: datetime) -> Enquiry:
    """Ask the applicant; until they answer, the clock of what they handed in stands still."""
    _hold(referral)
    if not (rules.can_lead(by, referral) or rules.can_vote(by, referral)):
        raise NotAllowed(_("Only the board asks questions about this case."))
    _must_be_open(referral)
    if referral.enquiries.count() >= MOST_ENQUIRIES:
        raise Refused(_("A case has at most %(most)s questions.") % {"most": MOST_ENQUIRIES})
    today = timezone.localdate(now)
    due_on = today + timedelta(days=rules_on(today).answer_days)
    made = Enquiry.objects.create(referral=referral, question=said(question), asked_by=by, asked_at=now, due_on=due_on)
    record(verb="board.ask", by=by, subject=referral.subject, now=now, case=referral.pk, question=made.pk)
    event, path = f"enquiry:{made.pk}:asked", f"/board/questions/{made.pk}/"
    tell_all([referral.applicant], kind="board_asked", event=event, now=now, path=path, enquiry=made, referral=referral)
    return made


@transaction.atomic
def answer(*, enquiry: Enquiry, text: str, by: Person, now: datetime) -> Enquiry:
    """Answer a question of the board. Raises NotAllowed, Refused where it is answered or was taken back."""
    if not rules.can_answer(by, enquiry.referral):
        raise NotAllowed(_("Only members of the organisation answer this."))
    _end(enquiry, now, answer=said(text), answered_by=by)
    record(
        verb="board.answer", by=by, subject=enquiry.referral.subject, now=now, case=enquiry.referral_id,
        question=enquiry.pk,
    )  # fmt: skip
    people = [one for one in (enquiry.asked_by, *voters_of(enquiry.referral)) if _still_reads(one, enquiry.referral)]
    tell_all(
        people, kind="board_answered", event=f"enquiry:{enquiry.pk}:answered", now=now,
        path=page_of(enquiry.referral), enquiry=enquiry, referral=enquiry.referral,
    )  # fmt: skip
    return enquiry


def _still_reads(person: Person, referral: Referral) -> bool:
    return not rules.is_conflicted(person, referral)


@transaction.atomic
def take_back(*, enquiry: Enquiry, by: Person, now: datetime) -> None:
    """Take a question back that needs no answer any more. Raises NotAllowed, Refused."""
    if enquiry.asked_by_id != by.pk:
        _must_lead(by, enquiry.referral)
    _end(enquiry, now)
    record(
        verb="board.take_back", by=by, subject=enquiry.referral.subject, now=now, case=enquiry.referral_id,
        question=enquiry.pk,
    )  # fmt: skip


def _end(enquiry: Enquiry, now: datetime, **fields: Any) -> None:
    if not Enquiry.objects.filter(pk=enquiry.pk, ended_at=None).update(ended_at=now, is_counted=False, **fields):
        raise Refused(_("This question is not open any more."), todo=_("Reload the page."))
    enquiry.refresh_from_db()


def mark_counted(*, subject: str) -> None:
    """Note that the clock of a subject was counted with its questions. For the worker of that subject; no act."""
    Enquiry.objects.filter(referral__subject=subject, is_counted=False).update(is_counted=True)


@transaction.atomic
def propose(*, referral: Referral, finding: str, reason: str, by: Person, now: datetime) -> Referral:
    """Write what was found, for a second person to release; the applicant reads the reason.

    Where somebody has a seat, the finding is what the votes come to; where nobody has, an ethics officer decides alone.
    Raises NotAllowed; Refused while a question is open, without the votes, or without the conditions it speaks of.
    """
    _hold(referral)
    _must_lead(by, referral)
    _must_be_open(referral)
    if finding not in Finding.values:
        raise Refused(_("There is no such finding."), todo=_("Use one of: %s.") % ", ".join(Finding.values))
    if referral.enquiries.filter(ended_at=None).exists():
        raise Refused(_("A question to the applicant is open."), todo=_("Wait for the answer, or take it back."))
    how = _must_have_voted(referral, Finding(finding), now)
    _must_owe(referral, Finding(finding))
    _move(
        referral, Case.PROPOSED, by=by, now=now, verb="board.propose", finding=finding, reason=said(reason), how=how,
        written_by=by, written_at=now, sent_back="",
    )  # fmt: skip
    seconds = [*ethics_for(referral.organisation), *voters_of(referral), *with_role(Role.OFFICER)]
    event = f"{referral.audit_subject}:proposed:{now.isoformat()}"
    tell_all(
        [one for one in seconds if rules.can_release(one, referral)], kind="board_proposed", event=event, now=now,
        path=page_of(referral), referral=referral,
    )  # fmt: skip
    return referral


def _must_have_voted(referral: Referral, finding: Finding, now: datetime) -> str:
    counted = tally_of(referral, now)
    if not counted.seats:
        return "alone"
    if counted.finding is None:
        facts = {"votes": sum(counted.counts.values()), "quorum": counted.quorum}
        raise Refused(
            _("The votes come to no finding."),
            why=_("%(votes)s voted, %(quorum)s must, and more than half must agree.") % facts,
            todo=_("Ask those with a seat to vote, or to think again."),
        )
    if counted.finding is not finding:
        raise Refused(_("The votes come to another finding: %s.") % counted.finding.label)
    return counted.how


def _must_owe(referral: Referral, finding: Finding) -> None:
    has_some = Condition.objects.filter(subject=referral.subject, state__in=PENDING).exists()
    if finding is Finding.APPROVED_WITH_CONDITIONS and not has_some:
        raise Refused(_("There is no condition yet."), todo=_("Write the conditions first."))


@transaction.atomic
def release(*, referral: Referral, by: Person, now: datetime) -> Referral:
    """Stand behind the finding as the second person. Nothing is refused by that: an officer does. Raises NotAllowed.

    With a yes, what the gate's answers bring is owed as if it had said so itself.
    """
    _must_release(by, referral)
    _move(referral, Case.RELEASED, by=by, now=now, verb="board.release", released_by=by, released_at=now)
    if referral.finding in YES:
        _owe(referral, by, now)
    event = f"{referral.audit_subject}:released"
    people = without_interest(with_role(Role.OFFICER), referral.organisation)
    tell_all(people, kind="board_released", event=event, now=now, path=page_of(referral), referral=referral)
    return referral


def _owe(referral: Referral, by: Person, now: datetime) -> None:
    """Of a project, what its present purpose brought stays until an officer lets the new one hold."""
    if not referral.subject.startswith("project:"):
        conditions.supersede(assessment=referral.assessment, by=by, now=now)
    conditions.owe(
        assessment=referral.assessment, organisation=referral.organisation, applicant=referral.applicant,
        project=referral.project, by=by, now=now,
    )  # fmt: skip


@transaction.atomic
def send_back(*, referral: Referral, reason: str, by: Person, now: datetime) -> Referral:
    """Do not release the finding, and say why: the case is open again. Raises NotAllowed, Refused without a reason."""
    _must_release(by, referral)
    writer = referral.written_by
    _move(referral, Case.OPEN, by=by, now=now, verb="board.send_back", finding="", sent_back=said(reason))
    if writer is not None:
        event = f"{referral.audit_subject}:back:{now.isoformat()}"
        tell_all([writer], kind="board_back", event=event, now=now, path=page_of(referral), referral=referral)
    return referral


def _must_release(by: Person, referral: Referral) -> None:
    if referral.state != Case.PROPOSED:
        raise Refused(_("There is no finding to release."), todo=_("Reload the page."))
    if not rules.can_release(by, referral):
        raise NotAllowed(_("A finding is released by a second person, without an interest, who did not write it."))
