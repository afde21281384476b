"""The page of one's notices and letters."""

import pytest
from fabrica.notices import queries
from fabrica.notices.models import Notice
from fabrica.notices.states import Rhythm

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture
def ada(client, cast):
    client.force_login(cast.applicant, BACKEND)
    return client


def notices(person, count, now):
    for number in range(count):
        Notice.objects.create(
            person=person, kind="x", event=str(number), subject=f"Notice {number}", body="It <b>is</b>.",
            path="/calls/", created_at=now, next_try_at=now,
        )  # fmt: skip


def test_the_page_shows_all_a_piece_at_a_time_with_as_many_statements(
    ada, cast, now, django_assert_max_num_queries, django_assert_num_queries
):
    notices(cast.applicant, 30, now)
    notices(cast.mate, 1, now)
    with django_assert_max_num_queries(12) as first:
        page = ada.get("/notices/").content.decode()
    assert [f"Notice {number} " in page for number in (29, 5, 4)] == [True, True, False]
    assert "It &lt;b&gt;is&lt;/b&gt;." in page
    cursor = Notice.objects.get(person=cast.applicant, event="5").pk
    with django_assert_num_queries(len(first)):
        rest = ada.get(f"/notices/?cursor={cursor}").content.decode()
    assert [f"Notice {number} " in rest for number in (5, 4, 0)] == [False, True, True]


def test_who_has_none_is_told_what_will_stand_here(ada):
    assert "No notices yet" in ada.get("/notices/").content.decode()


def test_a_rhythm_is_chosen_on_the_page_and_nonsense_is_told_beside_the_field(ada, cast):
    assert ada.post("/notices/", {"rhythm": "weekly"}).status_code == 302
    assert queries.rhythm_of(cast.applicant) is Rhythm.WEEKLY
    page = ada.post("/notices/", {"rhythm": "hourly"})
    assert (page.status_code, "hourly" in page.content.decode()) == (200, True)
    assert queries.rhythm_of(cast.applicant) is Rhythm.WEEKLY
