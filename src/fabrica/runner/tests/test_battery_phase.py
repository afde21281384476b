import json
from pathlib import Path

import pytest

from fabrica.evaluation.battery import battery
from fabrica.evaluation.battery.battery import Cost, Entry
from fabrica.evaluation.battery.result import Result, Verdict
from fabrica.kit.files import folder_sha256
from fabrica.runner import train_job
from fabrica.runner.evaluate_job import evaluate
from fabrica.runner.folder import same_job
from fabrica.runner.job import job_from
from fabrica.runner.progress import Progress
from fabrica.runner.stopping import Stop
from fabrica.runner.train_job import TrainJob


def counted(context):
    """What a probe finds in a run of its own: members, held-out documents, secrets, languages."""
    material = context.material
    more = {"canaries": len(material.canaries), "languages": sorted(context.seen)}
    value = float(len(material.training))
    return [Result(probe="count", name="count", verdict=Verdict.PASS, value=value, n=len(material.held_out), more=more)]


@pytest.fixture
def one_probe(monkeypatch):
    monkeypatch.setattr(battery, "ENTRIES", (Entry("count", Cost.READING, counted),))


def asked(folder, texts, **changes):
    return job_from(
        {
            "version": 1,
            "run": "r",
            "kind": "train",
            "recipe": {"name": "tiny", "steps": 2, "battery": "quick", "canaries": 2, "optimiser": {"warmup_steps": 1}},
            "data": [{"name": "t@1", "path": str(texts), "sha256": folder_sha256(texts), "language": "en"}],
            "devices": 1,
            "time_limit_seconds": 100,
        }
        | changes
    )


def test_a_training_ends_with_its_battery_and_a_job_of_its_own_measures_the_same(tmp_path, texts, one_probe):
    job, folder = asked(tmp_path, texts), tmp_path / "run"
    folder.mkdir()
    summary = TrainJob(folder, job, Progress(folder), Stop()).run()
    assert summary["battery"] == {"pass": 1, "warn": 0, "fail": 0, "not_run": 0, "told": 0}
    assert json.loads((folder / "progress.json").read_text())["phase"] == "battery"
    found = json.loads((folder / "out" / "battery.json").read_text())
    held_out = json.loads((folder / "out" / "evaluation.json").read_text())["held_out"]
    assert found["data"]["held_out_sha256"] == held_out["sha256"]
    told = found["results"][0]
    assert (told["value"], told["n"]) == (30 - held_out["documents"], held_out["documents"])
    assert told["more"] == {"canaries": 2, "languages": ["en"]}

    model = {"name": "m@1", "path": str(folder / "out"), "sha256": folder_sha256(folder / "out")}
    own = job_from({**asked_values(job, texts), "kind": "evaluate", "model": model, "profile": "full"})
    again = tmp_path / "evaluate"
    again.mkdir()
    assert evaluate(own, again, Stop(), Progress(again))["battery"] == summary["battery"]
    measured = json.loads((again / "out" / "battery.json").read_text())
    assert measured["results"] == found["results"]
    assert sorted(path.name for path in (again / "out").iterdir()) == ["battery.json", "report.html", "report.md"]


def asked_values(job, texts):
    data = [{"name": one.name, "path": str(one.path), "sha256": one.sha256, "language": "en"} for one in job.data]
    return {"version": 1, "run": "e", "data": data, "devices": 1, "time_limit_seconds": 100}


def test_at_the_time_limit_a_trained_model_is_kept_and_what_is_not_measured_is_told(tmp_path, texts, one_probe):
    class Over(Stop):
        def reason(self):
            return "time limit" if (tmp_path / "out" / "config.json").exists() else ""

    summary = TrainJob(tmp_path, asked(tmp_path, texts), Progress(tmp_path), Over()).run()
    assert summary["battery"] == {"pass": 0, "warn": 0, "fail": 0, "not_run": 1, "told": 0}


def test_a_run_begun_before_the_battery_existed_goes_on(tmp_path):
    """The digest of job.json as it was written before recipes had these keys."""
    values = {"version": 1, "run": "r", "data": [], "devices": 1, "time_limit_seconds": 9}
    same_job(tmp_path, job_from({**values, "kind": "train", "recipe": {"name": "tiny", "battery": "full"}}))
    kept = (tmp_path / "job.sha256").read_text().strip()
    assert kept == "0565d219855a2d4b5b942570d3c3e0c9e3b86a06f637e57b416e6faf802d081e"


def test_how_much_is_measured_is_the_recipes(tmp_path, texts, monkeypatch):
    monkeypatch.setattr(train_job, "evaluate_folder", None)  # whoever calls it fails
    job = asked(tmp_path, texts, recipe={"name": "tiny", "steps": 4})
    assert "battery" not in TrainJob(tmp_path, job, Progress(tmp_path), Stop()).run()
    assert not Path(tmp_path / "out" / "battery.json").exists()
