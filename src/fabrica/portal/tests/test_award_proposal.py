"""Awards proposed for a call on its page and over the API: the officer adjusts them, and confirms one after another."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from fabrica.allocations import services as allocations
from fabrica.allocations.models import Offer
from fabrica.applications.models import Application
from fabrica.conftest import make_person
from fabrica.kit.errors import NotAllowed
from fabrica.people.models import Person
from fabrica.people.states import Role
from fabrica.portal import services
from fabrica.portal.queries.proposing import known_of, proposed_of
from fabrica.portal.services import Chosen
from fabrica.reviews.models import Outcome
from fabrica.reviews.tests.factories import HOURS, expert, large, large_call, panel_member, reviewed

from fabrica.reviews import services as reviews

ADDRESS = "/panel/large-scale/proposal/"


@pytest.fixture
def ranked(cast, machine, now):
    """Ranks so many applications of Large Scale, alike, in the order in which they were made."""

    def made(count):
        call, anna = large_call(machine, now), expert(cast, "anna", now, most_reviews=9)
        found = [reviewed(cast, large(cast, call, now, title=f"No {at}"), [anna], now) for at in range(count)]
        later = found[0].reply_until + timedelta(seconds=1)
        codes = [one.application.code for one in found]
        reviews.rank(call=call, order=codes, reasons={}, by=panel_member(now), now=later)
        return call, codes

    return made


def fund(machine, hours, cast, now, key="f"):
    allocations.fund(key=key, machine=machine, gpu_seconds=hours, by=cast.operator, now=now)


def outcomes(told):
    return [(type(one.made).__name__, one.is_done) for one in told]


def test_one_that_is_refused_stays_and_the_same_sent_again_goes_on_where_it_stopped(cast, machine, now, ranked):
    call, (first, second, third) = ranked(3)
    fund(machine, HOURS + HOURS // 2, cast, now)
    chosen = [Chosen(first, call.slug, HOURS), Chosen(second, call.slug, HOURS), Chosen(third, call.slug, HOURS // 2)]
    told = {"call": call, "chosen": chosen, "by": cast.officer, "now": now}
    found = services.confirm(note="The pool is small.", **told)
    assert outcomes(found) == [("Offer", False), ("NoneType", False), ("Offer", False)]
    assert found[1].words.startswith("The pool of ")
    assert dict(Outcome.objects.values_list("application__code", "kind")) == {first: "full", third: "partial"}
    last = dict(Offer.objects.values_list("application__code", "note"))
    assert (last[first], last[third].splitlines()[-1]) == (Outcome.objects.first().reasons, "The pool is small.")
    fund(machine, HOURS, cast, now, key="more")
    assert outcomes(services.confirm(**told)) == [("NoneType", True), ("Offer", False), ("NoneType", True)]


def test_nobody_else_confirms_and_other_hours_need_a_note(cast, machine, now, ranked):
    call, (code,) = ranked(1)
    fund(machine, HOURS, cast, now)
    told = {"call": call, "chosen": [Chosen(code, call.slug, HOURS - 3_600)], "now": now}
    (mine,) = services.confirm(by=cast.officer, **told)
    (theirs,) = services.confirm(by=cast.assessor, note="Why.", **told)
    assert [one.made for one in (mine, theirs)] == [None, None]
    assert "Write a note" in mine.words and not Outcome.objects.exists()
    with pytest.raises(NotAllowed):
        known_of(cast.assessor, call.slug, now)


def test_an_officer_adjusts_reads_and_confirms_on_the_page(cast, machine, now, ranked, client):
    _call, (first, second, third) = ranked(3)
    fund(machine, 2 * HOURS, cast, now)
    client.force_login(cast.officer)
    page = client.get(ADDRESS)
    assert [row.gets and row.gets.gpu_seconds for row in page.context["found"].rows] == [HOURS, HOURS, None]
    assert f"It would displace {second} on {machine}." in page.content.decode()
    fix = {code: f"fix_{pk}" for code, pk in Application.objects.values_list("code", "pk")}
    fixed = {fix[second]: "0", "note": "Balance.", "again": "1"}
    page = client.post(ADDRESS, fixed)
    assert [bool(row.gets) for row in page.context["found"].rows] == [True, False, True]
    assert "You left it out of this round." in page.content.decode()
    shown = client.post(ADDRESS, {**fixed, "confirm": "1"})
    assert [row.code for row in shown.context["rows"]] == [first, third]
    assert not Offer.objects.exists()
    done = client.post(ADDRESS, {"chosen": shown.context["chosen"], "note": "Balance.", "award": "1"})
    assert [one.chosen.code for one, _title, _offer in done.context["done"]] == [first, third]
    assert "60,000 GPU-hours offered" in done.content.decode()
    assert client.post(ADDRESS, {"chosen": "x", "award": "1"}).context["form"].errors.keys() == {"chosen"}
    assert client.get("/desk/?state=ranked").content.decode().count(ADDRESS) == 1


def test_what_one_had_a_part_in_is_kept_for_a_colleague_and_an_interest_tells_no_more_than_the_code(
    cast, machine, now, ranked, client
):
    call, (first, _second) = ranked(2)
    fund(machine, HOURS, cast, now)
    colleague = make_person("oscar", now, Role.OFFICER)
    cast.startup.members.create(person=colleague, joined_at=now)
    found = proposed_of(known_of(colleague, call.slug, now), now)
    assert [(row.is_hidden, row.can_confirm) for row in found.rows] == [(True, False), (True, False)]
    client.force_login(colleague)
    page = client.get(ADDRESS).content.decode()
    assert first in page and "No 0" not in page and "To the confirmation" not in page
    assert "of 2 ranked" in page and "Equal points" not in page
    assert ("Sums are left out" in page, "Hours proposed" in page, "Stays free" in page) == (True, False, False)
    (limit,) = client.get(f"/api/calls/{call.slug}/proposal").json()["limits"]
    assert (limit["free_gpu_seconds"], limit["left_gpu_seconds"]) == (HOURS, None)


def test_nobody_ranked_leads_to_the_panel(cast, machine, now, client):
    large_call(machine, now)
    client.force_login(cast.officer)
    assert 'href="/panel/large-scale/"' in client.get(ADDRESS).content.decode().split("Nothing is ranked yet")[1]


def test_the_page_needs_the_same_statements_for_one_and_for_three(cast, machine, now, ranked):
    call, codes = ranked(3)

    def statements():
        with CaptureQueriesContext(connection) as counted:
            assert len(proposed_of(known_of(Person.objects.get(pk=cast.officer.pk), call.slug, now), now).rows) == len(
                codes
            )
        return len(counted)

    many = statements()
    Application.objects.filter(code__in=[codes.pop(), codes.pop()]).update(state="assessed")
    assert statements() == many


def test_a_program_reads_the_proposal_and_confirms_some_of_it(cast, machine, now, ranked, client):
    call, (first, second) = ranked(2)
    fund(machine, HOURS, cast, now)
    client.force_login(cast.officer)
    address = f"/api/calls/{call.slug}/proposal"
    found = client.get(address).json()
    assert [(one["code"], one["gpu_seconds"], one["can_confirm"]) for one in found["applications"]] == [
        (first, HOURS, True), (second, 0, False),
    ]  # fmt: skip
    assert found["limits"] == [
        {"machine": machine.slug, "name": "", "is_cap": False, "free_gpu_seconds": HOURS, "left_gpu_seconds": 0},
    ]  # fmt: skip
    body = {"awards": [{"code": code, "call": call.slug, "gpu_seconds": HOURS} for code in (first, second)]}
    told = client.post(address, body, content_type="application/json").json()
    assert [(one["code"], one["outcome"]) for one in told] == [(first, "offered"), (second, "open")]
    client.force_login(cast.assessor)
    assert (
        client.get(address).status_code,
        client.post(address, body, content_type="application/json").status_code,
    ) == (403, 403)
