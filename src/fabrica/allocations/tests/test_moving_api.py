"""Moving hours, releasing and withholding phases, and the director's reserve over HTTP: who may, and what is refused."""

from datetime import timedelta

import pytest
from fabrica.allocations import services
from fabrica.allocations.services import Later
from fabrica.allocations.tests.factories import awarded
from fabrica.allocations.tests.test_api import api  # noqa: F401 - a fixture
from fabrica.allocations.tests.years import HOUR, cap, parted
from fabrica.kit.time import utcnow
from fabrica.reviews.tests.factories import assessed

STRANGERS = [("applicant", 403), ("operator", 200), ("mate", 404), ("outsider", 404)]


@pytest.fixture
def now():
    return utcnow()  # the API asks the real clock


@pytest.fixture
def pool(cast, machine, now):
    parted(cast, machine, now, caps=[cap("small", 50, modes=["playground"])], programme_caps=False)
    return machine


@pytest.fixture
def slugs(cast, call, pool, now):
    """Two projects with six and four hours."""
    return [awarded(cast, call, now, size * HOUR).project.slug for size in (6, 4)]


@pytest.fixture
def phased(cast, call, pool, now):
    """One hour at once, two in ten days, three when an officer releases them."""
    later = (Later(2 * HOUR, now + timedelta(days=10)), Later(3 * HOUR))
    application = assessed(cast, call, now, gpu_seconds_requested=6 * HOUR)
    made = services.award(
        application=application, gpu_seconds=6 * HOUR, months=1, by=cast.officer, now=now, phases=later
    )
    return f"/projects/{made.project.slug}/phases/3"


def body(to, **changes):
    return {"to": to, "gpu_seconds": HOUR, "key": "a", "reason": "It ends early.", **changes}


def test_an_officer_moves_hours_once_per_key(slugs, api):  # noqa: F811
    giving, receiving = slugs
    for _ in range(2):
        status, told = api("officer", "post", f"/projects/{giving}/move", body(receiving))
        assert (status, told["project"], told["balance"]["free"]) == (200, giving, 5 * HOUR)
    assert api("officer", "get", f"/projects/{receiving}/award")[1]["balance"]["free"] == 5 * HOUR
    assert api("officer", "post", f"/projects/{giving}/move", body(receiving, gpu_seconds=2 * HOUR))[0] == 409


@pytest.mark.parametrize(("who", "status"), STRANGERS)
def test_who_else_moves_hours(slugs, api, who, status):  # noqa: F811
    assert api(who, "post", f"/projects/{slugs[0]}/move", body(slugs[1]))[0] == status


@pytest.mark.parametrize(
    ("changes", "status"),
    [({"gpu_seconds": 0}, 422), ({"reason": ""}, 422), ({"key": ""}, 422), ({"to": "nobody"}, 404),
     ({"gpu_seconds": 7 * HOUR}, 409)],
)  # fmt: skip
def test_a_move_that_makes_no_sense_is_refused(slugs, api, changes, status):  # noqa: F811
    assert api("officer", "post", f"/projects/{slugs[0]}/move", {**body(slugs[1]), **changes})[0] == status
    assert api("officer", "get", f"/projects/{slugs[0]}/award")[1]["balance"]["free"] == 6 * HOUR


def test_an_officer_releases_a_phase_and_withholds_none_that_is_released(phased, api):  # noqa: F811
    for _ in range(2):
        status, told = api("officer", "post", f"{phased}/release", {})
        assert (status, told["balance"]["free"], told["balance"]["promised"]) == (200, 4 * HOUR, 2 * HOUR)
    assert api("officer", "post", f"{phased}/drop", {"reason": "Too late."})[0] == 409
    assert api("officer", "post", f"{phased[:-1]}9/release", {})[0] == 404


def test_an_officer_withholds_a_phase_with_a_reason_and_it_is_not_released(phased, api):  # noqa: F811
    assert api("officer", "post", f"{phased}/drop", {"reason": ""})[0] == 422
    status, told = api("officer", "post", f"{phased}/drop", {"reason": "The report is late."})
    assert (status, told["balance"]["promised"], told["phases"][1]["dropped_at"] is not None) == (200, 2 * HOUR, True)
    assert api("officer", "post", f"{phased}/release", {})[0] == 409


@pytest.mark.parametrize(("who", "status"), STRANGERS)
def test_who_else_decides_on_a_phase(phased, api, who, status):  # noqa: F811
    assert api(who, "post", f"{phased}/release", {"reason": "Now."})[0] == status


def test_the_directors_reserve_is_given_by_who_is_named_for_it_alone(slugs, api, settings, cast):  # noqa: F811
    path = f"/projects/{slugs[0]}/top-up"
    asked = {"gpu_seconds": HOUR, "key": "r", "reason": "The board asked.", "from_reserve": True}
    assert api("officer", "post", path, asked)[0] == 403
    settings.FABRICA_RESERVE_OFFICERS = [cast.officer.email]
    assert api("officer", "post", path, {**asked, "reason": ""})[0] == 409
    status, told = api("officer", "post", path, asked)
    assert (status, told["balance"]["free"]) == (200, 7 * HOUR)


def test_an_award_of_the_directors_reserve_needs_a_note_and_its_officer(cast, call, pool, now, api, settings):  # noqa: F811
    path = f"/applications/{assessed(cast, call, now, gpu_seconds_requested=HOUR).code}/award"
    asked = {"gpu_seconds": HOUR, "months": 1, "from_reserve": True}
    assert api("officer", "post", path, {**asked, "note": "A gift."})[0] == 403
    settings.FABRICA_RESERVE_OFFICERS = [cast.officer.email]
    assert api("officer", "post", path, asked)[0] == 409
    assert api("officer", "post", path, {**asked, "note": "A gift."})[0] == 201
