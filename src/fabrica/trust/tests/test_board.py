"""Cases of the board, from the gate's referral to a finding behind which two persons stand."""

from datetime import timedelta

import pytest
from fabrica.applications import services as applications
from fabrica.applications.queries import clock_of, visible_to
from fabrica.applications.states import Standing, State
from fabrica.applications.tasks import recount
from fabrica.applications.tests.factories import submitted
from fabrica.audit.queries import about
from fabrica.conftest import make_person
from fabrica.kit.errors import NotAllowed, NotFound, Refused
from fabrica.notices.models import Notice
from fabrica.people import services as people
from fabrica.people.models import Member
from fabrica.people.states import MemberRole, Role
from fabrica.projects.models import Member as Part
from fabrica.projects.services import open_project
from fabrica.trust.models import Condition, Referral
from fabrica.trust.queries import board as queries
from fabrica.trust.queries.conditions import Step, blocking, brought_by
from fabrica.trust.services import board, conditions
from fabrica.trust.tests.answers import answers_for

pytestmark = pytest.mark.django_db
REFERRED = answers_for("REFER_ETHICS")
DAY = timedelta(days=1)


@pytest.fixture
def ethics(cast, now):
    return make_person("edda", now, Role.ETHICS)


@pytest.fixture
def members(cast, now):
    return [make_person(name, now, Role.BOARD) for name in ("bruno", "bella", "boris")]


@pytest.fixture
def made(cast, call, now, ethics, members):
    return submitted(cast, call, now, trust_answers=REFERRED)


@pytest.fixture
def case(made):
    return Referral.objects.get(subject=made.subject)


def seat(case, people, ethics, now):
    for one in people:
        board.give_seat(referral=case, person=one, by=ethics, now=now)


def letters(person):
    return list(Notice.objects.filter(person=person).order_by("pk").values_list("kind", flat=True))


def test_what_the_gate_refers_is_a_case_and_waits_for_the_board(cast, made, case, ethics, now):
    assert (case.state, case.organisation, case.applicant) == ("open", cast.startup, cast.applicant)
    assert about(made.subject).get(verb="board.open").facts == {"case": case.pk, "rules": ["P1", "T1", "T2"]}
    assert letters(ethics) == ["board_opened"]
    with pytest.raises(Refused, match="has not decided yet"):
        applications.screen(application=made, by=cast.officer, now=now, note="I looked at it.")


def test_a_plain_yes_opens_no_case(cast, call, now):
    submitted(cast, call, now)
    assert (Referral.objects.count(), Condition.objects.count()) == (0, 0)


def test_an_ethics_officer_alone_decides_with_a_second_person(cast, made, case, ethics, now):
    board.propose(referral=case, finding="approved", reason="A chess tutor.", by=ethics, now=now)
    with pytest.raises(NotAllowed, match="a second person"):
        board.release(referral=case, by=ethics, now=now)
    with pytest.raises(Refused, match="has not decided yet"):
        applications.screen(application=made, by=cast.officer, now=now)
    board.release(referral=case, by=cast.officer, now=now)
    assert (case.state, case.how, case.released_by) == ("released", "alone", cast.officer)
    screened = applications.screen(application=made, by=cast.officer, now=now)
    assert (screened.state, screened.transitions.last().reason) == (State.SCREENED, "A chess tutor.")


def test_with_seats_the_finding_is_what_the_votes_come_to(made, case, ethics, members, now):
    seat(case, members, ethics, now)
    with pytest.raises(Refused, match="come to no finding"):
        board.propose(referral=case, finding="approved", reason="Fine.", by=ethics, now=now)
    for one, choice in zip(members, ("accept", "accept", "refuse"), strict=True):
        board.vote(referral=case, choice=choice, reason="I read it.", by=one, now=now)
    with pytest.raises(Refused, match="another finding: Approved"):
        board.propose(referral=case, finding="not_approved", reason="No.", by=ethics, now=now)
    board.propose(referral=case, finding="approved", reason="Fine.", by=ethics, now=now)
    board.send_back(referral=case, reason="Say why.", by=members[0], now=now)
    assert (case.state, case.finding, letters(ethics)[-1]) == ("open", "", "board_back")


def test_conditions_that_a_finding_speaks_of_must_be_there(case, ethics, now):
    with pytest.raises(Refused, match="no condition yet"):
        board.propose(referral=case, finding="approved_with_conditions", reason="If.", by=ethics, now=now)
    conditions.write(referral=case, text="Show the filter.", blocks="publication", days=30, by=ethics, now=now)
    board.propose(referral=case, finding="approved_with_conditions", reason="If.", by=ethics, now=now)
    assert case.state == "proposed"


def test_what_the_answers_of_a_referred_case_bring_is_owed_once_its_yes_is_released(cast, call, ethics, now):
    answers = answers_for("ACCEPT", text="yes", flop="4e25", general_model="yes")
    made = submitted(cast, call, now, trust_answers=answers)
    case = Referral.objects.get(subject=made.subject)
    brought = ["systemic_notice", "copyright_policy", "mark_output"]
    assert [one.key for one in brought_by(case.assessment)] == brought
    board.propose(referral=case, finding="approved", reason="It helps.", by=ethics, now=now)
    assert Condition.objects.count() == 0
    board.release(referral=case, by=cast.officer, now=now)
    assert list(Condition.objects.order_by("pk").values_list("key", "applicant__name")) == [
        (key, "Ada") for key in brought
    ]  # fmt: skip
    assert [one.key for one in blocking(step=Step.AWARD, subject=made.subject)] == ["systemic_notice"]
    board.give_up(subject=made.subject, by=cast.officer, now=now)
    again = board.open_case(assessment=case.assessment, by=cast.applicant, now=now)
    assert [one.key for one in blocking(step=Step.AWARD, subject=made.subject)] == ["systemic_notice"]
    project = open_project(
        title="P", organisation=cast.startup, purpose="", gate_decision="", pi=cast.applicant, ends_at=now + 30 * DAY,
        by=cast.officer, now=now,
    )  # fmt: skip
    conditions.carry_over(subject=made.subject, project=project, by=cast.officer, now=now)
    conditions.write(referral=again, text="Show it.", blocks="publication", days=9, by=ethics, now=now)
    assert [one.key for one in blocking(step=Step.PUBLICATION, project=project)] == [
        "", "copyright_policy", "mark_output",
    ]  # fmt: skip


def test_a_finding_against_it_brings_no_conditions(cast, call, ethics, now):
    made = submitted(cast, call, now, trust_answers=answers_for("ACCEPT", text="yes", flop="4e25", general_model="yes"))
    case = Referral.objects.get(subject=made.subject)
    board.propose(referral=case, finding="not_approved", reason="No.", by=ethics, now=now)
    board.release(referral=case, by=cast.officer, now=now)
    assert Condition.objects.count() == 0


def test_a_finding_against_it_refuses_nothing_by_itself(cast, made, case, ethics, now):
    board.propose(referral=case, finding="not_approved", reason="It manipulates.", by=ethics, now=now)
    board.release(referral=case, by=cast.officer, now=now)
    made.refresh_from_db()
    assert made.state == State.SUBMITTED
    with pytest.raises(Refused, match="did not approve this"):
        applications.screen(application=made, by=cast.officer, now=now, note="All the same.")
    assert applications.refuse(application=made, reason=case.reason, by=cast.officer, now=now).state == State.REFUSED


def test_who_has_an_interest_neither_reads_nor_votes(cast, made, case, ethics, members, now):
    bruno, bella, _boris = members
    seat(case, [bruno, bella], ethics, now)
    board.vote(referral=case, choice="accept", reason="A friend.", by=bruno, now=now)
    board.declare_interest(referral=case, what="He is a friend.", by=bruno, now=now)
    assert not case.ballots.exists()
    with pytest.raises(NotFound):
        queries.referral_of(bruno, case.pk)
    with pytest.raises(NotAllowed):
        board.vote(referral=case, choice="accept", reason="A friend.", by=bruno, now=now)
    Member.objects.create(organisation=cast.startup, person=bella, role=MemberRole.MEMBER, joined_at=now)
    bella = type(bella).objects.get(pk=bella.pk)
    with pytest.raises(NotFound):
        queries.referral_of(bella, case.pk)
    assert queries.voters_of(case) == []


def test_the_board_reads_its_own_cases_and_nobody_elses(cast, made, case, ethics, members, now):
    bruno, bella, _boris = members
    seat(case, [bruno], ethics, now)
    assert [list(visible_to(one)) for one in (ethics, bruno, bella)] == [[made], [made], []]
    for outsider in (bella, cast.outsider, cast.applicant, cast.officer, cast.operator):
        with pytest.raises(NotFound):
            queries.referral_of(outsider, case.pk)
    for outsider in (bella, cast.officer, cast.applicant):
        with pytest.raises(NotAllowed):
            board.propose(referral=case, finding="approved", reason="Mine.", by=outsider, now=now)


def test_a_question_stops_the_clock_until_it_is_answered(cast, made, case, ethics, now):
    before = clock_of(made).due_at
    asked = board.ask(referral=case, question="Who plays?", by=ethics, now=now + DAY)
    assert recount(now) is True
    made.refresh_from_db()
    assert clock_of(made).step.standing(now + DAY) is Standing.PAUSED
    assert made.clock_rings_at is None
    with pytest.raises(Refused, match="is open"):
        board.propose(referral=case, finding="approved", reason="Fine.", by=ethics, now=now + DAY)
    with pytest.raises(NotAllowed):
        board.answer(enquiry=asked, text="Not me.", by=cast.outsider, now=now + 3 * DAY)
    board.answer(enquiry=asked, text="Children.", by=cast.mate, now=now + 3 * DAY)
    assert (recount(now), recount(now)) == (True, False)
    made.refresh_from_db()
    assert clock_of(made).due_at - before == 2 * DAY
    assert made.clock_rings_at is not None
    assert (letters(cast.applicant)[-1], letters(ethics)[-1]) == ("board_asked", "board_answered")


def test_new_answers_overtake_a_case_and_its_seats_go_on(cast, made, case, ethics, members, now):
    seat(case, members[:1], ethics, now)
    applications.send_back(application=made, reason="Say more.", by=cast.officer, now=now)
    applications.submit(application=made, by=cast.applicant, now=now + DAY)
    old, new = Referral.objects.order_by("pk")
    assert (old.state, new.state, [one.person for one in new.seats.all()]) == ("overtaken", "open", members[:1])


def test_what_is_taken_back_leaves_no_case_open(cast, made, case, now):
    applications.withdraw(application=made, by=cast.applicant, now=now)
    case.refresh_from_db()
    assert case.state == "overtaken"


def test_the_audit_says_who_voted_not_how(made, case, ethics, members, now):
    seat(case, members[:1], ethics, now)
    board.vote(referral=case, choice="refuse", reason="No.", by=members[0], now=now)
    entry = about(made.subject).get(verb="board.vote")
    assert (entry.actor, entry.facts) == (members[0].uid, {"case": case.pk})


def test_an_interest_declared_late_takes_back_the_finding_it_had_a_part_in(cast, case, ethics, members, now):
    seat(case, members, ethics, now)
    for one in members:
        board.vote(referral=case, choice="accept", reason="It helps.", by=one, now=now)
    board.propose(referral=case, finding="approved", reason="It helps.", by=ethics, now=now)
    board.declare_interest(referral=case, what="He is a friend.", by=members[0], now=now)
    assert (case.state, case.finding, case.ballots.count()) == ("open", "", 2)
    with pytest.raises(Refused, match="no finding to release"):
        board.release(referral=case, by=cast.officer, now=now)


def test_nothing_is_added_to_a_case_by_who_read_it_before_it_was_decided(cast, case, ethics, members, now):
    seat(case, members[:2], ethics, now)
    read = Referral.objects.get(pk=case.pk)
    for one in members[:2]:
        board.vote(referral=case, choice="accept", reason="It helps.", by=one, now=now)
    board.propose(referral=case, finding="approved", reason="It helps.", by=ethics, now=now)
    for act in (
        lambda: board.vote(referral=read, choice="refuse", reason="No.", by=members[0], now=now),
        lambda: board.ask(referral=read, question="Why?", by=ethics, now=now),
        lambda: board.give_seat(referral=read, person=members[2], by=ethics, now=now),
        lambda: conditions.write(referral=read, text="Say so.", blocks="award", days=9, by=ethics, now=now),
    ):
        with pytest.raises(Refused, match="open"):
            act()


def test_who_belongs_to_the_project_neither_leads_nor_releases_its_case(cast, case, ethics, now):
    project = open_project(
        title="P", organisation=cast.startup, purpose="", gate_decision="", pi=cast.applicant, ends_at=now + 30 * DAY,
        by=cast.officer, now=now,
    )  # fmt: skip
    Referral.objects.filter(pk=case.pk).update(subject=project.subject)
    case.refresh_from_db()
    Part.objects.create(project=project, person=ethics, role="member", joined_at=now)
    with pytest.raises(NotAllowed):
        board.propose(referral=case, finding="approved", reason="Mine.", by=ethics, now=now)


def test_of_who_is_erased_nobody_reads_which_interest_they_had(case, members, now):
    board.declare_interest(referral=case, what="My brother works there.", by=members[0], now=now)
    asked = people.ask_erasure(uid=members[0].uid, cause="own", typed=members[0].email, by=members[0], now=now)
    assert people.erase_next(now=asked.due_at) is True
    seat = case.seats.get()
    assert (seat.conflict, seat.conflicted_at, seat.person.is_erased) == ("", now, True)
