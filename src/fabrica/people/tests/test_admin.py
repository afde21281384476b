"""The operators' administration of people: to look at, and to lock out."""

import pytest
from fabrica.audit.models import Entry
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.people import services
from fabrica.people.models import Person


@pytest.fixture
def operator(cast, client):
    Person.objects.filter(pk=cast.operator.pk).update(is_staff=True, is_superuser=True)
    client.force_login(cast.operator, "allauth.account.auth_backends.AuthenticationBackend")
    return client


def run(client, action, person):
    path = "/admin/people/person/"
    return client.post(path, {"action": action, "_selected_action": [person.pk]}, follow=True)


def test_an_operator_locks_a_person_out_and_lets_them_in_again(operator, cast):
    for action, active in (("lock_out", False), ("let_in", True)):
        assert run(operator, action, cast.outsider).status_code == 200
        cast.outsider.refresh_from_db()
        assert cast.outsider.is_active is active
    told = Entry.objects.filter(verb="person.set_active", subject=f"person:{cast.outsider.uid}")
    assert [entry.facts for entry in told] == [{"active": False}, {"active": True}]


def test_nobody_locks_themselves_out(operator, cast):
    answer = run(operator, "lock_out", cast.operator)
    assert "You cannot lock yourself out." in answer.content.decode()
    with pytest.raises(Refused):
        services.set_active(uid=cast.operator.uid, active=False, by=cast.operator, now=cast.operator.joined_at)


def test_others_lock_nobody_out(cast, now):
    with pytest.raises(NotAllowed):
        services.set_active(uid=cast.outsider.uid, active=False, by=cast.officer, now=now)


@pytest.mark.parametrize("path", ["auth/group/", "account/emailaddress/", "mfa/authenticator/"])
def test_what_would_leave_no_audit_entry_is_not_offered(operator, path):
    assert operator.get(f"/admin/{path}").status_code == 404


def test_a_person_is_not_edited_there(operator, cast):
    answer = operator.post(f"/admin/people/person/{cast.outsider.pk}/change/", {"email": "x@example.org"})
    assert answer.status_code == 403


def test_the_api_does_the_same(cast, client, now):
    token, secret = services.create_token(name="t", scopes=["decide"], days=9, by=cast.operator, now=now)
    token.expires_at = token.expires_at.replace(year=2100)
    token.save()
    ask = {"content_type": "application/json", "headers": {"Authorization": f"Bearer {secret}"}}
    assert client.post(f"/api/people/{cast.outsider.uid}/active", {"active": False}, **ask).status_code == 204
    cast.outsider.refresh_from_db()
    assert cast.outsider.is_active is False
    assert client.post("/api/people/nobody/active", {"active": False}, **ask).status_code == 404
    assert client.post(f"/api/people/{cast.operator.uid}/active", {"active": False}, **ask).status_code == 409
    assert client.post(f"/api/people/{cast.outsider.uid}/active", {}, **ask).status_code == 422
