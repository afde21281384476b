import os
import re
import subprocess
import sys
from datetime import timedelta

import pytest
from django.db import DatabaseError
from prometheus_client.parser import text_string_to_metric_families

from fabrica.clusters.adapters.port import Load
from fabrica.clusters.services import record_load
from fabrica.config import metrics
from fabrica.config.heart import Heart
from fabrica.config.metrics import site as site_
from fabrica.config.metrics.requests import REGISTRY, Measured, count
from fabrica.kit.time import utcnow
from fabrica.notices.models import Notice

pytestmark = pytest.mark.django_db


def figures(text=None):
    """name -> {values of the labels, in the order of their names: value}"""
    found = {}
    for family in text_string_to_metric_families((text or metrics.text()).decode()):
        for one in family.samples:
            found.setdefault(one.name, {})[",".join(one.labels[label] for label in sorted(one.labels))] = one.value
    return found


def counted(route, method, status):
    return (
        REGISTRY.get_sample_value("fabrica_requests_total", {"route": route, "method": method, "status": status}) or 0
    )


@pytest.fixture
def measured(settings, client):
    settings.FABRICA_METRICS_TOKEN = "t" * 32
    return client


def test_each_request_is_counted_by_the_name_of_its_route(measured, call):
    before = counted("calls:detail", "GET", "200"), counted("unknown", "GET", "404")
    measured.get(f"/calls/{call.slug}/?q=ada@example.org")
    measured.get("/calls/playground")  # led to the address with its stroke
    measured.get("/ada@example.org")
    after = counted("calls:detail", "GET", "200"), counted("unknown", "GET", "404")
    assert (after[0] - before[0], after[1] - before[1]) == (1, 1)
    assert not re.search("ada|example|playground/", metrics.text().decode())


def test_the_time_of_each_is_in_one_bucket_and_all_above(measured):
    count("a:page", "GET", 200, 0.03)
    count("a:page", "GET", 500, 3)
    buckets = {
        key.split(",")[0]: value
        for key, value in figures()["fabrica_request_seconds_bucket"].items()
        if key.endswith(",GET,a:page")
    }
    assert buckets == {
        "0.01": 0, "0.025": 0, "0.05": 1, "0.1": 1, "0.25": 1, "0.5": 1, "1.0": 1, "2.5": 1, "10.0": 2, "+Inf": 2,
    }  # fmt: skip


def test_a_site_that_nobody_may_ask_counts_nothing(client, settings):
    from django.core.exceptions import MiddlewareNotUsed

    settings.FABRICA_METRICS_TOKEN = ""
    with pytest.raises(MiddlewareNotUsed):
        Measured(lambda request: None)


COUNTING = """
import sys, django; django.setup()
from fabrica.config.metrics.requests import count
for _ in range(int(sys.argv[1])): count("a:page", "GET", 200, 0.001)
"""
READING = """
import sys, django; django.setup()
from prometheus_client import generate_latest
from fabrica.config.metrics.text import _answered
sys.stdout.buffer.write(generate_latest(_answered()))
"""


@pytest.mark.long
def test_what_several_processes_answered_is_added_up_and_nothing_is_lost_when_one_ends(tmp_path):
    environment = {
        **os.environ, "DJANGO_SETTINGS_MODULE": "fabrica.config.settings_test",
        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path),
    }  # fmt: skip

    def run(code, *argv):
        return subprocess.run(
            [sys.executable, "-c", code, *argv], env=environment, check=True, capture_output=True, timeout=60
        ).stdout

    for times in ("3", "4"):
        run(COUNTING, times)
    read = figures(run(READING))
    assert read["fabrica_requests_total"] == {"GET,a:page,200": 7}
    assert read["fabrica_request_seconds_count"] == {"GET,a:page": 7}


def test_what_the_loops_did_and_who_lives():
    heart, now = Heart(), utcnow()
    heart.end("audit.seal", seconds=1.5, found=True)
    heart.end("audit.seal", seconds=0.5, failed=True)
    heart.beat(now)
    Heart().beat(now - timedelta(minutes=2))
    read = figures()
    assert {name: read[name]["audit.seal"] for name in read if name.startswith("fabrica_loop_")} == {
        "fabrica_loop_turns_total": 2, "fabrica_loop_found_total": 1, "fabrica_loop_failures_total": 1,
        "fabrica_loop_seconds_total": 2,
    }  # fmt: skip
    assert read["fabrica_workers_alive"] == {"": 1}


def test_what_waits(cast, now):
    Notice.objects.create(
        person=cast.applicant, kind="k", event="e", subject="s", body="b", created_at=now, next_try_at=now
    )
    read = figures()
    assert read["fabrica_notices_unsent"] == {"": Notice.objects.filter(sent_at=None).count()}
    assert read["fabrica_audit_entries_unsealed"][""] > 0
    assert read["fabrica_cluster_accounts_in_trouble"] == {"": 0}
    assert read["fabrica_runs"] == dict.fromkeys(
        ["queued", "submitted", "running", "finishing", "succeeded", "failed", "cancelled"], 0
    )


def test_what_each_machine_said_last(machine, now):
    record_load(machine=machine, load=Load(devices_total=2, devices_busy=1, jobs_running=1, jobs_pending=0), now=now)
    read = figures()
    assert {name: read[f"fabrica_machine_{name}"] for name in ("is_reachable", "devices_busy", "devices_total")} == {
        "is_reachable": {"one": 1}, "devices_busy": {"one": 1}, "devices_total": {"one": 2},
    }  # fmt: skip
    assert read["fabrica_machine_asked_timestamp_seconds"] == {"one": now.timestamp()}


def test_what_the_processes_answered_is_told_even_where_the_database_is_silent(monkeypatch):
    def silent():
        raise DatabaseError("gone")
        yield

    monkeypatch.setattr(site_, "loops", silent)
    count("a:page", "GET", 200, 0)
    read = figures()
    assert read["fabrica_database_answers"] == {"": 0}
    assert "fabrica_runs" not in read
    assert read["fabrica_requests_total"]["GET,a:page,200"] >= 1


def test_nobody_of_the_cast_is_in_any_figure(cast, machine):
    text = metrics.text().decode()
    for person in (cast.applicant, cast.officer, cast.outsider):
        assert not re.search(f"{person.uid}|{person.name}|{person.email}|Novalis", text)
