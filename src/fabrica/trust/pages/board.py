"""The board's desk, and one case with what the reader may do there."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fabrica.kit.errors import NotAllowed
from fabrica.kit.paging import page_of
from fabrica.kit.time import utcnow
from fabrica.people import rules as people_rules
from fabrica.people.models import Person
from fabrica.people.queries import signed_in
from fabrica.people.states import Role
from fabrica.trust import rules
from fabrica.trust.forms import (
    AnswerForm,
    AskForm,
    ConditionForm,
    FindingForm,
    InterestForm,
    NothingForm,
    ReasonForm,
    SeatForm,
    VoteForm,
)
from fabrica.trust.models import Enquiry, Referral
from fabrica.trust.pages.acting import Act, data_for, done
from fabrica.trust.queries import board as cases
from fabrica.trust.queries import conditions as owed
from fabrica.trust.services import board as services
from fabrica.trust.services import conditions
from fabrica.trust.states import Case


def desk(request: HttpRequest) -> HttpResponse:
    """Cases and conditions that wait, each a list of its own."""
    person, now = signed_in(request), utcnow()
    if not people_rules.has_role(person, Role.ETHICS, Role.BOARD, Role.OFFICER):
        raise NotAllowed(_("This desk is for the ethics board and officers."))
    which = "all" if request.GET.get("show") == "all" else ""
    rows = cases.visible_to(person) if which else cases.open_cases(person)
    today = timezone.localdate(now)
    page = page_of(rows, request.GET.get("cursor", ""))
    waiting = page_of(owed.pending(person), request.GET.get("conditions", ""))
    context = {
        "page": page, "which": which, "today": today, "waiting": waiting,
        "late": owed.overdue(person, today).count(), "language": get_language(),
        "conditions": [(one, one.said(get_language()), one.is_overdue(today)) for one in waiting.rows],
    }  # fmt: skip
    return render(request, "trust/desk.html", context)


def case(request: HttpRequest, pk: int) -> HttpResponse:
    """One case: its points, questions, votes and finding; a POST does what its button says."""
    person = signed_in(request)
    found = cases.referral_of(person, pk)
    acts = _acts(request, person, found)
    if request.method == "POST" and done(request, acts):
        still_reads = cases.visible_to(person).filter(pk=pk).exists()
        return redirect("trust:case", pk) if still_reads else redirect("trust:desk")
    return render(request, "trust/case.html", _context(person, found, acts))


def _context(person: Person, found: Referral, acts: list[Act]) -> dict[str, Any]:
    now = utcnow()
    reads_votes = rules.is_on_board(person)
    return {
        "case": found, "acts": acts, "today": timezone.localdate(now), "tally": cases.tally_of(found, now),
        "seats": found.seats.select_related("person") if reads_votes else (),
        "ballots": found.ballots.select_related("person") if reads_votes else (),
        "board_source": cases.source_on(now, get_language()), "reads_votes": reads_votes,
        "enquiries": found.enquiries.select_related("asked_by", "answered_by"),
        "reasons": found.assessment.reasons_in(get_language()),
        "conditions": owed.conditions_of(subject=found.subject),
        "brought": [
            (one.said(get_language()), one.blocks.label, one.grounds(get_language()))
            for one in owed.brought_by(found.assessment) if found.state in cases.LIVE
        ],
    }  # fmt: skip


def _acts(request: HttpRequest, person: Person, found: Referral) -> list[Act]:
    """What this reader may do with a case as it stands."""
    if found.state == Case.PROPOSED and rules.can_release(person, found):
        return _releasing(request, person, found)
    made: list[Act] = []
    if found.state == Case.OPEN:
        if rules.can_vote(person, found):
            made.append(_voting(request, person, found))
        if rules.can_lead(person, found):
            made += _leading(request, person, found)
        elif made:
            made.append(_asking(request, person, found))
    if rules.is_on_board(person) and (found.state in cases.LIVE or _is_judged_yet(person, found)):
        made.append(_interest(request, person, found))
    return made


def _is_judged_yet(person: Person, found: Referral) -> bool:
    """Whether a decided case left conditions on which the board still judges."""
    return owed.pending(person).filter(subject=found.subject).exists()


def _voting(request: HttpRequest, person: Person, found: Referral) -> Act:
    mine = found.ballots.filter(person=person).first()
    form = VoteForm(
        data_for(request, "vote"), prefix="vote",
        initial={"choice": mine.vote, "reason": mine.reason} if mine else None,
    )  # fmt: skip
    return Act(
        "vote", _("Your vote"), _("Vote"), form,
        lambda data: services.vote(
            referral=found, choice=data["choice"], reason=data["reason"], by=person, now=utcnow()
        ),
        _("Your vote is kept; you may change it while the case is open. The finding follows the votes."),
    )  # fmt: skip


def _asking(request: HttpRequest, person: Person, found: Referral) -> Act:
    return Act(
        "ask", _("Ask the applicant"), _("Send the question"), AskForm(data_for(request, "ask"), prefix="ask"),
        lambda data: services.ask(referral=found, question=data["question"], by=person, now=utcnow()),
        _("The question went to the applicant by letter. The clock stands still until they answer."),
        is_secondary=True,
    )  # fmt: skip


def _interest(request: HttpRequest, person: Person, found: Referral) -> Act:
    return Act(
        "interest", _("Do you have an interest in it?"), _("Declare it"),
        InterestForm(data_for(request, "interest"), prefix="interest"),
        lambda data: services.declare_interest(referral=found, what=data["what"], by=person, now=utcnow()),
        _("Your interest is kept. You neither read this case nor vote on it any more."),
        is_secondary=True,
    )  # fmt: skip


def _leading(request: HttpRequest, person: Person, found: Referral) -> list[Act]:
    people = cases.seatable(found)
    made = [_asking(request, person, found)]
    made += [
        Act(
            f"take_back_{one.pk}", _("Take the open question back"), _("Take it back"),
            NothingForm(data_for(request, f"take_back_{one.pk}")),
            partial(_take_back, one, person),
            _("The question was taken back, and the clock goes on."), is_secondary=True,
        )
        for one in found.enquiries.filter(ended_at=None)
    ]  # fmt: skip
    if people:
        by_uid = {one.uid: one for one in people}
        made.append(Act(
            "seat", _("Give a seat"), _("Ask for their vote"),
            SeatForm(data_for(request, "seat"), prefix="seat", people=people),
            lambda data: services.give_seat(referral=found, person=by_uid[data["person"]], by=person, now=utcnow()),
            _("They were asked for their vote by letter."),
            is_secondary=True,
        ))  # fmt: skip
    condition = ConditionForm(data_for(request, "condition"), prefix="condition")
    made.append(Act(
        "condition", _("Write a condition"), _("Add the condition"), condition,
        lambda data: conditions.write(
            referral=found, text=data["text"], blocks=data["blocks"], owner=data["owner"], days=data["days"],
            run_gpu_seconds=condition.run_gpu_seconds(), by=person, now=utcnow(),
        ),
        _("The condition was written, and whoever owes it was told by letter."), is_secondary=True,
    ))  # fmt: skip
    made.append(Act(
        "propose", _("Write the finding"), _("Hand it to a second person"),
        FindingForm(data_for(request, "propose"), prefix="propose"),
        lambda data: services.propose(
            referral=found, finding=data["finding"], reason=data["reason"], by=person, now=utcnow()
        ),
        _("The finding waits for a second person, who releases it or sends it back."),
    ))  # fmt: skip
    return made


def _take_back(one: Enquiry, person: Person, _data: Mapping[str, Any]) -> None:
    services.take_back(enquiry=one, by=person, now=utcnow())


def _releasing(request: HttpRequest, person: Person, found: Referral) -> list[Act]:
    return [
        Act(
            "release", _("Do you stand behind this finding?"), _("Release it"),
            NothingForm(data_for(request, "release")),
            lambda _data: services.release(referral=found, by=person, now=utcnow()),
            _("The finding is released: the applicant reads it, and an officer goes on with the screening."),
        ),
        Act(
            "send_back", _("Send it back"), _("Send it back"),
            ReasonForm(data_for(request, "send_back"), prefix="send_back"),
            lambda data: services.send_back(referral=found, reason=data["reason"], by=person, now=utcnow()),
            _("The finding went back, and the case is open again: it is to be written anew."),
            is_secondary=True,
        ),
    ]  # fmt: skip


def question(request: HttpRequest, pk: int) -> HttpResponse:
    """A question of the board to the reader's organisation; a POST answers it."""
    person = signed_in(request)
    found: Enquiry = cases.enquiry_to(person, pk)
    acts = [] if found.ended_at else [
        Act(
            "answer", _("Answer the ethics board"), _("Send the answer"),
            AnswerForm(data_for(request, "answer"), prefix="answer"),
            lambda data: services.answer(enquiry=found, text=data["text"], by=person, now=utcnow()),
            _("Your answer went to the board, and the clock goes on."),
        )
    ]  # fmt: skip
    if request.method == "POST" and done(request, acts):
        return redirect("trust:question", pk)
    return render(request, "trust/question.html", {"enquiry": found, "acts": acts, "case": found.referral})
