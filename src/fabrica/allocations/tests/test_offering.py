"""An award that the applicant answers: set aside, accepted, declined, taken back."""

from datetime import timedelta

import pytest
from fabrica.allocations import queries, services
from fabrica.allocations.models import Award, ClusterAccount, LedgerAccount, Offer
from fabrica.allocations.states import Answer
from fabrica.allocations.tests.years import HOUR, cap, parted
from fabrica.applications import services as applications
from fabrica.applications.models import Application
from fabrica.applications.states import State
from fabrica.audit.models import Entry
from fabrica.calls.engine import rows
from fabrica.conftest import make_person
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.notices.models import Notice
from fabrica.people.states import Role
from fabrica.projects.models import Project
from fabrica.reviews import services as reviews
from fabrica.reviews.tests.factories import assessed

DAY = timedelta(days=1)
ASKED = 10 * HOUR


@pytest.fixture
def answered(call):
    """Our call, whose mode gives five working days for an answer."""
    days = {"id": "answer_working_days", "value": 5, "source": "The site", "checked_on": "2026-11-27",
            "confidence": "A"}  # fmt: skip
    call.mode_row = {**call.mode_row, "facts": [*rows()["playground"]["facts"], days]}
    call.save()
    return call


@pytest.fixture
def year(cast, machine, now):
    return parted(cast, machine, now, caps=[cap("ours", "40")], programme_caps=False)


@pytest.fixture
def offered(cast, answered, year, now):
    """Ten of fifty hours, offered in two parts."""
    made = assessed(cast, answered, now, gpu_seconds_requested=ASKED, months=1)
    phases = [services.Later(3 * HOUR, opens_at=now + 10 * DAY)]
    return services.grant(application=made, gpu_seconds=ASKED, months=1, phases=phases, by=cast.officer, now=now)


def again(offer):
    return Application.objects.select_related("call").get(pk=offer.application_id)


def books(year):
    """What the pool has, what its cap counts, and whether every sum holds."""
    pool = year.pools.select_related("account").get(name="union_aif_industrial")
    return pool.account.balance_gpu_seconds, year.caps.get().taken_gpu_seconds, queries.check_ledger()


def test_what_is_offered_is_set_aside_and_nothing_of_it_is_there_to_use(cast, offered, year):
    assert books(year) == (40 * HOUR, ASKED, [])
    assert (again(offered).state, Offer.objects.get().account.balance_gpu_seconds) == (State.OFFERED, ASKED)
    assert [model.objects.count() for model in (Award, Project, ClusterAccount)] == [0, 0, 0]
    share = next(one for one in queries.shares_for(cast.officer, year.starts_on) if one.name == "union_aif_industrial")
    assert (share.granted, share.unused, share.left) == (ASKED, ASKED, 40 * HOUR)


def test_accepted_it_is_awarded_from_that_day_on_and_paid_by_the_pool_it_was_set_aside_from(cast, offered, year, now):
    later = now + 12 * DAY  # the day of its second part has passed
    award = services.accept(application=again(offered), number=1, by=cast.mate, now=later)
    application = again(offered)
    assert (application.state, application.decided_at, award.starts_at) == (State.AWARDED, later, later)
    assert (award.gpu_seconds, queries.promised(award), award.project.gate_decision) == (
        7 * HOUR, 3 * HOUR, application.gate.decision,
    )  # fmt: skip
    assert books(year) == (40 * HOUR, ASKED, [])
    assert [(account.pool.name, had) for account, had in queries.drawn(award)] == [("union_aif_industrial", ASKED)]
    assert (application.days_taken, queries.phases_due(later).count()) == (0, 1)
    assert set(Notice.objects.filter(kind__startswith="application_a").values_list("person__name", "kind")) >= {
        ("Ada", "application_awarded"), ("Olga", "application_accepted"),
    }  # fmt: skip


def test_accepted_in_the_next_year_it_is_still_paid_by_the_year_it_was_decided_in(cast, offered, year, now):
    services.accept(application=again(offered), by=cast.applicant, now=now + 60 * DAY)
    assert books(year) == (40 * HOUR, ASKED, [])


def test_declined_its_hours_return_and_it_ends(cast, offered, year, now):
    with pytest.raises(Refused, match="needs a reason"):
        services.decline(application=again(offered), reason=" ", by=cast.applicant, now=now)
    services.decline(application=again(offered), reason="Found another machine.", by=cast.applicant, now=now)
    assert books(year) == (50 * HOUR, 0, [])
    assert (again(offered).state, Offer.objects.get().answer) == (State.DECLINED, Answer.DECLINED)
    assert Notice.objects.filter(kind="application_declined", person=cast.officer).count() == 1
    entries = Entry.objects.filter(verb__in=["application.decline", "hours.return"])
    assert {one.actor for one in entries} == {cast.applicant.uid}
    for act in (services.accept, services.decline):
        with pytest.raises(Refused):
            act(application=again(offered), by=cast.applicant, now=now, **({} if act is services.accept else WHY))


WHY = {"reason": "Because."}


@pytest.mark.parametrize("who", ["officer", "outsider", "operator"])
def test_only_the_organisation_answers(cast, offered, now, who):
    by = getattr(cast, who)
    with pytest.raises(NotAllowed):
        services.accept(application=again(offered), by=by, now=now)
    with pytest.raises(NotAllowed):
        services.decline(application=again(offered), by=by, now=now, **WHY)


def test_a_second_answer_on_the_same_page_changes_nothing(cast, offered, year, now):
    mine, theirs = again(offered), again(offered)
    services.accept(application=mine, by=cast.applicant, now=now)
    for act, by in ((services.decline, cast.mate), (services.withdraw_offer, cast.officer)):
        with pytest.raises(Refused, match="Somebody else decided meanwhile"):
            act(application=theirs, by=by, now=now, **WHY)
    assert (books(year), Award.objects.count()) == ((40 * HOUR, ASKED, []), 1)


def test_an_officer_takes_it_back_and_after_an_appeal_another_offers_anew(cast, offered, year, now):
    with pytest.raises(NotAllowed):
        services.withdraw_offer(application=again(offered), by=cast.applicant, now=now, **WHY)
    services.withdraw_offer(application=again(offered), by=cast.officer, now=now, **WHY)
    assert (books(year), again(offered).state) == ((50 * HOUR, 0, []), State.REFUSED)
    applications.appeal(application=again(offered), reason="We were ill.", by=cast.applicant, now=now)
    oscar = make_person("oscar", now, Role.OFFICER)
    reviews.decide_appeal(application=again(offered), granted=True, reason="So be it.", by=oscar, now=now)
    assert again(offered).state == State.ASSESSED
    told = {"application": again(offered), "gpu_seconds": 5 * HOUR, "months": 1, "note": "Half."}
    services.grant(**told, by=oscar, now=now)
    with pytest.raises(Refused, match="Another award is offered"):
        services.accept(application=again(offered), number=1, by=cast.applicant, now=now)
    services.accept(application=again(offered), number=2, by=cast.applicant, now=now)
    assert books(year) == (45 * HOUR, 5 * HOUR, [])


def test_it_cannot_be_awarded_past_the_answer_nor_withdrawn_around_it(cast, answered, year, now):
    made = assessed(cast, answered, now, gpu_seconds_requested=ASKED, months=1)
    told = {"application": made, "gpu_seconds": ASKED, "months": 1, "by": cast.officer, "now": now}
    with pytest.raises(Refused, match="cannot become awarded"):
        services.award(**told)
    services.grant(**told)
    with pytest.raises(Refused, match="An award is offered"):
        applications.withdraw(application=made, by=cast.applicant, now=now)


def test_a_cap_and_the_ledger_hold_for_offers_too(cast, answered, year, now):
    made = [assessed(cast, answered, now, gpu_seconds_requested=25 * HOUR, months=1) for _ in range(2)]
    told = {"gpu_seconds": 25 * HOUR, "months": 1, "by": cast.officer, "now": now}
    services.grant(application=made[0], **told)
    with pytest.raises(Refused, match="has 15.00 GPU-hours left; this needs 16.00"):
        services.grant(application=made[1], **told | {"gpu_seconds": 16 * HOUR, "note": "Less."})
    LedgerAccount.objects.filter(kind="offered").update(balance_gpu_seconds=1)
    assert any("set aside for an offer" in one for one in queries.check_ledger())
