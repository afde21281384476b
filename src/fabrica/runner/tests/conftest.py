import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fabrica.kit.files import folder_sha256

SOURCE = Path(__file__).parents[3]


class Folder:
    """A job folder, and real runner processes on it."""

    def __init__(self, path, data):
        self.path, self.data = path, data
        path.mkdir(parents=True)

    def write(self, **changes):
        job = {
            "version": 1,
            "run": "run-1",
            "kind": "train",
            "recipe": {"name": "tiny"},
            "data": [{"name": "texts@1", "path": str(self.data), "sha256": folder_sha256(self.data)}],
            "devices": 1,
            "time_limit_seconds": 120,
            "provenance": {"award": "A-1"},
        } | changes
        (self.path / "job.json").write_text(json.dumps(job))
        return self

    def start(self, environment=None, **how):
        return subprocess.Popen(
            [sys.executable, "-m", "fabrica.runner", str(self.path / "job.json")],
            env={**os.environ, "PYTHONPATH": str(SOURCE), "OMP_NUM_THREADS": "1", **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **how,
        )

    def run(self, environment=None, **how):
        with self.start(environment, **how) as process:
            self.log = process.communicate(timeout=100)[0].decode()
        return process.returncode

    def json(self, name):
        return json.loads((self.path / name).read_text())

    def failure(self):
        return self.json("failure.json")

    def metrics(self):
        return [json.loads(line) for line in (self.path / "metrics.jsonl").read_text().splitlines()]

    def has(self, name):
        return (self.path / name).exists()


@pytest.fixture(scope="session")
def texts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("texts")
    source = "".join(path.read_text() for path in sorted(Path(json.__file__).parent.glob("*.py")))
    for number in range(30):
        (folder / f"{number:02d}.txt").write_text(source[number * 1000 : (number + 1) * 1000])
    return folder


@pytest.fixture
def job(tmp_path, texts):
    return Folder(tmp_path / "run", texts).write()


@pytest.fixture(scope="session")
def finished(tmp_path_factory, texts):
    """A run that nobody disturbed."""
    folder = Folder(tmp_path_factory.mktemp("finished") / "run", texts).write()
    assert folder.run() == 0, folder.log
    return folder
