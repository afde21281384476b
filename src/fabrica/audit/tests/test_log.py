import json
import logging

import pytest
from django.db import transaction

from fabrica.audit.services import record
from fabrica.kit.logs import JsonFormatter, carrying


@pytest.fixture
def lines(caplog):
    caplog.set_level(logging.INFO)
    caplog.handler.setFormatter(JsonFormatter())
    return lambda: [json.loads(line) for line in caplog.text.splitlines()]


@pytest.mark.django_db(transaction=True)
def test_what_was_done_is_told_to_the_log_with_the_request_or_loop_that_did_it(now, lines):
    with carrying(request_id="r1"), transaction.atomic():
        record(verb="run.launch", by=None, subject="run:u1", now=now, gpu_seconds=5)
        assert lines() == []
    (line,) = lines()
    assert (line["message"], line["verb"], line["subject"], line["request_id"]) == (
        "run.launch run:u1", "run.launch", "run:u1", "r1",
    )  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_what_was_taken_back_is_not_told(now, lines):
    with pytest.raises(RuntimeError), transaction.atomic():
        record(verb="run.launch", by=None, subject="run:u1", now=now)
        raise RuntimeError
    assert lines() == []
