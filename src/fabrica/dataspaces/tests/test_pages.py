"""The pages, from a visitor's look to a provider's publication."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from fabrica.dataspaces import services, tasks
from fabrica.dataspaces.models import Agreement, Dataset, Staging, Version
from fabrica.dataspaces.tests.factories import VALUES, draft, project, published, sent, waiting
from fabrica.kit.time import utcnow
from fabrica.trust.services.impact import begin_impact
from fabrica.trust.tests.impact import settle

FORM = {**VALUES, "known_licence": "CC-BY-4.0", "licence": "", "has_personal_data": "no"}


@pytest.fixture
def now():
    """Pages ask the clock themselves, so their scene is set today."""
    return utcnow()


def at(name, *args):
    return reverse(f"dataspaces:{name}", args=args)


def walk(client, who, paths):
    client.force_login(who)
    return [client.get(path).status_code for path in paths]


def test_a_visitor_reads_catalogue_dataset_and_version(cast, now, client):
    version = published(cast, now)
    slug = version.dataset.slug
    pages = [client.get(path) for path in (at("list"), at("detail", slug), at("version", slug, 1))]
    assert [page.status_code for page in pages] == [200, 200, 200]
    assert version.sha256 in pages[1].content.decode()


@pytest.mark.parametrize(("query", "found"), [("?q=harbour", True), ("?q=nothing", False), ("?language=fr", False),
                                              ("?licence=CC-BY-4.0&language=en", True), ("?licence=bad&cursor=x", True)])  # fmt: skip
def test_the_catalogue_is_searched(cast, now, client, query, found):
    published(cast, now)
    assert ("Letters of the harbour</a>" in client.get(at("list") + query).content.decode()) is found


def test_a_visitor_is_led_to_the_sign_in_for_everything_else(cast, now, client):
    slug = published(cast, now).dataset.slug
    for path in (at("mine"), at("new"), at("edit", slug), at("use", slug, 1), at("upload", slug, 1)):
        assert client.get(path)["Location"].startswith("/accounts/login/")


def test_a_provider_describes_uploads_reviews_and_publishes(cast, now, client):
    client.force_login(cast.provider)
    made = client.post(at("new"), {**FORM, "organisation": cast.hospital.uid})
    slug = "letters-of-the-harbour"
    assert made["Location"] == at("upload", slug, 1)
    files = [SimpleUploadedFile("a.txt", b"one"), SimpleUploadedFile("b.csv", b"two")]
    assert client.post(at("upload", slug, 1), {"uploads": files})["Location"] == at("upload", slug, 1)
    review = client.get(at("review", slug, 1)).content.decode()
    assert all(text in review for text in ("a.txt", "b.csv", "Name the archive.", "Research and teaching."))
    assert client.post(at("review", slug, 1), {"revision": 1}).status_code == 200
    assert Version.objects.get().state == "draft"
    assert client.post(at("review", slug, 1), {"revision": 1, "confirm": "on"})["Location"] == at("detail", slug)
    assert Version.objects.get().state == "published"


def test_a_refused_upload_stays_on_the_page_with_its_reason(cast, now, client):
    slug = draft(cast, now).dataset.slug
    client.force_login(cast.provider)
    page = client.post(at("upload", slug, 1), {"uploads": [SimpleUploadedFile("a.exe", b"MZ")]})
    assert (page.status_code, "is not a kind of file that is taken here" in page.content.decode()) == (200, True)
    assert client.post(at("upload", slug, 1), {}).status_code == 200
    assert client.post(at("clear", slug, 1)).status_code == 302
    assert Version.objects.get().file_count == 0


def test_a_licence_outside_the_list_needs_name_and_address(cast, now, client):
    client.force_login(cast.provider)
    other = {**FORM, "organisation": cast.hospital.uid, "known_licence": "other"}
    for wrong in (other, {**other, "licence": "Archive 2"}):
        assert client.post(at("new"), wrong).status_code == 200
    assert (
        client.post(at("new"), {**other, "licence": "Archive 2", "licence_url": "https://a.example/l"}).status_code
        == 302
    )
    assert Dataset.objects.get().licence == "Archive 2"


def test_a_changed_policy_is_told_to_need_a_new_acceptance(cast, now, client):
    slug = published(cast, now).dataset.slug
    client.force_login(cast.provider)
    assert client.get(at("edit", slug)).status_code == 200
    page = client.post(at("edit", slug), {**FORM, "policy_text": "Ask first."}, follow=True)
    assert "New stagings need a new acceptance." in page.content.decode()
    assert Dataset.objects.get().policy_text == "Ask first."


def test_a_provider_sees_who_used_it_and_starts_the_next_version(cast, now, client):
    version, where = published(cast, now), project(cast, now)
    waiting(cast, now, version, where)
    client.force_login(cast.provider)
    page = client.get(at("detail", version.dataset.slug)).content.decode()
    assert all(
        text in page for text in ("Who used it for what", "Novalis reads", "Novalis Labs", "To read old letters.")
    )
    assert client.get(at("mine")).status_code == 200
    assert client.post(at("draft", version.dataset.slug))["Location"] == at("upload", version.dataset.slug, 2)
    client.force_login(cast.applicant)
    assert "Who used it for what" not in client.get(at("detail", version.dataset.slug)).content.decode()


def test_a_provider_withdraws_with_a_reason(cast, now, client):
    slug = published(cast, now).dataset.slug
    client.force_login(cast.provider)
    assert client.post(at("withdraw", slug, 1), {"reason": ""}).status_code == 200
    assert client.post(at("withdraw", slug, 1), {"reason": "A name."}).status_code == 302
    assert Version.objects.get().state == "withdrawn"
    assert "A name." in client.get(at("version", slug, 1)).content.decode()
    assert client.get(at("detail", slug)).status_code == 200


@pytest.mark.parametrize("who", ["applicant", "officer", "operator", "outsider"])
def test_a_providers_pages_do_not_exist_for_others(cast, now, client, who):
    slug = published(cast, now).dataset.slug
    services.new_version(dataset=Dataset.objects.get(), by=cast.provider, now=now)
    paths = [at("mine"), at("new"), at("edit", slug), at("upload", slug, 1), at("review", slug, 1), at("withdraw", slug, 1),
             at("version", slug, 2)]  # fmt: skip
    assert walk(client, getattr(cast, who), paths) == [404] * len(paths)
    assert [client.post(path).status_code for path in (at("draft", slug), at("clear", slug, 1))] == [404, 404]


def test_a_member_reads_terms_beside_the_purpose_accepts_and_follows_the_copy(cast, now, client):
    version, where = published(cast, now), project(cast, now)
    use = at("use", version.dataset.slug, 1)
    client.force_login(cast.applicant)
    page = client.get(use).content.decode()
    assert all(text in page for text in ("Name the archive.", "Research and teaching.", "To read old letters."))
    assert client.post(use, {"project": where.slug}).status_code == 200
    assert Staging.objects.count() == 0
    made = client.post(use, {"project": where.slug, "accept": "on", "terms_sha256": version.dataset.terms.sha256})
    staging = Staging.objects.get()
    assert made["Location"] == at("staging", where.slug, staging.pk)
    assert 'hx-trigger="every 2s"' in client.get(made["Location"]).content.decode()
    part = client.get(made["Location"], headers={"HX-Request": "true"}).content.decode()
    assert part.strip().startswith('<div id="staging"')
    tasks.stage(now)
    assert 'hx-trigger="every 2s"' not in client.get(made["Location"]).content.decode()
    assert client.get(at("project", where.slug)).status_code == 200


def test_terms_that_changed_while_the_page_was_open_are_read_again_before_they_are_accepted(cast, now, client):
    version, where = published(cast, now), project(cast, now)
    use, read = at("use", version.dataset.slug, 1), version.dataset.terms.sha256
    client.force_login(cast.applicant)
    assert f'name="terms_sha256" value="{read}"' in client.get(use).content.decode()
    services.change_dataset(dataset=version.dataset, values={"policy_text": "All is ours."}, by=cast.provider, now=now)
    page = client.post(use, {"project": where.slug, "accept": "on", "terms_sha256": read}, follow=True)
    assert page.redirect_chain == [(use, 302)]
    assert "The provider changed the terms since you read them." in page.content.decode()
    assert (Agreement.objects.count(), Staging.objects.count()) == (0, 0)


def test_a_refused_staging_shows_both_hashes_and_is_tried_again(cast, now, client):
    version, where = published(cast, now), project(cast, now)
    staging = waiting(cast, now, version, where)
    victim = version.path / "two.csv"
    victim.chmod(0o644), victim.write_bytes(b"other")
    tasks.stage(now)
    staging.refresh_from_db()
    client.force_login(cast.mate)
    page = client.get(at("staging", where.slug, staging.pk)).content.decode()
    assert staging.error_facts["expected"] in page and staging.error_facts["found"] in page
    assert client.post(at("retry", where.slug, staging.pk)).status_code == 302
    assert Staging.objects.get().state == "waiting"


def test_a_foreign_project_cannot_be_chosen(cast, now, client):
    version, where = published(cast, now), project(cast, now)
    client.force_login(cast.outsider)
    assert client.get(at("use", version.dataset.slug, 1)).status_code == 200
    assert client.post(at("use", version.dataset.slug, 1), {"project": where.slug, "accept": "on"}).status_code == 200
    assert Staging.objects.count() == 0
    assert walk(client, cast.outsider, [at("project", where.slug), at("own", where.slug)]) == [404, 404]


def test_own_data_asks_for_rights_and_personal_data(cast, now, client):
    where = project(cast, now)
    client.force_login(cast.mate)
    own = at("own", where.slug)
    answers = lambda **more: {"title": "Notes", "uploads": [SimpleUploadedFile("a.txt", b"x")], **more}
    assert client.get(own).status_code == 200
    assert client.post(own, answers()).status_code == 200
    assert client.post(own, answers(has_rights="no", has_personal_data="no")).status_code == 200
    assert Dataset.objects.count() == 0
    told = client.post(own, answers(has_rights="yes", has_personal_data="yes"))
    assert ("no impact assessment yet" in told.content.decode(), Dataset.objects.count()) == (True, 0)
    begin_impact(project=where, by=cast.mate, now=now)
    settle(where)
    made = client.post(own, answers(has_rights="yes", has_personal_data="yes"))
    page = client.get(made["Location"]).content.decode()
    assert "The duties of data protection are yours" in page
    slug = Dataset.objects.get().slug
    assert walk(client, cast.applicant, [at("detail", slug), at("version", slug, 1), at("list")]) == [200, 200, 200]
    for who in (cast.officer, cast.operator, cast.outsider, cast.provider):
        assert walk(client, who, [at("detail", slug), at("version", slug, 1), at("use", slug, 1)]) == [404] * 3


def test_an_officer_looks_but_does_not_work_in_a_project(cast, now, client):
    version, where = published(cast, now), project(cast, now)
    staging = waiting(cast, now, version, where)
    assert walk(client, cast.officer, [at("project", where.slug), at("staging", where.slug, staging.pk)]) == [200, 200]
    files = {
        "title": "x",
        "uploads": [SimpleUploadedFile("a.txt", b"x")],
        "has_rights": "yes",
        "has_personal_data": "no",
    }
    assert client.post(at("retry", where.slug, staging.pk)).status_code == 403
    client.post(at("own", where.slug), files)
    assert Dataset.objects.count() == 1


def test_the_catalogue_needs_few_queries_whatever_its_length(cast, now, client, django_assert_max_num_queries):
    for _ in range(12):
        published(cast, now)
    with django_assert_max_num_queries(5):
        assert client.get(at("list")).content.decode().count("<article") == 12


def test_operators_look_at_the_tables_without_own_data(cast, now, client):
    staging = waiting(cast, now, published(cast, now), where := project(cast, now))
    services.own_data(
        project=where, files=sent(), title="Ours", has_rights=True, has_personal_data=False, by=cast.mate, now=now
    )
    cast.operator.is_staff = cast.operator.is_superuser = True
    cast.operator.save()
    client.force_login(cast.operator)
    for name in ("dataset", "version", "agreement", "staging"):
        assert client.get(reverse(f"admin:dataspaces_{name}_changelist")).status_code == 200
    assert "Ours" not in client.get(reverse("admin:dataspaces_dataset_changelist")).content.decode()
    assert client.get(reverse("admin:dataspaces_staging_change", args=[staging.pk])).status_code == 200
