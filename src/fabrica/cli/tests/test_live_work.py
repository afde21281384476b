"""Data, runs and models from the command line, against the real site."""

import json
from pathlib import Path

import pytest
from fabrica.clusters.adapters.fake import FakeCluster
from fabrica.dataspaces.models import Version
from fabrica.kit.signing import create_key
from fabrica.kit.time import utcnow
from fabrica.registry.tests.conftest import succeed, work
from fabrica.training.tests.factories import open_site

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def now():
    """The site's own clock: the command speaks to a site that runs now."""
    return utcnow()


@pytest.fixture
def key(settings, tmp_path):
    """The site's signing key, and its storage."""
    settings.FABRICA_STORAGE = tmp_path / "storage"
    settings.FABRICA_KEYS = tmp_path / "keys"
    return create_key(settings.FABRICA_KEYS / "site.pem")


@pytest.fixture
def world(cast, call, key, now):
    """The applicant's project with hours and staged data of its own."""
    return open_site(cast, call, FakeCluster(now, devices_total=2), now)


def test_a_project_tells_the_hours_it_has_left(sign_in, asked, fabrica, world):
    sign_in("applicant")
    slug = world.project.slug
    assert [row["slug"] for row in asked("projects")] == [slug]
    assert asked("projects", slug)["award"]["balance"]["free"] == 36_000
    assert fabrica("projects", slug).exit_code == 0


def test_a_run_is_planned_launched_read_and_stopped(sign_in, asked, fabrica, world):
    sign_in("applicant")
    uri = world.staging.version.uri
    plan = asked("plan", "--recipe", "tiny")
    assert plan["held_gpu_seconds"] == plan["devices"] * plan["time_limit_seconds"]
    assert fabrica("plan", "--recipe", "tiny").exit_code == 0
    run = asked("train", "--data", uri, "--recipe", "tiny", "--set", "steps=20", "--detach")
    assert (run["number"], run["state"], run["data"], run["recipe"]["steps"]) == (1, "queued", [uri], 20)
    assert [row["number"] for row in asked("runs")] == [1]
    assert asked("runs", "1")["bill"]["used_gpu_seconds"] == 0
    assert [fabrica(*words).exit_code for words in (["runs"], ["runs", "1"])] == [0, 0]
    assert fabrica("logs", "1").stdout == ""
    assert asked("cancel", "1", "--yes")["state"] == "cancelled"
    assert fabrica("train", "--data", uri, "--set", "steps=0", "--detach").exit_code == 1


def test_own_commands_are_sent_word_by_word(sign_in, asked, world):
    sign_in("applicant")
    run = asked("train", "--command", "python -c 'print(\"a b\")'", "--time-limit", "60", "--detach")
    assert (run["kind"], run["command"], run["time_limit_seconds"]) == ("command", ["python", "-c", 'print("a b")'], 60)


def test_a_dataset_is_published_found_accepted_and_staged(sign_in, asked, fabrica, world, cast):
    sign_in("provider")
    Path("letters/sub").mkdir(parents=True)
    for name in ("letters/one.txt", "letters/sub/two.txt"):
        Path(name).write_text("Dear sir, " * 100)
    words = ["--slug", "letters", "--title", "Letters", "--licence", "CC-BY-4.0", "--policy", "Name us."]
    published = asked("data", "publish", "letters", *words, "--description", "Typed by hand.")
    assert (published["uri"], published["state"], published["file_count"]) == ("fabrica:letters@1", "published", 2)
    assert asked("data", "usage", "letters") == []

    sign_in("applicant")
    assert [row["newest_uri"] for row in asked("data", "list", "letters")] == ["fabrica:letters@1"]
    assert asked("data", "show", "letters")["policy_text"] == "Name us."
    unread = fabrica("data", "accept", "fabrica:letters@1", "--json")
    assert (unread.exit_code, json.loads(unread.stderr)["what"]) == (1, "Licence and policy were not accepted.")
    assert asked("data", "accept", "fabrica:letters@1", "--yes")["uri"] == "fabrica:letters@1"
    assert asked("data", "stage", world.staging.version.uri)["state"] == "staged"
    assert fabrica("data", "usage", "letters").exit_code in (1, 4)
    assert [fabrica(*words).exit_code for words in (["data", "list"], ["data", "show", "letters"])] == [0, 0]


def test_own_data_without_the_right_to_it_is_refused(sign_in, fabrica, world):
    sign_in("applicant")
    Path("text").mkdir()
    Path("text/a.txt").write_text("words")
    result = fabrica("train", "--data", "text", "--no-rights", "--no-personal-data", "--json")
    assert (result.exit_code, json.loads(result.stderr)["what"]) == (1, "You need the right to use this data.")
    assert Version.objects.count() == 1


def test_a_model_is_released_with_a_second_person(sign_in, asked, fabrica, world, key, cast, now):
    succeed(world, now)
    work(now)
    sign_in("applicant")
    name = "{model}@{number}".format(**asked("models", "list")[0])
    waits = fabrica("models", "release", name, "--justification", "A demonstration.", "--json")
    assert (waits.exit_code, json.loads(waits.stdout)["state"]) == (1, "evaluated")
    assert fabrica("models", "review", name, "--note", "Mine.").exit_code == 1
    sign_in("officer")
    assert asked("models", "review", name, "--note", "Read it all.")["state"] == "reviewed"
    sign_in("applicant")
    assert asked("models", "release", name)["state"] == "published"
    told = asked("models", "download", name)
    verified = asked("models", "verify", told["folder"], "--fingerprint", told["key_fingerprint"])
    assert (verified["state"], verified["releases"]) == ("verified", 1)


def test_a_model_is_listed_shown_downloaded_and_verified(sign_in, asked, fabrica, world, key, now):
    succeed(world, now)
    work(now)
    sign_in("applicant")
    (row,) = asked("models", "list")
    name = f"{row['model']}@{row['number']}"
    assert asked("models", "show", name)["key_fingerprint"] == row["key_fingerprint"]
    told = asked("models", "download", row["model"])
    assert told["folder"] == f"{row['model']}-1"
    verified = asked("models", "verify", told["folder"], "--fingerprint", row["key_fingerprint"])
    assert verified["state"] == "verified"
    (Path(told["folder"]) / "config.json").write_text("{}")
    altered = fabrica("models", "verify", told["folder"], "--fingerprint", row["key_fingerprint"], "--json")
    assert (altered.exit_code, json.loads(altered.stdout)["state"]) == (1, "altered")
    assert [fabrica(*words).exit_code for words in (["models", "list"], ["models", "show", name])] == [0, 0]
    sign_in("outsider")
    assert fabrica("models", "download", name).exit_code == 4
