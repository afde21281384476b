"""Pages of models, as a visitor, a member and the principal investigator see them."""

import json
from hashlib import sha256

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from fabrica.kit.signing import public_pem
from fabrica.registry import services
from fabrica.registry.models import ModelVersion
from fabrica.registry.tests.conftest import published, reviewed, succeed, work


@pytest.fixture
def page(version):
    return version.page


@pytest.fixture
def public(version, cast, now):
    return published(version, cast, now)


def as_person(client, person):
    client.force_login(person)
    return client


def body(response):
    return b"".join(response.streaming_content) if response.streaming else response.content


def test_without_models_the_list_says_so(client, db):
    response = client.get("/models/")
    assert (response.status_code, response.context["published"], response.context["inside"]) == (200, [], [])


def test_a_visitor_sees_only_what_is_published(client, version, cast, now):
    assert client.get("/models/").context["published"] == []
    assert client.get(version.page).status_code == 404
    published(version, cast, now)
    assert len(client.get("/models/").context["published"]) == 1
    assert client.get(version.page).status_code == 200


def test_a_member_sees_what_the_project_registered_and_an_outsider_does_not(client, version, cast):
    assert len(as_person(client, cast.mate).get("/models/").context["inside"]) == 1
    assert client.get(version.page).status_code == 200
    assert as_person(client, cast.outsider).get("/models/").context["inside"] == []
    assert client.get(version.page).status_code == 404


def test_a_run_leads_its_members_to_the_model_that_was_made_of_it(client, version, cast):
    address = f"/runs/{version.run.uid}/model/"
    led = as_person(client, cast.mate).get(address)
    assert (led.status_code, led.url) == (302, version.page)
    assert client.get("/runs/none/model/").status_code == 404
    assert as_person(client, cast.outsider).get(address).status_code == 404


def test_the_page_shows_figures_origin_and_files(client, public):
    context = client.get(public.page).context
    assert [(str(what), value, str(outcome)) for what, value, outcome, _tone in context["evaluation"]] == [
        ("The same model, untrained", "8.010", "won"),
        ("Byte bigrams of the same training text", "3.400", "won"),
        ("xz -9 on the same bytes", "2.100", "lost"),
    ]
    origin = {str(name): str(value) for name, value in context["provenance"]}
    assert list(origin) == [
        "Application",
        "Award",
        "Project",
        "Data",
        "Recipe",
        "Code",
        "Commit",
        "Run",
        "Attempts",
        "Machine",
    ]
    assert (origin["Recipe"], origin["Machine"], origin["Run"]) == ("tiny", "Machine One", public.run.uid)
    assert len(context["file_rows"]) == 10


def test_a_commands_page_says_it_was_not_measured(client, site, cast, now):
    run = succeed(site, now, {"a": b"b"}, recipe=None, command=["a", "<b>"], stagings=[], time_limit_seconds=60)
    work(now)
    version = ModelVersion.objects.get(run=run)
    response = as_person(client, cast.mate).get(version.page)
    assert (response.status_code, response.context["evaluation"]) == (200, [])
    assert as_person(client, cast.mate).get("/models/").context["inside"][0][3] == "not measured"


def test_the_models_address_leads_to_its_newest_version(client, public):
    response = client.get(f"/models/{public.model.slug}/")
    assert (response.status_code, response.url) == (302, public.page)
    assert client.get("/models/nothing/").status_code == 404


def test_the_principal_investigator_publishes_and_withdraws(client, version, cast, now):
    reviewed(version, cast, now)
    as_person(client, cast.applicant)
    assert client.post(f"{version.page}publish/").url == version.page
    version.refresh_from_db()
    assert version.state == "published"
    client.post(f"{version.page}withdraw/", {"reason": "", "is_meant": "yes"})
    version.refresh_from_db()
    assert version.state == "published"
    client.post(f"{version.page}withdraw/", {"reason": "Wrong data."})
    version.refresh_from_db()
    assert version.state == "published"  # not meant yet
    client.post(f"{version.page}withdraw/", {"reason": "Wrong data.", "is_meant": "yes"})
    version.refresh_from_db()
    assert (version.state, version.withdrawn_because) == ("withdrawn", "Wrong data.")


@pytest.mark.parametrize("verb", ["publish", "withdraw"])
def test_others_cannot(client, public, cast, verb):
    assert client.post(f"{public.page}{verb}/", {"reason": "x", "is_meant": "yes"}).status_code == 302  # to the sign-in
    as_person(client, cast.mate).post(f"{public.page}{verb}/", {"reason": "x", "is_meant": "yes"})
    public.refresh_from_db()
    assert public.state == "published"
    assert client.get(f"{public.page}{verb}/").status_code == 405


@pytest.mark.parametrize(("name", "sees"), [("applicant", True), ("mate", False), ("officer", False)])
def test_only_the_principal_investigator_is_offered_the_decision(client, version, cast, name, sees):
    assert as_person(client, getattr(cast, name)).get(version.page).context["can_decide"] is sees


def test_a_withdrawn_models_page_stays_and_its_files_do_not(client, public, cast, now):
    services.withdraw(version=public, reason="Wrong data.", by=cast.applicant, now=now)
    assert client.get(public.page).context["version"].withdrawn_because == "Wrong data."
    assert client.get(f"{public.page}files/card.md").status_code == 404


def test_every_listed_file_is_downloaded_as_it_was_signed(client, public):
    listed = json.loads(body(client.get(f"{public.page}files/manifest.json")))["files"]
    for one in listed:
        response = client.get(f"{public.page}files/{one['path']}")
        data = body(response)
        assert (len(data), sha256(data).hexdigest()) == (one["size_bytes"], one["sha256"])
        assert response["Content-Disposition"].startswith("attachment")
        assert response["Content-Type"] == "application/octet-stream"


def test_a_broken_download_goes_on_where_it_stopped(client, public):
    address = f"{public.page}files/model.safetensors"
    whole = body(client.get(address))
    rest = client.get(address, headers={"range": "bytes=3-"})
    assert (rest.status_code, rest["Content-Range"], rest["Content-Length"]) == (206, "bytes 3-8/9", "6")
    assert body(rest) == whole[3:]
    assert rest["Content-Disposition"] == 'attachment; filename="model.safetensors"'
    beyond = client.get(address, headers={"range": "bytes=9-"})
    assert (beyond.status_code, beyond["Content-Range"]) == (416, "bytes */9")


@pytest.mark.parametrize("path", ["../../../keys/site.pem", "%2e%2e/%2e%2e/keys/site.pem", "nothing.txt", "nested"])
def test_other_files_are_not_given_out(client, public, path):
    assert client.get(f"{public.page}files/{path}").status_code == 404


def test_the_keys_are_public(client, public, key):
    response = client.get("/keys/")
    assert [one.fingerprint for one in response.context["keys"]] == [public.key_fingerprint]
    digits = public.key_fingerprint.removeprefix("sha256:")
    assert client.get(f"/keys/{digits}.pub").content.decode() == public_pem(key.public_key())
    assert client.get("/keys/abc.pub").status_code == 404
    assert json.loads(client.get("/keys/revoked-keys.json").content) == {"format": "fabrica-revoked-keys-1", "keys": []}


def test_the_pages_ask_the_database_the_same_for_two_models_and_for_five(
    client, public, site, cast, now, django_assert_num_queries
):
    as_person(client, cast.applicant)
    client.get("/models/")

    def count():
        with CaptureQueriesContext(connection) as asked:
            client.get("/models/")
        return len(asked)

    succeed(site, now)
    work(now)
    two = count()  # one published, one inside
    for _ in range(3):
        succeed(site, now)
    work(now)
    assert count() == two
