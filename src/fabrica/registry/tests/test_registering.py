"""From a succeeded run to exactly one signed version."""

import contextlib
import itertools
import os
import signal
import time
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import InterfaceError, connection
from fabrica.audit.models import Entry
from fabrica.dataspaces.models import Version
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.kit.files import folder_facts
from fabrica.kit.signing import create_key, fingerprint
from fabrica.notices.models import Notice
from fabrica.registry import packing, queries, services, tasks
from fabrica.registry.engine import State, verify_folder
from fabrica.registry.models import Intake, ModelVersion, SiteKey
from fabrica.registry.tests.conftest import SUMMARY, succeed, work
from fabrica.registry.tests.folders import EVALUATION
from fabrica.training.models import Run

LATER = timedelta(hours=1)


def building(settings):
    folder = settings.FABRICA_STORAGE / "models" / ".building"
    return sorted(folder.iterdir()) if folder.exists() else []


def test_a_succeeded_run_becomes_one_verified_version(version, run, key, cast, settings, now):
    assert (version.model.name, version.number, version.state) == ("tiny", 1, "registered")
    assert version.path == settings.FABRICA_STORAGE / "models" / version.model.slug / "1"
    verdict = verify_folder(version.path, key.public_key())
    assert (verdict.state, verdict.name) == (State.VERIFIED, str(version))
    assert version.manifest == (version.path / "manifest.json").read_text()
    assert version.card == (version.path / "card.md").read_text()
    assert version.key_fingerprint == fingerprint(key.public_key())
    assert work(now) == 0
    assert ModelVersion.objects.count() == 1
    assert Notice.objects.filter(kind="model_registered").get().person == cast.applicant
    assert building(settings) == []


def test_the_run_keeps_its_files_as_they_were(version, run):
    mine = {one.path: one.sha256 for one in folder_facts(run.folder / "out")}
    assert {path: {one.path: one.sha256 for one in queries.files_of(version)}[path] for path in mine} == mine


def test_the_facts_tell_the_whole_way(version, run, site):
    facts = version.facts
    data = Version.objects.get()
    assert facts["application"] == site.award.application.code
    assert facts["award"] == site.award.pk
    assert facts["project"]["organisation"] == "Novalis Labs"
    assert [(one["uri"], one["sha256"], one["has_personal_data"]) for one in facts["datasets"]] == [
        (data.uri, data.sha256, False)
    ]
    assert facts["recipe"] == run.recipe
    assert (facts["run"]["uid"], facts["run"]["number"], facts["run"]["attempts"]) == (run.uid, 1, 0)
    assert facts["evaluation"] == EVALUATION
    assert facts["sample"] == "def f():\n"
    assert (facts["training"]["loss_first"], facts["training"]["device"]) == (SUMMARY["loss_first"], None)
    assert (facts["use"]["used_gpu_seconds"], facts["use"]["planned_seconds"]) == (42, run.planned_seconds)
    assert all(one["source"] for one in facts["use"]["assumptions"])
    assert (facts["statement"], facts["battery"], facts["compute"]) == (None, None, None)


def test_a_second_run_of_the_recipe_is_the_next_version_of_the_same_model(version, site, now):
    succeed(site, now)
    work(now)
    assert [(str(one), one.run.number) for one in ModelVersion.objects.order_by("pk")] == [
        (f"{version.model.slug}@1", 1),
        (f"{version.model.slug}@2", 2),
    ]


def test_another_recipes_name_makes_another_model(version, site, now):
    succeed(site, now, recipe={"name": "Tiny, but other", "steps": 10, "optimiser": {"warmup_steps": 1}})
    work(now)
    assert ModelVersion.objects.order_by("pk").last().model.slug == f"{site.project.slug}-tiny-but-other"


def test_a_commands_files_are_registered_under_out_and_not_measured(site, key, now):
    files = {"facts.json": b"mine", "sub/weights.bin": b"\x00"}
    run = succeed(site, now, files, recipe=None, command=["python3", "train.py"], stagings=[], time_limit_seconds=60)
    work(now)
    version = ModelVersion.objects.get(run=run)
    names = [one.path for one in queries.files_of(version)]
    assert names == ["card.md", "facts.json", "out/facts.json", "out/sub/weights.bin", "site.pub"]
    assert (version.model.name, version.facts["evaluation"], version.facts["training"]) == ("command", None, None)
    assert "This model was not measured." in version.card
    assert verify_folder(version.path, key.public_key()).is_verified


def test_a_command_that_left_nothing_makes_no_model(site, now):
    run = succeed(site, now, {}, recipe=None, command=["true"], stagings=[], time_limit_seconds=60)
    work(now)
    assert (queries.of_run(run), queries.intake_of(run).state) == (None, "empty")


def test_a_run_that_did_not_succeed_makes_no_model(site, now):
    run = succeed(site, now)
    Run.objects.filter(pk=run.pk).update(state="failed")
    assert work(now) == 0
    assert not Intake.objects.exists()


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (lambda out: (out / "link").symlink_to("/etc/passwd"), "link is a link."),
        (
            lambda out: (out / "tokenizer.json").write_bytes(b"[]"),
            "The run's file tokenizer.json is not what it was when the run ended.",
        ),
        (lambda out: (out / "late.txt").write_bytes(b"x"), "The run's file late.txt is not what it was"),
        (lambda out: (out / "sample.txt").unlink(), "The run's file sample.txt is not what it was"),
        (lambda out: (out / "manifest.json").write_bytes(b"{}"), "The run left a file called manifest.json."),
        (lambda out: [one.unlink() for one in out.rglob("*") if one.is_file()], "The run succeeded but left no files."),
    ],
)
def test_an_output_that_cannot_be_signed_is_told_and_tried_again(run, settings, now, harm, reason):
    harm(run.folder / "out")
    work(now)
    intake = queries.intake_of(run)
    assert (intake.state, intake.tries, intake.error[: len(reason)]) == ("waiting", 1, reason)
    assert intake.next_try_at > now
    assert building(settings) == []


def test_after_eight_tries_its_owner_is_told_and_an_operator_may_start_it_again(run, cast, now):
    (run.folder / "out" / "link").symlink_to("/etc/passwd")
    moment = now
    for _ in range(10):
        work(moment)
        moment += LATER
    intake = queries.intake_of(run)
    assert (intake.state, intake.tries) == ("failed", 8)
    assert Notice.objects.get(kind="model_not_registered").person == cast.applicant
    (run.folder / "out" / "link").unlink()
    with pytest.raises(NotAllowed):
        services.retry(intake=intake, by=cast.applicant, now=moment)
    services.retry(intake=intake, by=cast.operator, now=moment)
    work(moment)
    assert queries.of_run(run).number == 1
    with pytest.raises(Refused):
        services.retry(intake=intake, by=cast.operator, now=moment)


def test_a_fault_that_nobody_foresaw_counts_as_a_try(run, now, monkeypatch):
    monkeypatch.setattr(packing, "facts_of", lambda *_, **__: {"loss": float("nan")})
    work(now)
    intake = queries.intake_of(run)
    why = "The worker failed on its files. The log of the site says why."
    assert (intake.state, intake.tries, intake.error, intake.claim_token) == ("waiting", 1, why, "")


def test_without_a_key_nothing_is_signed_and_the_reason_is_kept(run, settings, tmp_path, now):
    settings.FABRICA_KEYS = tmp_path / "empty"
    work(now)
    assert "site.pem cannot be read" in queries.intake_of(run).error


def test_two_workers_register_one_version(run, key, now, monkeypatch):
    """The second takes over while the first, slower than its claim, is still packing."""
    slow = packing.sign_folder

    def overtaken(*args):
        monkeypatch.setattr(packing, "sign_folder", slow)
        assert tasks.register(now + LATER)
        return slow(*args)

    monkeypatch.setattr(packing, "sign_folder", overtaken)
    tasks.register(now)
    version = ModelVersion.objects.get()
    assert version.registered_at == now + LATER
    assert version.manifest == (version.path / "manifest.json").read_text()
    assert verify_folder(version.path, key.public_key()).is_verified


def test_a_worker_that_lost_its_claim_stops_copying(run, now, monkeypatch):
    def stolen(*args):
        Intake.objects.update(claim_token="another")

    monkeypatch.setattr(packing, "copy_whole", stolen)
    tasks.register(now)
    assert not ModelVersion.objects.exists()
    assert Intake.objects.get().claim_token == "another"


def test_a_worker_keeps_its_claim_while_it_copies_compares_and_signs(run, now, monkeypatch):
    count, held = len(packing.list_files(run.folder / "out")), []
    clock = itertools.count(0, 30)  # each look at the clock is half a claim later
    monkeypatch.setattr(tasks, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    real = services.register

    def register(**values):
        held.append(Intake.objects.get().claim_expires_at - now)
        return real(**values)

    monkeypatch.setattr(services, "register", register)
    assert tasks.register(now)
    assert held[0] > timedelta(seconds=30 * 3 * count)
    assert ModelVersion.objects.count() == 1


STEPS = ["copy_whole", "render_card", "sign_folder", "_move", "_sync_folder"]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_stopped_dead_at_any_step_it_goes_on_to_one_version(run, key, settings, now, monkeypatch, step, when):
    class Killed(BaseException):
        """Nothing catches it, as nothing catches a kill."""

    real = getattr(packing, step)

    def dies(*args):
        if when == "after":
            real(*args)
        raise Killed

    monkeypatch.setattr(packing, step, dies)
    monkeypatch.setattr(packing.shutil, "rmtree", lambda *_, **__: None)  # the dead do not tidy up
    with pytest.raises(Killed):
        tasks.register(now)
    monkeypatch.undo()
    settings.FABRICA_STORAGE = run.folder.parents[3]
    settings.FABRICA_KEYS = settings.FABRICA_STORAGE.parent / "keys"
    assert not tasks.register(now)  # the claim still stands
    work(now + LATER)
    version = ModelVersion.objects.get()
    assert (version.number, verify_folder(version.path, key.public_key()).is_verified) == (1, True)
    assert building(settings) == []


def test_a_folder_left_by_a_former_key_makes_room(run, settings, now, monkeypatch):
    def dies(**_):
        raise KeyboardInterrupt

    monkeypatch.setattr(services, "register", dies)
    with pytest.raises(KeyboardInterrupt):
        tasks.register(now)
    monkeypatch.undo()
    settings.FABRICA_STORAGE, settings.FABRICA_KEYS = run.folder.parents[3], run.folder.parents[4] / "new-keys"
    new = create_key(settings.FABRICA_KEYS / "site.pem")
    work(now + LATER)
    assert verify_folder(ModelVersion.objects.get().path, new.public_key()).is_verified
    assert building(settings) == []


@pytest.mark.skipif(connection.vendor != "sqlite", reason="a forked process must not share a server's connection")
def test_workers_killed_with_nine_at_any_moment_leave_one_good_version(site, key, settings, now):
    """Each child is a copy of this process, memory and database; what it leaves behind is only files."""
    models = settings.FABRICA_STORAGE / "models"
    files = {f"part-{n}.bin": bytes([n]) * 50_000 for n in range(40)}
    succeed(site, now, files, recipe=None, command=["true"], stagings=[], time_limit_seconds=60)

    def count():
        return sum(len(names) for _, _, names in os.walk(models))

    found = []
    for target in (1, 5, 12, 25, 40, 43, 46, 50):
        child = os.fork()
        if not child:
            with contextlib.suppress(BaseException):
                tasks.register(now)
            os._exit(0)
        deadline = time.monotonic() + 20
        while count() < target and os.waitpid(child, os.WNOHANG) == (0, 0):
            assert time.monotonic() < deadline
            time.sleep(0.001)
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        found.append(count())
    assert len(set(found)) > 2  # the kills did fall at different moments
    work(now)
    version = ModelVersion.objects.get()
    assert verify_folder(version.path, key.public_key()).is_verified
    assert [one.name for one in version.path.parent.iterdir()] == ["1"]
    assert building(settings) == []


def test_registering_leaves_its_entries(version, run):
    rows = Entry.objects.filter(verb__in=["model.register", "key.record"]).order_by("pk")
    assert [(one.verb, one.subject, one.actor) for one in rows] == [
        ("key.record", f"key:{version.key_fingerprint}", ""),
        ("model.register", f"model:{version}", ""),
    ]
    assert SiteKey.objects.get().state == "active"


def test_a_list_of_models_carries_neither_facts_nor_cards_nor_manifests_nor_results(version, cast):
    (listed,) = queries.with_bits(queries.visible_to(cast.applicant))
    large = {"card", "manifest", "facts"}
    assert (listed.get_deferred_fields(), listed.run.get_deferred_fields()) == (large, {"result"})
    assert listed.bits == version.facts["evaluation"]["bits_per_byte"]
    ModelVersion.objects.update(facts={**version.facts, "evaluation": None})
    assert queries.with_bits(queries.visible_to(cast.applicant)).get().bits is None
    assert queries.version_of(cast.applicant, version.model.slug, 1).get_deferred_fields() == set()


def test_a_database_that_is_away_counts_as_no_try(run, key, now, monkeypatch):
    def away(**_):
        raise InterfaceError("the connection is closed")

    with monkeypatch.context() as patch, pytest.raises(InterfaceError):
        patch.setattr(services, "register", away)
        tasks.register(now)
    assert (Intake.objects.get().tries, Intake.objects.get().error) == (0, "")
    work(now + LATER)
    assert ModelVersion.objects.count() == 1
