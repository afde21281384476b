"""The database server crashes and comes back under a worker that follows real runs: nothing is lost, nothing twice."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
from fabrica.config.demo.processes import free_port
from fabrica.training.tests.test_kills import HOURS

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(300)]
SCRIPTS = Path(__file__).resolve().parents[4] / "tests" / "postgres"
RUNS, CRASHES = 6, 3
BEGIN = "from fabrica.training.tests import site_process as site\n"
SETUP = f"{BEGIN}site.setup()\nfor _ in range({RUNS}): site.launch({{'command': ['sh', '-c', 'sleep 1; echo done > done.txt']}})"
WORK = f"""{BEGIN}
from fabrica.clusters import queries
from fabrica.config import wiring, worker
queries.serve("local", lambda machine: site.CLUSTER)
worker.LONGEST_REST_SECONDS = 2.0
worker.work([one for one in wiring.loops() if one[0].split(".")[0] in ("allocations", "training")])
"""
REPORT = f"""{BEGIN}
from fabrica.training.models import Run
for run in Run.objects.order_by("pk"): site.say(site.report(run))
"""


class Server:
    """A server of this test's own, that others would miss."""

    def __init__(self):
        self.folder = Path(f"/var/tmp/fabrica-postgres-restart-{os.getpid()}")
        self.env = {**os.environ, "FABRICA_POSTGRES_HOME": str(self.folder), "FABRICA_POSTGRES_PORT": str(free_port())}
        self.url = self.script("up.sh")

    def script(self, *argv):
        command = [str(SCRIPTS / argv[0]), *argv[1:]]
        done = subprocess.run(command, env=self.env, stdout=subprocess.PIPE, text=True, check=True, timeout=120)
        return done.stdout.strip()

    def crash(self, was_noticed):
        """Stop at once, as a kill of the machine's power would, and start again when that was noticed."""
        self.script("down.sh", "--keep")
        until(was_noticed)
        assert self.script("up.sh") == self.url

    def count(self, statement):
        with psycopg.connect(self.url) as connection:
            return connection.execute(statement).fetchone()[0]


@pytest.fixture
def server():
    server = Server()
    yield server
    server.script("down.sh")
    shutil.rmtree(server.folder, ignore_errors=True)


def until(look, seconds=120):
    ends = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < ends, "it did not happen in time"
        time.sleep(0.05)


def lines(log):
    """What was logged: lines that begin with a day. PostgreSQL's own words may go on below."""
    return [line for line in log.read_text().splitlines() if line.startswith("20") or "Traceback" in line]


def test_the_server_crashes_again_and_again_and_each_run_is_booked_once(server, tmp_path):
    env = {**os.environ, "FABRICA_HOME": str(tmp_path), "DATABASE_URL": server.url, "FABRICA_LOG_LEVEL": "WARNING"}
    python = lambda code: (
        subprocess.run(
            [sys.executable, "-c", code], env=env, stdout=subprocess.PIPE, text=True, check=True, timeout=120
        ).stdout
    )
    python(SETUP)
    log = tmp_path / "worker.log"
    with log.open("wb") as out:
        worker = subprocess.Popen([sys.executable, "-c", WORK], env=env, stderr=out)
    ended = lambda: server.count(
        "SELECT count(*) FROM training_run WHERE state IN ('succeeded', 'failed', 'cancelled')"
    )
    try:
        for crash in range(CRASHES):
            until(lambda: ended() > crash or ended() == RUNS)
            before = log.stat().st_size
            server.crash(lambda: log.stat().st_size > before)
            assert worker.poll() is None, log.read_text()
        until(lambda: ended() == RUNS)
    finally:
        worker.send_signal(signal.SIGTERM)
        status = worker.wait(60)
    assert status == 0, log.read_text()
    told = [json.loads(line) for line in python(REPORT).splitlines()]
    assert [one["state"] for one in told] == ["succeeded"] * RUNS
    for one in told:
        assert one["spent"] == one["usage"]
        assert one["files"] == ["done.txt"]
        assert [because for _, because in one["attempts"]] == ["Done."]
    last = told[-1]
    assert (last["balance"], last["ledger"]) == ([HOURS - last["used_by_all"], 0, last["used_by_all"]], [])
    assert {line.split()[2:4] == ["WARNING", "fabrica.config.worker"] for line in lines(log)} == {True}, log.read_text()
