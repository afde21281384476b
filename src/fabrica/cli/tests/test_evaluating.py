"""`fabrica evaluate` on the folder of a run; the figures themselves are the battery's own tests."""

import json

import pytest
from typer.testing import CliRunner

from fabrica.cli.main import app
from fabrica.evaluation.battery import battery
from fabrica.evaluation.battery.battery import Cost, Entry
from fabrica.evaluation.battery.result import Result, Verdict
from fabrica.trainer.model import new_model
from fabrica.trainer.package import save_package
from fabrica.trainer.recipe import named
from fabrica.trainer.tokens import train_tokenizer

TEXT = "The same words come again and again, in this order or another.\n" * 200


def probe(context):
    return [Result(probe="p", name="size", verdict=Verdict.WARN, value=1.5, n=len(context.material.held_out))]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(battery, "ENTRIES", (Entry("p", Cost.LIGHT, probe),))
    tokenizer = train_tokenizer([TEXT.encode()], 320, 10_000)
    save_package(tmp_path / "out", new_model(named("tiny")), named("tiny"), tokenizer)
    (tmp_path / "text.txt").write_text(TEXT)
    return tmp_path / "out"


def run(*arguments):
    return CliRunner().invoke(app, ["evaluate", *map(str, arguments)])


def test_a_model_is_measured_on_any_text_and_all_is_kept(folder, tmp_path):
    told = run(folder, "--data", tmp_path / "text.txt", "--report", tmp_path / "report", "--json")
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout)
    assert (found["profile"], found["summary"]["warn"], found["data"]["training_documents"]) == ("full", 1, 0)
    assert json.loads((tmp_path / "report" / "battery.json").read_text()) == found
    assert sorted(path.name for path in (tmp_path / "report").iterdir()) == ["battery.json", "report.html", "report.md"]


def test_a_runs_folder_knows_its_data(folder, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "text.txt").rename(tmp_path / "data" / "text.txt")
    assert run(folder).exit_code == 1
    (tmp_path / "job.json").write_text(json.dumps({"data": [{"name": "a@1", "path": str(tmp_path / "data")}]}))
    for named_by in (folder, tmp_path):
        told = run(named_by, "--profile", "quick")
        assert told.exit_code == 0, told.output
        assert told.stdout.splitlines()[-2] == "0 pass, 1 warn, 0 fail, 0 not run, 0 told; in 0 seconds."


@pytest.mark.parametrize(
    ("arguments", "code"), [(["--profile", "endless"], 1), (["--data", "/nowhere"], 4), (["--data", "/dev/null"], 1)]
)
def test_what_cannot_be_measured_is_refused(folder, arguments, code):
    assert run(folder, *arguments).exit_code == code


def test_a_folder_without_a_model_is_refused(folder, tmp_path):
    assert run(tmp_path / "nowhere").exit_code == 4
    (tmp_path / "empty").mkdir()
    assert run(tmp_path / "empty", "--data", tmp_path / "text.txt").exit_code == 1
