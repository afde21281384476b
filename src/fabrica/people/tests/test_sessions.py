"""Sessions: seen by their person, ended one by one or all, and with the identity they were begun with."""

from datetime import timedelta

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.sessions.models import Session
from django.test import Client
from fabrica.audit.models import Entry
from fabrica.audit.queries import about
from fabrica.conftest import PASSWORD
from fabrica.kit.errors import NotAllowed
from fabrica.notices.models import Notice
from fabrica.people import services, tasks
from fabrica.people.engine.devices import device_of
from fabrica.people.models import Identity, OpenSession
from fabrica.people.tests.signing_in import come_back, is_in, sign_in_here, there  # noqa: F401 - fixture

pytestmark = pytest.mark.django_db
METHODS = "/account/sign-in-methods/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"


def shown(client):
    """What the page says of each session: way, device."""
    return [(one.provider_name, one.device) for one in client.get(METHODS).context["sessions"]]


def test_a_person_sees_when_which_way_and_roughly_with_what_they_are_signed_in(there, cast):
    here, elsewhere = Client(headers={"user-agent": FIREFOX}), Client()
    sign_in_here(cast.applicant, here)
    come_back(here, there, path=f"{METHODS}link/campus/")
    come_back(elsewhere, there)
    sign_in_here(cast.outsider)
    assert shown(here) == [("Campus", ""), ("", "Firefox, Linux")]
    assert "145" not in here.get(METHODS).content.decode()


def test_one_session_is_ended_and_the_others_go_on(cast):
    lost, kept = sign_in_here(cast.applicant), sign_in_here(cast.applicant)
    uid = OpenSession.objects.order_by("pk").first().uid
    assert kept.post(f"{METHODS}sessions/{uid}/end/")["Location"] == METHODS
    assert (is_in(lost), is_in(kept), len(shown(kept))) == (False, True, 1)
    assert [one.verb for one in about(f"person:{cast.applicant.uid}")][-1] == "session.end"


def test_nobody_ends_the_session_of_another_by_name_or_forgery(cast):
    victim, attacker = sign_in_here(cast.applicant), sign_in_here(cast.outsider)
    uid = OpenSession.objects.get(person=cast.applicant).uid
    assert attacker.post(f"{METHODS}sessions/{uid}/end/").status_code == 404
    assert attacker.post(f"/people/{cast.applicant.uid}/sessions/end/", {"cause": "incident"}).status_code == 403
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(cast.applicant)
    for path in (f"{METHODS}sessions/{uid}/end/", f"{METHODS}sessions/end/", "/account/sign-out/elsewhere/"):
        assert (careful.post(path).status_code, careful.get(path).status_code) == (403, 405), path
    assert is_in(victim)


def test_ending_all_others_ends_also_those_that_nobody_knows_of(cast):
    unknown, lost, kept = Client(), sign_in_here(cast.applicant), sign_in_here(cast.applicant)
    unknown.force_login(cast.applicant, "allauth.account.auth_backends.AuthenticationBackend")
    kept.post(f"{METHODS}sessions/end/")
    assert (is_in(unknown), is_in(lost), is_in(kept)) == (False, False, True)
    again = sign_in_here(cast.applicant)
    assert (is_in(again), is_in(kept), len(shown(kept))) == (True, True, 2)


@pytest.mark.parametrize("who", ["officer", "operator"])
def test_after_an_incident_an_officer_ends_every_session_of_a_person(cast, who):
    victim, unknown, keeper = sign_in_here(cast.applicant), Client(), sign_in_here(getattr(cast, who))
    unknown.force_login(cast.applicant, "allauth.account.auth_backends.AuthenticationBackend")
    path = f"/people/{cast.applicant.uid}/sessions/end/"
    assert keeper.post(path, {"cause": "because I say so"}).status_code == 409
    assert is_in(victim)
    assert keeper.post(path, {"cause": "incident"})["Location"] == f"/people/{cast.applicant.uid}/identities/"
    assert (is_in(victim), is_in(unknown), is_in(keeper)) == (False, False, True)
    entry = Entry.objects.get(verb="session.end_all")
    assert (entry.subject, entry.facts) == (f"person:{cast.applicant.uid}", {"sessions": 1, "cause": "incident"})
    assert [one.kind for one in Notice.objects.filter(person=cast.applicant)] == ["sessions_ended"]
    assert is_in(sign_in_here(cast.applicant))


@pytest.mark.parametrize("who", ["assessor", "mate"])
def test_others_end_nobody_s_sessions(cast, now, who):
    with pytest.raises(NotAllowed):
        services.end_sessions(uid=cast.applicant.uid, cause="incident", by=getattr(cast, who), now=now)


def test_unlinking_an_identity_ends_what_was_begun_with_it_and_nothing_else(there, cast):
    here, elsewhere = sign_in_here(cast.applicant), Client()
    come_back(here, there, path=f"{METHODS}link/campus/")
    come_back(elsewhere, there)
    here.post(f"{METHODS}{Identity.objects.get().pk}/unlink/")
    assert (is_in(elsewhere), is_in(here)) == (False, True)


def test_who_unlinks_the_identity_they_came_with_is_signed_out(there, cast):
    client = Client()
    come_back(sign_in_here(cast.applicant), there, path=f"{METHODS}link/campus/")
    come_back(client, there)
    answer = client.post(f"{METHODS}{Identity.objects.get().pk}/unlink/", follow=True)
    assert (answer.status_code, answer.redirect_chain[-1][0]) == (200, "/accounts/login/")
    assert (is_in(client), SocialAccount.objects.exists()) == (False, False)


def test_a_session_is_followed_to_its_new_name_and_can_be_ended_there(cast):
    client, other = sign_in_here(cast.applicant), sign_in_here(cast.applicant)
    before = client.session.session_key
    new = {"oldpassword": PASSWORD, "password1": "battery staple horse", "password2": "battery staple horse"}
    client.post("/accounts/password/change/", new)
    assert client.session.session_key != before
    assert (is_in(client), is_in(other)) == (True, False)
    row = OpenSession.objects.get(session_key=client.session.session_key)
    services.end_sessions(uid=cast.applicant.uid, cause="lost", by=cast.officer, now=row.begun_at)
    assert is_in(client) is False


def test_a_session_that_was_ended_while_it_got_a_new_name_is_ended(cast):
    client = sign_in_here(cast.applicant)
    OpenSession.objects.all().delete()
    new = {"oldpassword": PASSWORD, "password1": "battery staple horse", "password2": "battery staple horse"}
    client.post("/accounts/password/change/", new)
    assert is_in(client) is False


def test_a_sign_out_leaves_no_session_behind(cast):
    client = sign_in_here(cast.applicant)
    client.post("/accounts/logout/")
    assert (OpenSession.objects.count(), Session.objects.exclude(session_key=client.session.session_key).count()) == (
        0,
        0,
    )


def test_who_opens_too_many_sessions_ends_the_oldest(cast, monkeypatch):
    monkeypatch.setattr("fabrica.people.services.sessions.MOST_SESSIONS", 2)
    clients = [sign_in_here(cast.applicant) for _ in range(3)]
    assert [is_in(one) for one in clients] == [False, True, True]


def test_an_upgrade_signs_nobody_out(cast):
    plain = AbstractBaseUser._get_session_auth_hash(cast.applicant)
    assert cast.applicant.get_session_auth_hash() == plain
    cast.applicant.sessions_ended = 1
    assert plain != cast.applicant.get_session_auth_hash()


@pytest.mark.parametrize(
    ("said", "device"),
    [
        (FIREFOX, "Firefox, Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/142.0 Safari/537.36 Edg/142.0", "Edge, Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1", "Safari, iPhone"),
        ("x" * 100_000 + "Firefox/1", ""),
        ("<script>", ""),
    ],
)  # fmt: skip
def test_a_device_is_told_roughly(said, device):
    assert device_of(said) == device


def test_what_ended_by_itself_is_not_kept(cast, now):
    lost, _kept = sign_in_here(cast.applicant), sign_in_here(cast.mate)
    Session.objects.filter(pk=lost.session.session_key).update(expire_date=now - timedelta(seconds=1))
    Session.objects.exclude(pk=lost.session.session_key).update(expire_date=now + timedelta(hours=1))
    assert (tasks.forget_ended(now), tasks.forget_ended(now)) == (True, False)
    assert [Session.objects.count(), *OpenSession.objects.values_list("person", flat=True)] == [1, cast.mate.pk]
