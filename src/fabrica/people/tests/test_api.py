import json

import pytest
from django.test import Client
from fabrica.kit.paging import PAGE_SIZE
from fabrica.kit.time import utcnow
from fabrica.people.models import Member, Person, Token
from fabrica.people.services import create_token
from fabrica.people.states import Scope

pytestmark = pytest.mark.django_db


@pytest.fixture
def ask():
    def ask(person, method, path, body=None, scopes=Scope.values):
        _, secret = create_token(name="t", scopes=scopes, by=person, now=utcnow())
        client = Client(headers={"authorization": f"Bearer {secret}"})
        return client.generic(method, f"/api{path}", json.dumps(body), content_type="application/json")

    return ask


def test_me(cast, ask):
    assert ask(cast.officer, "GET", "/me", scopes=["apply"]).json() == {
        "uid": cast.officer.uid, "email": "olga@example.org", "name": "Olga", "language": "en", "roles": ["officer"],
        "terms_accepted": True, "scopes": ["apply", "read"], "organisations": [],
    }  # fmt: skip


def test_my_organisations_are_in_me(cast, ask):
    assert ask(cast.mate, "GET", "/me").json()["organisations"] == [
        {"uid": cast.startup.uid, "name": "Novalis Labs", "country": "FR", "kind": "startup"}
    ]


def test_an_organisation_is_registered(cast, ask):
    wish = {"name": "Alba", "country": "ES", "kind": "sme", "registration_number": "ES 1"}
    answer = ask(cast.outsider, "POST", "/organisations", wish)
    assert (answer.status_code, answer.json()["name"]) == (201, "Alba")
    again = ask(cast.applicant, "POST", "/organisations", wish)
    assert (again.status_code, again.json()["todo"]) == (409, "Ask its administrator to add you.")


def test_a_malformed_body_names_each_field(cast, ask):
    answer = ask(cast.outsider, "POST", "/organisations", {"name": "x" * 161, "country": "ES", "kind": "sme"})
    assert answer.status_code == 422
    assert [one["path"] for one in answer.json()["fields"]] == ["body.name", "body.registration_number"]


def test_members_are_listed_and_added(cast, ask):
    path = f"/organisations/{cast.startup.uid}/members"
    added = ask(cast.applicant, "POST", path, {"email": cast.outsider.email})
    assert (added.status_code, added.json()) == (201, {"uid": cast.outsider.uid, "name": "Otto", "role": "member"})
    assert [one["name"] for one in ask(cast.mate, "GET", path).json()["rows"]] == ["Ada", "Max", "Otto"]
    assert ask(cast.mate, "POST", path, {"email": cast.provider.email}).status_code == 403
    assert ask(cast.provider, "GET", path).status_code == 404


def test_many_members_are_listed_by_cursor(cast, ask, now):
    crowd = Person.objects.bulk_create(Person(uid=f"{n:032x}", email=f"{n}@example.org") for n in range(PAGE_SIZE))
    Member.objects.bulk_create(
        Member(organisation=cast.startup, person=one, role="member", joined_at=now) for one in crowd
    )
    path = f"/organisations/{cast.startup.uid}/members"
    first = ask(cast.mate, "GET", path).json()
    second = ask(cast.mate, "GET", f"{path}?cursor={first['next_cursor']}").json()
    told = [one["uid"] for one in (*first["rows"], *second["rows"])]
    assert (len(first["rows"]), len(second["rows"]), second["next_cursor"]) == (PAGE_SIZE, 2, "")
    assert told == list(cast.startup.members.order_by("joined_at", "pk").values_list("person__uid", flat=True))


def test_a_token_is_made_listed_and_revoked(cast, ask):
    made = ask(cast.applicant, "POST", "/tokens", {"name": "laptop", "scopes": ["train"], "days": 3})
    assert made.status_code == 201
    token = made.json()["token"]
    rows = ask(cast.applicant, "GET", "/tokens").json()
    assert next(row for row in rows if row["id"] == token["id"]) == token
    assert made.json()["secret"] not in json.dumps(rows)
    assert ask(cast.mate, "DELETE", f"/tokens/{token['id']}").status_code == 404
    assert ask(cast.applicant, "DELETE", f"/tokens/{token['id']}").status_code == 204
    assert Token.objects.get(pk=token["id"]).revoked_at is not None


def test_a_session_may_do_everything(cast):
    client = Client()
    client.force_login(cast.applicant)
    assert client.get("/api/me").json()["scopes"] == sorted(Scope.values)
