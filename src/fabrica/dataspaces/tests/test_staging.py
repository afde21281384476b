"""Accepting terms, and the copy into the project's folder."""

import errno
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from fabrica.dataspaces import queries, services, tasks
from fabrica.dataspaces.engine.copying import copy_checked, explain
from fabrica.dataspaces.models import Staging, Version
from fabrica.dataspaces.states import StagingState
from fabrica.dataspaces.tests.factories import FILES, draft, project, published, sent, waiting
from fabrica.kit.claims import TTL
from fabrica.kit.tests.databases import Own
from fabrica.kit.errors import NotAllowed, NotFound, Refused
from fabrica.kit.files import CHUNK, folder_facts, folder_sha256, list_files
from fabrica.notices.models import Notice
from fabrica.people.engine import Assurance

LATER = TTL + timedelta(seconds=1)


def overwrite(path, data):
    path.chmod(0o644)
    path.write_bytes(data)


def test_accepting_keeps_the_text_its_hash_who_and_when(cast, now):
    version, where = published(cast, now), project(cast, now)
    made = services.accept(version=version, project=where, by=cast.mate, now=now)
    assert (made.person, made.agreed_at, made.terms_sha256) == (cast.mate, now, version.dataset.terms.sha256)
    assert made.terms_text == (
        "Licence: CC-BY-4.0\nhttps://spdx.org/licenses/CC-BY-4.0.html\n\n"
        "Policy:\nName the archive.\n\nAllowed purposes:\nResearch and teaching.\n"
    )
    assert services.accept(version=version, project=where, by=cast.applicant, now=now + LATER) == made


def test_where_data_asks_for_assurance_nobody_accepts_or_copies_without_it(cast, now, settings, client):
    version, where = published(cast, now), project(cast, now)
    services.accept(version=version, project=where, by=cast.mate, now=now)
    settings.FABRICA_ASSURANCE = {"data": Assurance(proofing="low")}
    for use in (services.accept, services.stage):
        with pytest.raises(NotAllowed, match="known more surely who you are"):
            use(version=version, project=where, by=cast.applicant, now=now)
    client.force_login(cast.applicant)
    answer = client.get(f"/data/{version.dataset.slug}/{version.number}/use/")
    assert (answer.status_code, "/account/assurance/?for=data" in answer.content.decode()) == (403, True)


@pytest.mark.parametrize("who", ["officer", "operator", "outsider", "provider", "assessor"])
def test_only_members_accept_stage_and_bring_data(cast, now, who):
    version, where, by = published(cast, now), project(cast, now), getattr(cast, who)
    for act in (services.accept, services.stage):
        with pytest.raises(NotAllowed):
            act(version=version, project=where, by=by, now=now)
    with pytest.raises(NotAllowed):
        services.own_data(
            project=where, files=sent(), title="x", has_rights=True, has_personal_data=False, by=by, now=now
        )


def test_without_an_agreement_nothing_is_staged(cast, now):
    with pytest.raises(Refused, match="are not accepted for this project"):
        services.stage(version=published(cast, now), project=project(cast, now), by=cast.applicant, now=now)


def test_asking_twice_gives_the_same_staging(cast, now):
    version, where = published(cast, now), project(cast, now)
    first = waiting(cast, now, version, where)
    assert services.stage(version=version, project=where, by=cast.mate, now=now) == first
    assert Staging.objects.count() == 1


def test_a_changed_policy_needs_a_new_acceptance_for_new_stagings_only(cast, now):
    version, where, other = published(cast, now), project(cast, now), project(cast, now, "Second")
    there = waiting(cast, now, version, where)
    services.accept(version=version, project=other, by=cast.applicant, now=now)
    services.change_dataset(dataset=version.dataset, values={"policy_text": "Ask first."}, by=cast.provider, now=now)
    assert services.stage(version=version, project=where, by=cast.applicant, now=now) == there
    with pytest.raises(Refused, match="again after they were changed"):
        services.stage(version=version, project=other, by=cast.applicant, now=now)
    services.accept(version=version, project=other, by=cast.applicant, now=now)
    assert services.stage(version=version, project=other, by=cast.applicant, now=now).state == StagingState.WAITING


def test_a_draft_or_withdrawn_version_is_not_accepted(cast, now):
    where, version = project(cast, now), published(cast, now)
    services.withdraw(version=version, reason="Wrong.", by=cast.provider, now=now)
    for one in (version, draft(cast, now)):
        with pytest.raises(Refused, match="is not published"):
            services.accept(version=one, project=where, by=cast.applicant, now=now)


def test_a_project_that_ended_stages_nothing(cast, now):
    version, where = published(cast, now), project(cast, now)
    with pytest.raises(Refused, match="The project ended on 2026-12-23"):
        services.accept(version=version, project=where, by=cast.applicant, now=now + timedelta(days=31))


def test_the_worker_copies_and_checks(cast, now, storage):
    version, where = published(cast, now), project(cast, now)
    staging = waiting(cast, now, version, where)
    assert (tasks.stage(now), tasks.stage(now)) == (True, False)
    staging.refresh_from_db()
    assert (staging.state, staging.bytes_done, staging.claim_token) == (StagingState.STAGED, version.size_bytes, "")
    assert staging.path == storage / "projects" / "novalis-reads" / "data" / "letters-of-the-harbour@1"
    assert folder_sha256(staging.path) == version.sha256
    assert [path.name for path in staging.path.parent.iterdir()] == [staging.path.name]
    assert list(queries.staged(where)) == [staging]
    assert Notice.objects.get(kind="staging_done").person == cast.applicant


@pytest.mark.parametrize("how", ["changed", "missing", "longer", "link"])
def test_bytes_that_changed_after_publication_are_refused_with_both_hashes(cast, now, how, tmp_path):
    version, where = published(cast, now), project(cast, now)
    staging, victim = waiting(cast, now, version, where), version.path / "letters" / "one.txt"
    expected = next(fact.sha256 for fact in version.facts if fact.path == "letters/one.txt")
    victim.chmod(0o644)
    if how == "changed":
        victim.write_bytes(b"Dear Sir,\n" * 1000)
    elif how == "longer":
        victim.write_bytes(b"Dear sir,\n" * 1001)
    else:
        victim.unlink()
    if how == "link":
        (tmp_path / "same.txt").write_bytes(FILES["letters/one.txt"])
        victim.symlink_to(tmp_path / "same.txt")
    tasks.stage(now)
    staging.refresh_from_db()
    found = staging.error_facts["found"]
    assert (staging.state, staging.error_what) == (
        StagingState.REFUSED,
        "letters/one.txt was changed after it was published.",
    )
    assert staging.error_why == f"Its SHA-256 should be {expected}; found: {found}."
    assert staging.error_facts == {"path": "letters/one.txt", "expected": expected, "found": found}
    assert {"missing": found == "missing", "link": found == "a link"}.get(how, len(found) == 64 and found != expected)
    assert list(staging.path.parent.iterdir()) == []
    told = Notice.objects.get(kind="dataset_changed")
    assert (told.person, expected in told.body, found in told.body) == (cast.provider, True, True)
    assert Notice.objects.get(kind="staging_stopped").person == cast.applicant


def test_once_the_bytes_are_back_it_can_be_tried_again(cast, now):
    version, where = published(cast, now), project(cast, now)
    staging, victim = waiting(cast, now, version, where), version.path / "two.csv"
    overwrite(victim, b"a,b\n1,3\n")
    tasks.stage(now)
    overwrite(victim, FILES["two.csv"])
    staging.refresh_from_db()
    services.retry(staging=staging, by=cast.mate, now=now)
    tasks.stage(now)
    staging.refresh_from_db()
    assert (staging.state, staging.error_what) == (StagingState.STAGED, "")


def test_what_is_staged_is_not_tried_again(cast, now):
    staging = waiting(cast, now, published(cast, now), project(cast, now))
    tasks.stage(now)
    staging.refresh_from_db()
    with pytest.raises(Refused, match="nothing to try again"):
        services.retry(staging=staging, by=cast.applicant, now=now)


def test_a_full_disk_fails_with_the_reason_and_what_to_do(cast, now):
    version = published(cast, now)
    staging = waiting(cast, now, version, project(cast, now))
    Version.objects.filter(pk=version.pk).update(size_bytes=10**18)
    tasks.stage(now)
    staging.refresh_from_db()
    assert (staging.state, staging.error_what) == (StagingState.FAILED, "The disk is full.")
    assert staging.error_why.startswith("1000.0 PB are needed, ")
    assert staging.error_todo == "Ask the operator to make room, then try again."
    Version.objects.filter(pk=version.pk).update(size_bytes=version.size_bytes)
    services.retry(staging=staging, by=cast.applicant, now=now)
    tasks.stage(now)
    staging.refresh_from_db()
    assert staging.state == StagingState.STAGED


def test_a_large_file_keeps_its_claim_while_it_is_copied_and_while_it_is_read_back(tmp_path):
    (tmp_path / "from").mkdir()
    (tmp_path / "from" / "large.txt").write_bytes(b"x" * (2 * CHUNK + 1))
    told = []
    copy_checked(tmp_path / "from", tmp_path / "to", folder_facts(tmp_path / "from"), told.append)
    assert told == [CHUNK, 2 * CHUNK, 2 * CHUNK + 1, *[2 * CHUNK + 1] * 3]


def test_a_disk_that_fills_up_on_the_way_is_told_alike():
    assert explain(OSError(errno.ENOSPC, "No space left on device")).what == "The disk is full."
    assert explain(OSError(errno.EIO, "Input/output error")).what == "The files could not be copied."


def test_a_place_that_cannot_be_written_fails_with_the_reason(cast, now, storage):
    staging = waiting(cast, now, published(cast, now), project(cast, now))
    staging.path.parent.parent.mkdir(parents=True)
    staging.path.parent.write_text("in the way")
    tasks.stage(now)
    staging.refresh_from_db()
    assert (staging.state, staging.error_why) == (StagingState.FAILED, "File exists")


def test_a_version_withdrawn_before_the_copy_is_refused(cast, now):
    version = published(cast, now)
    staging = waiting(cast, now, version, project(cast, now))
    services.withdraw(version=version, reason="Wrong.", by=cast.provider, now=now)
    tasks.stage(now)
    staging.refresh_from_db()
    assert (staging.state, staging.error_why) == (StagingState.REFUSED, "Wrong.")


def test_a_worker_that_died_before_it_could_say_so_is_made_good(cast, now):
    version = published(cast, now)
    staging = waiting(cast, now, version, project(cast, now))
    tasks.stage(now)
    Staging.objects.update(state=StagingState.STAGING, claim_token="dead", claim_expires_at=now + TTL, staged_at=None)
    assert tasks.stage(now) is False
    before = (staging.path / "two.csv").stat().st_ino
    assert tasks.stage(now + LATER) is True
    staging.refresh_from_db()
    assert (staging.state, (staging.path / "two.csv").stat().st_ino) == (StagingState.STAGED, before)


def test_half_copies_of_dead_workers_are_cleared_away(cast, now):
    staging = waiting(cast, now, published(cast, now), project(cast, now))
    half = staging.path.with_name(f".{staging.path.name}.dead")
    half.mkdir(parents=True)
    (half / "part.txt").write_bytes(b"x")
    tasks.stage(now)
    assert [path.name for path in staging.path.parent.iterdir()] == [staging.path.name]


def test_a_worker_that_lost_its_claim_writes_nothing(cast, now):
    staging = waiting(cast, now, published(cast, now), project(cast, now))
    slow = Staging.claim(queries.to_stage(), now)
    quick = Staging.claim(queries.to_stage(), now + LATER)
    assert services.begin(staging=slow, now=now) is False
    assert services.note_progress(staging=slow, bytes_done=5, now=now) is False
    assert services.begin(staging=quick, now=now + LATER) is True
    assert services.mark_staged(staging=slow, now=now) is False
    staging.refresh_from_db()
    assert (staging.state, staging.tries, staging.bytes_done) == (StagingState.STAGING, 1, 0)


def test_a_copy_that_kills_every_worker_ends_as_failed(cast, now):
    staging = waiting(cast, now, published(cast, now), project(cast, now))
    Staging.objects.update(state=StagingState.STAGING, tries=5)
    tasks.stage(now)
    staging.refresh_from_db()
    assert (staging.state, staging.error_what) == (StagingState.FAILED, "The worker died 5 times at this copy.")


def test_the_provider_learns_who_uses_it_for_what_and_nobody_else_does(cast, now):
    version, where = published(cast, now), project(cast, now)
    waiting(cast, now, version, where)
    tasks.stage(now)
    (row,) = queries.uses(list(queries.usage_of(cast.provider, version.dataset)))
    assert (row.uri, row.project, row.organisation, row.purpose, row.agreed_at, row.staging_state) == (
        version.uri, "Novalis reads", "Novalis Labs", "To read old letters.", now, "staged",
    )  # fmt: skip
    assert queries.projects_using([version.dataset]) == {version.dataset.pk: 1}
    for who in (cast.applicant, cast.officer, cast.operator, cast.outsider):
        with pytest.raises(NotFound):
            queries.usage_of(who, version.dataset)


WORKER = """
import django; django.setup()
from fabrica.dataspaces import tasks
from fabrica.kit.time import utcnow
tasks.stage(utcnow())
"""


@pytest.fixture
def own_database(tmp_path):
    database = Own(tmp_path, "staging")
    yield database
    database.drop()


@pytest.mark.long
@pytest.mark.database
def test_a_worker_killed_in_the_middle_of_a_copy_leaves_nothing_half(tmp_path, own_database):
    """A real process on a database and storage of its own, killed with SIGKILL while it copies."""
    home = tmp_path / "home"
    env = {
        **os.environ, "FABRICA_HOME": str(home), "FABRICA_STORAGE": str(home / "storage"), "FABRICA_SECRET_KEY": "x" * 50,
        "DJANGO_SETTINGS_MODULE": "fabrica.config.settings", "FABRICA_DEMO": "1",
        "DATABASE_URL": own_database.url,
    }  # fmt: skip
    home.mkdir()
    run = lambda code: (
        subprocess.run([sys.executable, "-c", code], env=env, check=True, capture_output=True, text=True).stdout
    )
    run(SCENE)
    place = home / "storage" / "projects" / "kill" / "data"
    worker = subprocess.Popen([sys.executable, "-c", WORKER], env=env)
    ends = time.monotonic() + 60
    while not any(place.glob(".big@1.*/*.txt")) and time.monotonic() < ends:
        time.sleep(0.002)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    assert (place / "big@1").exists() is False
    assert len(list(place.glob(".big@1.*"))) == 1
    assert run(TELL + AGAIN + TELL).split() == ["staging", "1", "staged", "2"]
    assert [path.name for path in place.iterdir()] == ["big@1"]
    assert folder_sha256(place / "big@1") == folder_sha256(home / "storage" / "datasets" / "big" / "1")
    assert len(list_files(place / "big@1")) == 4


SCENE = """
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from datetime import timedelta
from pathlib import Path
from fabrica.conftest import make_person, make_organisation
from fabrica.people.states import Role
from fabrica.kit.time import utcnow
from fabrica.dataspaces import services
from fabrica.dataspaces.tests.factories import VALUES, Sent
from fabrica.projects.services import open_project
now = utcnow()
petra = make_person("petra", now, Role.PROVIDER)
org = make_organisation("Org", petra, now)
made = services.create_dataset(organisation=org, values=VALUES, slug="big", by=petra, now=now)
version = services.new_version(dataset=made, by=petra, now=now)
files = [Sent(f"{n}.txt", bytes([48 + n]) * 40_000_000) for n in range(4)]
version = services.add_files(version=version, files=files, by=petra, now=now)
services.publish(version=version, by=petra, now=now)
project = open_project(title="Kill", organisation=org, purpose="p", gate_decision="ACCEPT", pi=petra,
                       ends_at=now + timedelta(days=9), by=petra, now=now)
services.accept(version=version, project=project, by=petra, now=now)
services.stage(version=version, project=project, by=petra, now=now)
"""
TELL = """
import django; django.setup()
from fabrica.dataspaces.models import Staging
one = Staging.objects.get(); print(one.state, one.tries)
"""
AGAIN = """
from fabrica.dataspaces import tasks
from fabrica.kit.claims import TTL
from fabrica.kit.time import utcnow
tasks.stage(utcnow() + TTL * 2)
"""
