"""The worker's turns: what fails is told and tried later, and stops nobody else."""

import logging

import pytest
from django.db import InterfaceError, OperationalError
from fabrica.config.heart import Heart
from fabrica.config.worker import Pace, turn
from fabrica.kit.errors import Unreachable


def loop_that(result):
    def loop(_now):
        if isinstance(result, Exception):
            raise result
        return result

    return loop


@pytest.mark.parametrize(
    "error",
    [InterfaceError("the connection is closed"), OperationalError("the server stops"), Unreachable("Nobody answers."), OSError("full")],
)  # fmt: skip
def test_what_passes_by_itself_is_one_line_and_the_other_loops_go_on(db, caplog, error):
    paces = {}
    assert turn([("first", loop_that(error)), ("second", loop_that(True))], paces, 100.0, Heart()) is True
    assert [(one.levelname, one.getMessage(), one.exc_info) for one in caplog.records] == [
        ("WARNING", f"first: {error}", None)
    ]
    assert (paces["first"].failures, paces["second"].failures) == (1, 0)


def test_a_mistake_of_ours_is_told_whole_and_the_other_loops_go_on(db, caplog):
    error = RuntimeError("broken")
    assert turn([("first", loop_that(error)), ("second", loop_that(True))], {}, 100.0, Heart()) is True
    (record,) = caplog.records
    assert (record.levelno, record.getMessage(), record.exc_info[1]) == (logging.ERROR, "first failed", error)


def test_a_loop_that_fails_is_tried_later_and_later_and_at_once_after_it_worked():
    pace, waits = Pace(), []
    for _ in range(10):
        pace.failed(0.0)
        waits.append(pace.next_at)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]
    pace.after(worked=True, clock=5.0)
    assert (pace.next_at, pace.failures) == (5.0, 0)
