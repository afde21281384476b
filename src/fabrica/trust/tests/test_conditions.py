"""Conditions: owed, shown, closed by two persons, and what waits for them."""

from datetime import timedelta

import pytest
from django.utils.translation import override
from fabrica.applications import services as applications
from fabrica.applications.tests.factories import ACCEPTED, submitted
from fabrica.conftest import make_person
from fabrica.kit.errors import NotAllowed, NotFound, Refused
from fabrica.notices.models import Notice
from fabrica.people.states import Role
from fabrica.projects.models import Member
from fabrica.projects.services import open_project
from fabrica.projects.states import Role as Part
from fabrica.trust.models import Condition, Referral
from fabrica.trust.queries import conditions as queries
from fabrica.trust.queries.conditions import Step, blocking
from fabrica.trust.services import conditions as services
from fabrica.trust.services.board import declare_interest
from fabrica.trust.tasks import remind
from fabrica.trust.tests.answers import HIGH_RISK, answers_for

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
LIMIT = 360_000


@pytest.fixture
def board(cast, now):
    return [make_person("edda", now, Role.ETHICS), make_person("bruno", now, Role.BOARD)]


@pytest.fixture
def made(cast, call, now, board):
    return submitted(cast, call, now, trust_answers=answers_for("ACCEPT", **HIGH_RISK))


@pytest.fixture
def project(cast, made, now):
    found = open_project(
        title="P", organisation=cast.startup, purpose="", gate_decision="", pi=cast.applicant, ends_at=now + 30 * DAY,
        by=cast.officer, now=now,
    )  # fmt: skip
    services.carry_over(subject=made.subject, project=found, by=cast.officer, now=now)
    return found


@pytest.fixture
def one(made):
    return Condition.objects.get(subject=made.subject, key="risk_management")


def test_a_yes_with_conditions_writes_them_down_and_tells_once(cast, made):
    assert list(Condition.objects.order_by("pk").values_list("key", "blocks", "state", "applicant__name")) == [
        ("risk_management", "run", "open", "Ada"), ("technical_documentation", "publication", "open", "Ada"),
    ]  # fmt: skip
    assert Notice.objects.filter(person=cast.applicant, kind="condition_opened").count() == 1


def test_each_step_is_held_up_by_its_own_conditions(made, project, one):
    assert blocking(step=Step.AWARD, subject=made.subject) == []
    assert [two.key for two in blocking(step=Step.PUBLICATION, project=project)] == ["technical_documentation"]
    assert blocking(step=Step.RUN, project=project, gpu_seconds=LIMIT) == []
    assert blocking(step=Step.RUN, project=project, gpu_seconds=LIMIT + 1) == [one]
    assert blocking(step=Step.PUBLICATION) == []
    with pytest.raises(Refused, match="to be met before: further runs") as told:
        services.require_none(step=Step.RUN, project=project, gpu_seconds=LIMIT + 1)
    assert told.value.facts == {"conditions": [one.pk]}
    with override("fr"), pytest.raises(Refused) as told:
        services.require_none(step=Step.RUN, project=project, gpu_seconds=LIMIT + 1)
    assert one.said("fr").rstrip(".") in told.value.why


def test_two_persons_close_it_and_neither_gave_the_evidence(cast, board, project, one, now):
    first, second = board
    with pytest.raises(Refused, match="cannot become"):
        services.find_met(condition=one, by=first, now=now)
    with pytest.raises(NotAllowed):
        services.give_evidence(condition=one, text="Done.", by=cast.outsider, now=now)
    services.give_evidence(condition=one, text="Done.", link="https://x.example/a", by=cast.mate, now=now)
    services.find_met(condition=one, by=first, now=now)
    with pytest.raises(NotAllowed, match="by two persons"):
        services.settle(condition=one, by=first, now=now)
    for other in (cast.officer, cast.applicant):
        with pytest.raises(NotAllowed):
            services.settle(condition=one, by=other, now=now)
    assert blocking(step=Step.RUN, project=project, gpu_seconds=LIMIT + 1) == [one]
    services.settle(condition=one, by=second, now=now)
    assert (one.state, one.found_by, one.settled_by) == ("closed", first, second)
    assert blocking(step=Step.RUN, project=project, gpu_seconds=LIMIT + 1) == []


def test_it_is_sent_back_with_a_reason_or_waived_by_two(cast, board, one, now):
    first, second = board
    services.give_evidence(condition=one, text="Done.", by=cast.applicant, now=now)
    with pytest.raises(Refused, match="A reason is needed"):
        services.send_back(condition=one, reason=" ", by=first, now=now)
    services.send_back(condition=one, reason="Which risks?", by=first, now=now)
    services.waive(condition=one, reason="It was given up.", by=second, now=now)
    services.settle(condition=one, by=first, now=now)
    assert (one.state, one.reason, one.is_settled) == ("waived", "It was given up.", True)


@pytest.mark.parametrize("link", ["javascript:alert(1)", "ftp://x.example/", "x", "https://" + 500 * "a"])
def test_a_link_is_an_address_of_a_page(cast, one, now, link):
    with pytest.raises(Refused):
        services.give_evidence(condition=one, text="Done.", link=link, by=cast.applicant, now=now)


def test_its_owner_is_told_a_week_before_it_is_due_and_once_it_is_overdue(cast, board, one, now):
    Condition.objects.exclude(pk=one.pk).delete()
    assert remind(now) is False
    assert (remind(now + 54 * DAY), remind(now + 54 * DAY)) == (True, False)
    assert (remind(now + 61 * DAY), remind(now + 61 * DAY)) == (True, False)
    kinds = Notice.objects.filter(person=cast.applicant, kind__startswith="condition_").order_by("pk")
    assert list(kinds.values_list("kind", flat=True)) == ["condition_opened", "condition_due_soon", "condition_overdue"]
    assert Notice.objects.filter(person=board[0], kind="condition_overdue").count() == 1


def test_new_answers_drop_what_is_not_owed_any_more(cast, made, one, now):
    applications.send_back(application=made, reason="Sure?", by=cast.officer, now=now)
    applications.save_draft(application=made, values={"trust_answers": ACCEPTED}, by=cast.applicant, now=now)
    applications.submit(application=made, by=cast.applicant, now=now)
    assert set(Condition.objects.values_list("state", flat=True)) == {"dropped"}


def test_a_condition_is_read_by_its_side_and_the_board_alone(cast, board, one):
    for reader in (cast.applicant, cast.mate, cast.officer, *board):
        assert queries.condition_of(reader, one.pk) == one
    for outsider in (cast.outsider, cast.provider, cast.assessor, cast.operator):
        with pytest.raises(NotFound):
            queries.condition_of(outsider, one.pk)


def test_who_declared_an_interest_in_the_case_judges_none_of_its_conditions(cast, call, board, now):
    made = submitted(cast, call, now, trust_answers=answers_for("REFER_ETHICS"))
    case = Referral.objects.get(subject=made.subject)
    first, second = board
    one = services.write(referral=case, text="Show it.", blocks="data", days=30, by=first, now=now)
    declare_interest(referral=case, what="My sister works there.", by=second, now=now)
    with pytest.raises(NotAllowed, match="without an interest"):
        services.waive(condition=one, reason="No need.", by=second, now=now)


def test_a_member_of_the_board_in_the_project_judges_none_of_its_conditions(cast, board, project, one, now):
    one.refresh_from_db()
    Member.objects.create(project=project, person=board[1], role=Part.GUEST, joined_at=now)
    with pytest.raises(NotAllowed, match="without an interest"):
        services.waive(condition=one, reason="No need.", by=board[1], now=now)


def test_what_one_person_found_is_taken_back_when_they_declare_an_interest_and_others_judge_it_anew(
    cast, call, board, now
):
    made = submitted(cast, call, now, trust_answers=answers_for("REFER_ETHICS"))
    case, (first, second) = Referral.objects.get(subject=made.subject), board
    shown, other = (services.write(referral=case, text=one, blocks="data", days=30, by=first, now=now) for one in "AB")
    services.give_evidence(condition=shown, text="Done.", by=cast.applicant, now=now)
    services.find_met(condition=shown, by=first, now=now)
    services.waive(condition=other, reason="No need.", by=first, now=now)
    read = Condition.objects.get(pk=shown.pk)
    declare_interest(referral=case, what="My sister works there.", by=first, now=now)
    assert list(Condition.objects.order_by("pk").values_list("state", "found_by", "reason")) == [
        ("evidence_given", None, ""), ("open", None, ""),
    ]  # fmt: skip
    with pytest.raises(Refused, match="Nobody has found it met"):
        services.settle(condition=read, by=second, now=now)
    assert services.find_met(condition=read, by=second, now=now, seen=now).found_by == second


def test_nobody_agrees_with_a_first_person_who_has_an_interest_by_now(cast, board, project, one, now):
    first, second = board
    services.give_evidence(condition=one, text="Done.", by=cast.applicant, now=now)
    services.find_met(condition=one, by=first, now=now)
    Member.objects.create(project=project, person=first, role=Part.GUEST, joined_at=now)
    with pytest.raises(Refused, match="judged it first has an interest"):
        services.settle(condition=one, by=second, now=now)
    with pytest.raises(Refused, match="not taken any more"):
        services.give_evidence(condition=one, text="More.", by=cast.applicant, now=now)
    assert services.send_back(condition=one, reason="Anew.", by=second, now=now).state == "open"


def test_evidence_that_nobody_read_is_not_found_met(cast, board, one, now):
    first, _second = board
    services.give_evidence(condition=one, text="A plan.", by=cast.applicant, now=now)
    read = Condition.objects.get(pk=one.pk)
    services.give_evidence(condition=one, text="Nothing.", by=cast.applicant, now=now + DAY)
    for row, seen in ((read, None), (one, now)):
        with pytest.raises(Refused, match="Other evidence was given meanwhile"):
            services.find_met(condition=row, by=first, now=now + DAY, seen=seen)
    services.find_met(condition=one, by=first, now=now + DAY, seen=now + DAY)
    assert one.state == "closing"


def test_a_letter_tells_a_condition_in_the_language_of_its_reader(cast, call, now, board):
    cast.applicant.language = "fr"
    cast.applicant.save()
    submitted(cast, call, now, trust_answers=answers_for("ACCEPT", **HIGH_RISK))
    letter = Notice.objects.get(person=cast.applicant, kind="condition_opened")
    [made] = Condition.objects.filter(key="risk_management")
    assert (made.said("fr") in letter.body, made.text in letter.body) == (True, False)
