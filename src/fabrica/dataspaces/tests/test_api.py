"""The API, from a description to a staged copy."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from fabrica.dataspaces import tasks
from fabrica.dataspaces.models import Dataset
from fabrica.dataspaces.tests.factories import VALUES, draft, project, published, zipped
from fabrica.kit.time import utcnow
from fabrica.people import services as people


@pytest.fixture
def now():
    """The API asks the clock itself, so its scene is set today."""
    return utcnow()


class Caller:
    """A program with a token."""

    def __init__(self, person, now, *scopes):
        _, secret = people.create_token(name="t", scopes=["read", *scopes], days=9, by=person, now=now)
        self.client, self.headers = Client(), {"Authorization": f"Bearer {secret}"}

    def get(self, path, **query):
        return self.client.get(f"/api{path}", query, headers=self.headers)

    def post(self, path, body=None):
        return self.client.post(f"/api{path}", body, content_type="application/json", headers=self.headers)

    def upload(self, path, files, **fields):
        sent = [SimpleUploadedFile(name, data) for name, data in files.items()]
        return self.client.post(f"/api{path}", {"files": sent, **fields}, headers=self.headers)


@pytest.fixture
def provider(cast, now):
    return Caller(cast.provider, now, "publish")


@pytest.fixture
def applicant(cast, now):
    return Caller(cast.applicant, now, "train")


def test_from_a_description_to_a_published_version(cast, provider):
    made = provider.post("/datasets", {**VALUES, "organisation": cast.hospital.uid, "slug": "letters"})
    assert (made.status_code, made.json()["slug"], made.json()["versions"]) == (201, "letters", [])
    assert provider.post("/datasets/letters/versions").json()["uri"] == "fabrica:letters@1"
    assert (
        provider.upload("/datasets/letters/versions/1/files", {"a.txt": b"one", "b.csv": b"two"}).json()["file_count"]
        == 2
    )
    assert (
        provider.upload("/datasets/letters/versions/1/files", {"z.zip": zipped({"c/d.md": b"3"})}).json()["file_count"]
        == 3
    )
    assert provider.post("/datasets/letters/versions/1/publish", {"revision": 1}).status_code == 409
    told = provider.post("/datasets/letters/versions/1/publish", {"revision": 2}).json()
    assert (told["state"], len(told["sha256"])) == ("published", 64)
    files = provider.get("/datasets/letters/versions/1/files").json()
    assert [one["path"] for one in files] == ["a.txt", "b.csv", "c/d.md"]
    rows = provider.get("/datasets", q="harbour").json()["rows"]
    assert [(one["slug"], one["newest_uri"]) for one in rows] == [("letters", "fabrica:letters@1")]


def test_from_the_terms_to_a_staged_copy_and_the_providers_list(cast, now, provider, applicant):
    version, where = published(cast, now), project(cast, now)
    body = {"uri": version.uri}
    assert applicant.post(f"/projects/{where.slug}/stagings", body).status_code == 409
    old = applicant.post(f"/projects/{where.slug}/agreements", {**body, "terms_sha256": "0" * 64})
    assert (old.status_code, old.json()["what"]) == (409, "The provider changed the terms since you read them.")
    agreed = applicant.post(
        f"/projects/{where.slug}/agreements", {**body, "terms_sha256": version.dataset.terms.sha256}
    )
    assert (agreed.status_code, agreed.json()["terms_sha256"]) == (201, version.dataset.terms.sha256)
    made = applicant.post(f"/projects/{where.slug}/stagings", body)
    assert (made.status_code, made.json()["state"]) == (201, "waiting")
    tasks.stage(now)
    told = applicant.get(f"/projects/{where.slug}/stagings/{made.json()['id']}").json()
    assert (told["state"], told["bytes_done"], told["sha256"]) == ("staged", version.size_bytes, version.sha256)
    assert [one["uri"] for one in applicant.get(f"/projects/{where.slug}/stagings").json()["rows"]] == [version.uri]
    (use,) = provider.get(f"/datasets/{version.dataset.slug}/usage").json()["rows"]
    assert (use["project"], use["organisation"], use["purpose"]) == (
        "Novalis reads",
        "Novalis Labs",
        "To read old letters.",
    )
    assert applicant.get(f"/datasets/{version.dataset.slug}/usage").status_code == 404


def test_changed_bytes_are_told_with_both_hashes_and_can_be_tried_again(cast, now, applicant):
    version, where = published(cast, now), project(cast, now)
    applicant.post(f"/projects/{where.slug}/agreements", {"uri": version.uri})
    made = applicant.post(f"/projects/{where.slug}/stagings", {"uri": version.uri}).json()
    victim = version.path / "two.csv"
    victim.chmod(0o644), victim.write_bytes(b"a,b\n1,3\n")
    tasks.stage(now)
    told = applicant.get(f"/projects/{where.slug}/stagings/{made['id']}").json()
    assert (told["state"], sorted(told["error_facts"])) == ("refused", ["expected", "found", "path"])
    again = applicant.post(f"/projects/{where.slug}/stagings/{made['id']}/retry")
    assert (again.status_code, again.json()["state"]) == (200, "waiting")


def test_own_data_comes_as_files_and_is_nobody_elses(cast, now, applicant, provider):
    where = project(cast, now)
    path = f"/projects/{where.slug}/own-data"
    answers = {"title": "Notes", "has_rights": "true", "has_personal_data": "false"}
    made = applicant.upload(path, {"a.txt": b"text"}, **answers)
    assert (made.status_code, made.json()["file_count"]) == (201, 1)
    slug = Dataset.objects.get().slug
    assert [applicant.get(f"/datasets/{slug}").status_code, provider.get(f"/datasets/{slug}").status_code] == [200, 404]
    assert provider.get(f"/datasets/{slug}/versions/1/files").status_code == 404
    assert applicant.upload(path, {"a.txt": b"text"}, **{**answers, "has_rights": "false"}).status_code == 409
    assert (
        applicant.upload(path, {"a.pkl": b"x"}, **answers).json()["what"]
        == "'a.pkl' is not a kind of file that is taken here."
    )
    incomplete = applicant.upload(path, {"a.txt": b"text"}, title="Notes")
    assert (incomplete.status_code, {one["path"] for one in incomplete.json()["fields"]} != set()) == (422, True)


@pytest.mark.parametrize("scopes", [(), ("apply", "decide", "account")])
def test_a_token_without_the_scope_may_only_read(cast, now, scopes):
    version, where = published(cast, now), project(cast, now)
    provider, member = Caller(cast.provider, now, "train", *scopes), Caller(cast.applicant, now, "publish", *scopes)
    base = f"/datasets/{version.dataset.slug}/versions"
    answers = [
        provider.post("/datasets", {**VALUES, "organisation": cast.hospital.uid}),
        provider.post(base),
        provider.upload(f"{base}/1/files", {"a.txt": b"x"}),
        provider.post(f"{base}/1/publish"),
        provider.post(f"{base}/1/withdraw", {"reason": "x"}),
        member.post(f"/projects/{where.slug}/agreements", {"uri": version.uri}),
        member.post(f"/projects/{where.slug}/stagings", {"uri": version.uri}),
        member.post(f"/projects/{where.slug}/stagings/1/retry"),
        member.upload(
            f"/projects/{where.slug}/own-data", {"a.txt": b"x"}, title="x", has_rights="true", has_personal_data="false"
        ),
    ]
    assert {one.status_code for one in answers} == {403}


def test_an_outsider_finds_neither_drafts_nor_projects_nor_changes_anything(cast, now):
    version, where = draft(cast, now), project(cast, now)
    outsider = Caller(cast.outsider, now, "publish", "train")
    base = f"/datasets/{version.dataset.slug}"
    answers = [
        outsider.get(base),
        outsider.get(f"{base}/versions/1/files"),
        outsider.post(f"{base}/versions"),
        outsider.upload(f"{base}/versions/1/files", {"a.txt": b"x"}),
        outsider.post(f"{base}/versions/1/publish"),
        outsider.get(f"/projects/{where.slug}/stagings"),
        outsider.post(f"/projects/{where.slug}/agreements", {"uri": version.uri}),
    ]
    assert {one.status_code for one in answers} == {404}
    other = outsider.post("/datasets", {**VALUES, "organisation": cast.hospital.uid})
    own = outsider.post("/datasets", {**VALUES, "organisation": cast.stranger.uid})
    assert (other.status_code, own.status_code) == (404, 403)


def test_a_malformed_body_names_the_field(cast, provider):
    told = provider.post("/datasets", {**VALUES, "organisation": cast.hospital.uid, "has_personal_data": "perhaps"})
    assert (told.status_code, [one["path"] for one in told.json()["fields"]]) == (422, ["body.has_personal_data"])


def test_nobody_reads_without_a_token(db):
    assert Client().get("/api/datasets").status_code == 401


def test_a_provider_changes_what_is_said_and_empties_a_draft(cast, provider, applicant):
    provider.post("/datasets", {**VALUES, "organisation": cast.hospital.uid, "slug": "letters"})
    provider.post("/datasets/letters/versions")
    provider.upload("/datasets/letters/versions/1/files", {"a.txt": b"one"})
    path, call = "/api/datasets/letters", {"content_type": "application/json", "headers": provider.headers}
    told = provider.client.patch(path, {"title": "Letters, mended"}, **call).json()
    assert (told["title"], told["licence"]) == ("Letters, mended", VALUES["licence"])
    assert provider.client.delete(f"{path}/versions/1/files", headers=provider.headers).json()["file_count"] == 0
    assert applicant.client.patch(path, {"title": "x"}, **call | {"headers": applicant.headers}).status_code == 403
    assert provider.client.patch(path, {"title": "x" * 200}, **call).status_code == 422
