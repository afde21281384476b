"""Publishing, withdrawing, and the site's keys."""

import stat

import pytest
from fabrica.audit.models import Entry
from fabrica.kit.errors import NotAllowed, NotFound, Refused
from fabrica.kit.signing import fingerprint, load_key, load_public_key
from fabrica.registry import queries, services
from fabrica.registry.engine import RevokedKey, State, verify_folder
from fabrica.registry.models import SiteKey
from fabrica.registry.states import MOVES
from fabrica.registry.states import State as VersionState
from fabrica.registry.tests.conftest import published, reviewed, succeed, work


def entries(*verbs):
    return [(one.verb, one.subject, one.facts) for one in Entry.objects.filter(verb__in=verbs).order_by("pk")]


def test_the_principal_investigator_publishes(version, cast, now):
    made = published(version, cast, now)
    assert (made.state, made.published_at) == ("published", now)
    assert entries("model.publish") == [
        ("model.publish", f"model:{version}", {"before": "reviewed", "after": "published", "release": 1})
    ]


@pytest.mark.parametrize("name", ["mate", "officer", "operator", "outsider"])
def test_nobody_else_publishes_or_withdraws(version, cast, now, name):
    with pytest.raises(NotAllowed):
        services.publish(version=version, by=getattr(cast, name), now=now)
    with pytest.raises(NotAllowed):
        services.withdraw(version=version, reason="x", by=getattr(cast, name), now=now)


def test_it_is_published_once(version, cast, now):
    published(version, cast, now)
    with pytest.raises(Refused, match="Nothing changed since release 1"):
        services.publish(version=version, by=cast.applicant, now=now)


def test_two_who_decide_at_once_are_told(version, cast, now):
    reviewed(version, cast, now)
    stale = queries.version_of(cast.applicant, version.model.slug, 1)
    services.withdraw(version=version, reason="Wrong data.", by=cast.applicant, now=now)
    with pytest.raises(Refused, match="Somebody else decided meanwhile"):
        services.publish(version=stale, by=cast.applicant, now=now)


@pytest.mark.parametrize("reason", ["", "   ", "x" * 1001])
def test_withdrawing_needs_a_reason(version, cast, now, reason):
    with pytest.raises(Refused, match="must be told why"):
        services.withdraw(version=version, reason=reason, by=cast.applicant, now=now)


def test_what_is_withdrawn_stays_withdrawn():
    assert MOVES[VersionState.WITHDRAWN] == frozenset()
    assert set(MOVES) == set(VersionState)


def test_who_sees_what(version, cast, now):
    everybody = ["applicant", "mate", "officer", "assessor", "operator", "provider", "outsider"]

    def seen_by():
        people = [None, *(getattr(cast, name) for name in everybody)]
        return [name for name, one in zip(["nobody", *everybody], people) if queries.visible_to(one).exists()]

    assert seen_by() == ["applicant", "mate", "officer", "operator"]
    published(version, cast, now)
    assert seen_by() == ["nobody", *everybody]
    assert queries.published().get() == version
    services.withdraw(version=version, reason="Wrong data.", by=cast.applicant, now=now)
    assert seen_by() == ["nobody", *everybody]
    assert not queries.published().exists()


def test_a_withdrawn_versions_files_are_given_to_its_project_only(version, cast, now):
    published(version, cast, now)
    assert queries.file_of(None, version, "nested/config.json").read_bytes() == b"{}\n"
    gone = services.withdraw(version=version, reason="Wrong data.", by=cast.applicant, now=now)
    with pytest.raises(NotFound, match="withdrawn; its files are no longer given out. Wrong data."):
        queries.file_of(None, gone, "nested/config.json")
    assert queries.file_of(cast.mate, gone, "nested/config.json").is_file()


@pytest.mark.parametrize(
    "path", ["", ".", "..", "../1/card.md", "/etc/passwd", "nested", "card.md/", "./card.md", "a\0"]
)
def test_only_files_of_the_manifest_are_given_out(version, cast, path):
    with pytest.raises(NotFound):
        queries.file_of(cast.applicant, version, path)


def test_a_file_replaced_by_a_link_is_not_given_out(version, cast, tmp_path):
    (version.path / "card.md").unlink()
    (version.path / "card.md").symlink_to("/etc/hostname")
    with pytest.raises(NotFound, match="not in its place"):
        queries.file_of(cast.applicant, version, "card.md")


def test_the_newest_version_that_is_not_withdrawn_stands_for_the_model(version, site, cast, now):
    succeed(site, now)
    work(now)
    second = queries.newest_of(cast.mate, version.model.slug)
    assert second.number == 2
    services.withdraw(version=second, reason="Worse.", by=cast.applicant, now=now)
    assert queries.newest_of(cast.mate, version.model.slug) == version
    with pytest.raises(NotFound):
        queries.newest_of(None, version.model.slug)


def test_the_same_key_again_changes_nothing(key, cast, now):
    first = services.record_key(key=key.public_key(), by=None, now=now)
    assert services.record_key(key=key.public_key(), by=cast.operator, now=now) == first
    assert len(entries("key.record")) == 1


def test_a_rotation_makes_a_new_key_and_keeps_the_old_one_beside_it(version, key, cast, settings, now):
    made = services.rotate_key(by=cast.operator, now=now)
    folder = settings.FABRICA_KEYS
    new = load_key(folder / "site.pem")
    old = folder / f"site-{version.key_fingerprint[7:23]}.pem"
    assert fingerprint(new.public_key()) == made.fingerprint == fingerprint(load_public_key(folder / "site.pub"))
    assert fingerprint(load_key(old).public_key()) == version.key_fingerprint
    assert stat.S_IMODE(old.stat().st_mode) == stat.S_IMODE((folder / "site.pem").stat().st_mode) == 0o600
    assert sorted(one.name for one in folder.iterdir()) == sorted(
        [old.name, old.with_suffix(".pub").name, "site.pem", "site.pub"]
    )
    assert [(one.state, one.retired_at) for one in queries.keys()] == [("active", None), ("retired", now)]


def test_after_a_rotation_old_models_verify_with_the_old_key_and_new_ones_with_the_new(version, key, site, cast, now):
    services.rotate_key(by=cast.operator, now=now)
    run = succeed(site, now)
    work(now)
    second = queries.of_run(run)
    old, new = version.key_fingerprint, second.key_fingerprint
    assert [verify_folder(version.path, fingerprint=one).state for one in (old, new)] == [
        State.VERIFIED,
        State.UNKNOWN_SIGNER,
    ]
    assert verify_folder(second.path, fingerprint=new).is_verified


def test_a_rotation_that_died_half_way_is_made_good_by_the_next(key, cast, settings, now):
    (settings.FABRICA_KEYS / "next.pem").write_text("half")
    made = services.rotate_key(by=cast.operator, now=now)
    assert fingerprint(load_key(settings.FABRICA_KEYS / "site.pem").public_key()) == made.fingerprint


@pytest.mark.parametrize("name", ["applicant", "officer", "outsider"])
def test_only_operators_keep_keys(key, cast, now, name):
    made = services.record_key(key=key.public_key(), by=None, now=now)
    with pytest.raises(NotAllowed):
        services.rotate_key(by=getattr(cast, name), now=now)
    with pytest.raises(NotAllowed):
        services.revoke_key(key=made, reason="Lost.", by=getattr(cast, name), now=now)


def test_a_revoked_key_is_on_the_list_signs_nothing_and_publishes_nothing(version, site, cast, now):
    reviewed(version, cast, now)
    key = SiteKey.objects.get()
    services.revoke_key(key=key, reason="The disk\nwas stolen.", by=cast.operator, now=now)
    listed = [RevokedKey(key.fingerprint, now.isoformat(), "The disk was stolen.")]
    assert queries.revoked_keys() == listed
    assert verify_folder(version.path, fingerprint=key.fingerprint, revoked=listed).state == State.REVOKED
    with pytest.raises(Refused, match="was revoked"):
        services.publish(version=version, by=cast.applicant, now=now)
    run = succeed(site, now)
    work(now)
    assert queries.intake_of(run).error.endswith(
        "is revoked. The disk was stolen. Make a new one; docs/operator/keys.md says how."
    )
    with pytest.raises(Refused, match="revoked before"):
        services.revoke_key(key=key, reason="Again.", by=cast.operator, now=now)


def test_after_a_revocation_the_rotation_lets_the_site_sign_again(version, site, cast, now):
    services.revoke_key(key=SiteKey.objects.get(), reason="Lost.", by=cast.operator, now=now)
    services.rotate_key(by=cast.operator, now=now)
    run = succeed(site, now)
    work(now)
    assert queries.of_run(run).number == 2
