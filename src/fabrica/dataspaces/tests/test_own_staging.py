"""A project's own data: whose it is, what it waits for, and what is refused."""

import pytest
from fabrica.audit.models import Entry
from fabrica.dataspaces import queries, services, tasks
from fabrica.dataspaces.models import Version
from fabrica.dataspaces.tests.factories import FILES, project, sent
from fabrica.kit.errors import NotAllowed, NotFound, Refused
from fabrica.kit.files import folder_sha256
from fabrica.trust.services.impact import begin_impact
from fabrica.trust.tests.impact import settle


def test_own_data_is_seen_by_its_project_alone_and_staged_once_its_impact_is_assessed(cast, now):
    where = project(cast, now)
    facts = {"title": "Our notes", "has_rights": True, "has_personal_data": True, "by": cast.mate, "now": now}
    with pytest.raises(Refused, match="no impact assessment yet"):
        services.own_data(project=where, files=sent(), **facts)
    begin_impact(project=where, by=cast.mate, now=now)
    with pytest.raises(Refused, match="access to data"):
        services.own_data(project=where, files=sent(), **facts)
    settle(where)
    version = services.own_data(project=where, files=sent(), **facts)
    assert (version.dataset.has_personal_data, version.file_count) == (True, 3)
    seen = {who for who in ("applicant", "mate", "officer", "operator", "provider", "outsider")
            if version.dataset in queries.visible_to(getattr(cast, who))}  # fmt: skip
    assert seen == {"applicant", "mate"}
    with pytest.raises(NotFound):
        queries.version_of(cast.operator, version.uri)
    assert queries.version_of(cast.applicant, version.uri) == version
    tasks.stage(now)
    assert folder_sha256(queries.staging_of(where, version).path) == version.sha256
    assert list(queries.stagings_in(cast.officer, where)) == []
    assert [one.version for one in queries.stagings_in(cast.applicant, where)] == [version]


def test_own_data_is_not_staged_elsewhere_nor_published_nor_accepted(cast, now):
    where, other = project(cast, now), project(cast, now, "Second")
    version = services.own_data(
        project=where, files=sent(), title="Ours", has_rights=True, has_personal_data=False, by=cast.applicant, now=now
    )
    with pytest.raises(Refused):
        services.stage(version=version, project=other, by=cast.applicant, now=now)
    with pytest.raises(Refused, match="no terms to accept"):
        services.accept(version=version, project=where, by=cast.applicant, now=now)
    with pytest.raises(NotAllowed):
        services.withdraw(version=version, reason="x", by=cast.applicant, now=now)


@pytest.mark.parametrize(
    ("has_rights", "title", "files"), [(False, "x", FILES), (True, "", FILES), (True, "x", {"a.exe": b"x"})]
)
def test_own_data_without_rights_title_or_proper_files_leaves_nothing(cast, now, storage, has_rights, title, files):
    with pytest.raises(Refused):
        services.own_data(
            project=project(cast, now), files=sent(files), title=title, has_rights=has_rights,
            has_personal_data=False, by=cast.applicant, now=now,
        )  # fmt: skip
    assert (Version.objects.count(), Entry.objects.filter(verb="dataset.own").count()) == (0, 0)
    assert not (storage / "datasets").exists() and (
        not (storage / "incoming").exists() or not list((storage / "incoming").iterdir())
    )
