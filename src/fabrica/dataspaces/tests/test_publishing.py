"""What a provider does, verb by verb."""

import stat

import pytest
from fabrica.audit.models import Entry
from fabrica.dataspaces import queries, services
from fabrica.dataspaces.models import Dataset
from fabrica.dataspaces.states import MOVES, STAGING_MOVES, StagingState, State
from fabrica.dataspaces.tests.factories import (
    FILES,
    VALUES,
    Sent,
    dataset,
    draft,
    project,
    published,
    sent,
    waiting,
    zipped,
)
from fabrica.kit.errors import NotAllowed, NotFound, Refused
from fabrica.kit.files import folder_sha256, list_files
from fabrica.notices.models import Notice


def names(folder):
    return [path.relative_to(folder).as_posix() for path in list_files(folder)]


@pytest.mark.parametrize("who", ["applicant", "mate", "officer", "assessor", "operator", "outsider"])
def test_only_providers_of_the_organisation_publish(cast, now, who):
    with pytest.raises(NotAllowed):
        services.create_dataset(organisation=cast.hospital, values=VALUES, by=getattr(cast, who), now=now)


def test_a_provider_does_not_publish_for_another_organisation(cast, now):
    with pytest.raises(NotAllowed):
        services.create_dataset(organisation=cast.startup, values=VALUES, by=cast.provider, now=now)


def test_the_slug_is_the_titles_with_a_free_number(cast, now):
    found = [dataset(cast, now).slug, dataset(cast, now).slug, dataset(cast, now, title="New").slug]
    assert found == ["letters-of-the-harbour", "letters-of-the-harbour-2", "new-2"]


def test_a_slug_of_choice_is_kept_and_given_once(cast, now):
    assert dataset(cast, now, slug="python-stdlib").slug == "python-stdlib"
    with pytest.raises(Refused, match="The name python-stdlib is taken"):
        dataset(cast, now, slug="python-stdlib")
    assert Dataset.objects.count() == 1


@pytest.mark.parametrize("slug", ["Upper", "a_b", "new", "mine", "x" * 41, "-a", "../x"])
def test_a_slug_that_is_no_name_is_refused(cast, now, slug):
    with pytest.raises(Refused, match="cannot be its name"):
        dataset(cast, now, slug=slug)


@pytest.mark.parametrize(
    "changes",
    [{"title": ""}, {"title": "x" * 121}, {"description": "x" * 5001}, {"language": "xx"}, {"licence": "My own"},
     {"licence": "My own", "licence_url": "javascript:alert(1)"}, {"has_personal_data": None}, {"colour": "red"}],
)  # fmt: skip
def test_values_out_of_bounds_are_refused(cast, now, changes):
    with pytest.raises(Refused):
        dataset(cast, now, **changes)


def test_a_licence_is_known_or_has_an_address(cast, now):
    assert dataset(cast, now).licence_url == "https://spdx.org/licenses/CC-BY-4.0.html"
    own = dataset(cast, now, licence="Archive licence 2", licence_url="https://archive.example/licence")
    assert own.licence_url == "https://archive.example/licence"


def test_there_is_one_draft_at_a_time_and_numbers_go_on(cast, now):
    first = published(cast, now)
    second = services.new_version(dataset=first.dataset, by=cast.provider, now=now)
    assert services.new_version(dataset=first.dataset, by=cast.provider, now=now) == second
    assert (first.uri, second.uri) == ("fabrica:letters-of-the-harbour@1", "fabrica:letters-of-the-harbour@2")


def test_files_and_then_a_zip_fill_a_draft_and_names_are_replaced(cast, now):
    made = draft(cast, now)
    more = Sent("more.zip", zipped({"two.csv": b"new", "sub/three.txt": b"3"}))
    made = services.add_files(version=made, files=[more], by=cast.provider, now=now)
    assert names(made.path) == ["README.md", "letters/one.txt", "sub/three.txt", "two.csv"]
    assert (made.path / "two.csv").read_bytes() == b"new"
    assert (made.file_count, made.size_bytes, made.revision) == (4, 10 + 10_000 + 1 + 3, 2)


def test_a_refused_upload_leaves_the_draft_as_it_was(cast, now, storage):
    made = draft(cast, now)
    with pytest.raises(Refused):
        services.add_files(version=made, files=[Sent("a.txt", b"x"), Sent("b.exe", b"x")], by=cast.provider, now=now)
    assert names(made.path) == sorted(FILES)
    assert list((storage / "incoming").iterdir()) == []


def test_uploads_together_stay_within_the_sites_limit(cast, now, settings):
    settings.FABRICA_UPLOAD_LIMIT_BYTES = 12_000
    made = draft(cast, now)
    with pytest.raises(Refused, match="Together with what is there"):
        services.add_files(version=made, files=[Sent("b.txt", b"x" * 3000)], by=cast.provider, now=now)
    assert names(made.path) == sorted(FILES)


def test_a_name_that_collides_with_one_that_is_there_is_refused(cast, now):
    made = draft(cast, now)
    with pytest.raises(Refused, match="the same name on some machines"):
        services.add_files(version=made, files=[Sent("readme.MD", b"x")], by=cast.provider, now=now)


def test_a_draft_can_be_emptied(cast, now):
    made = services.clear_files(version=draft(cast, now), by=cast.provider, now=now)
    assert (made.file_count, made.size_bytes, made.path.exists()) == (0, 0, False)


def test_publishing_freezes_the_files_under_their_hash(cast, now):
    made = published(cast, now)
    assert (made.state, made.published_at, made.file_count) == (State.PUBLISHED, now, 3)
    assert made.sha256 == folder_sha256(made.path)
    assert [fact.path for fact in made.facts] == sorted(FILES)
    assert {stat.S_IMODE(path.stat().st_mode) for path in list_files(made.path)} == {0o444}


def test_what_is_published_takes_no_files_and_is_not_published_twice(cast, now):
    made = published(cast, now)
    for act in (
        lambda: services.add_files(version=made, files=sent(), by=cast.provider, now=now),
        lambda: services.clear_files(version=made, by=cast.provider, now=now),
        lambda: services.publish(version=made, by=cast.provider, now=now),
    ):
        with pytest.raises(Refused):
            act()
    assert names(made.path) == sorted(FILES)


def test_an_empty_draft_is_not_published(cast, now):
    made = services.new_version(dataset=dataset(cast, now), by=cast.provider, now=now)
    with pytest.raises(Refused, match="no files in it yet"):
        services.publish(version=made, by=cast.provider, now=now)


def test_files_added_since_the_review_must_be_reviewed(cast, now):
    made = draft(cast, now)
    services.add_files(version=made, files=[Sent("late.txt", b"x")], by=cast.provider, now=now)
    with pytest.raises(Refused, match="since you reviewed them"):
        services.publish(version=made, by=cast.provider, now=now, revision=1)


def test_files_added_while_it_is_published_stop_the_publishing(cast, now):
    made = draft(cast, now)
    stale = queries.version_at(cast.provider, made.dataset.slug, 1)
    services.add_files(version=made, files=[Sent("late.txt", b"x")], by=cast.provider, now=now)
    with pytest.raises(Refused, match="meanwhile"):
        services.publish(version=stale, by=cast.provider, now=now)


def test_withdrawing_tells_those_who_use_it(cast, now):
    made = published(cast, now)
    waiting(cast, now, made, project(cast, now))
    made = services.withdraw(version=made, reason="A letter names a child.", by=cast.provider, now=now)
    assert (made.state, made.withdrawn_at) == (State.WITHDRAWN, now)
    assert Notice.objects.get(kind="dataset_withdrawn").person == cast.applicant


def test_withdrawing_needs_a_reason_and_its_provider(cast, now):
    made = published(cast, now)
    with pytest.raises(Refused, match="must be told why"):
        services.withdraw(version=made, reason=" ", by=cast.provider, now=now)
    with pytest.raises(NotAllowed):
        services.withdraw(version=made, reason="No.", by=cast.outsider, now=now)


def test_every_write_leaves_one_audit_entry_without_words(cast, now):
    made = published(cast, now)
    services.withdraw(version=made, reason="A secret.", by=cast.provider, now=now)
    told = [(one.verb, sorted(one.facts)) for one in Entry.objects.filter(verb__startswith="dataset.")]
    assert told == [
        ("dataset.create", ["terms"]),
        ("dataset.draft", []),
        ("dataset.upload", ["files"]),
        ("dataset.publish", ["bytes", "files", "sha256"]),
        ("dataset.withdraw", []),
    ]


def test_a_dataset_is_seen_by_others_once_it_is_published(cast, now):
    made = draft(cast, now)
    people = (None, cast.applicant, cast.officer, cast.provider)
    assert [made.dataset in queries.visible_to(one) for one in people] == [False, False, False, True]
    services.publish(version=made, by=cast.provider, now=now)
    assert [made.dataset in queries.visible_to(one) for one in people] == [True] * 4


def test_a_draft_version_is_its_providers_alone(cast, now):
    made = published(cast, now)
    services.new_version(dataset=made.dataset, by=cast.provider, now=now)
    seen = [[one.number for one in queries.versions_of(who, made.dataset)] for who in (None, cast.mate, cast.provider)]
    assert seen == [[1], [1], [2, 1]]
    with pytest.raises(NotFound):
        queries.version_of(cast.mate, "fabrica:letters-of-the-harbour@2")


@pytest.mark.parametrize(
    "uri", ["", "letters", "letters-of-the-harbour@x", "fabrica:nothing@1", "a@" + "9" * 50, "'@1"]
)
def test_what_is_no_uri_names_nothing(cast, now, uri):
    published(cast, now)
    with pytest.raises(NotFound):
        queries.version_of(cast.applicant, uri)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, ["beta", "alpha"]),
        ({"words": "HARBOUR letters"}, ["alpha"]),
        ({"words": "hospital"}, ["beta", "alpha"]),
        ({"words": "nothing"}, []),
        ({"licence": "MIT"}, ["beta"]),
        ({"language": "fr"}, ["beta"]),
        ({"words": "100%_"}, []),
    ],
)
def test_the_catalogue_is_searched_by_words_licence_and_language(cast, now, asked, found):
    published(cast, now, slug="alpha")
    published(cast, now, slug="beta", title="Code", description="Programs", licence="MIT", language="fr")
    draft(cast, now, slug="gamma")
    assert [one.slug for one in queries.search(cast.mate, **asked)] == found


def test_every_state_is_in_its_table():
    assert set(MOVES) == set(State)
    assert set(STAGING_MOVES) == set(StagingState)
