import json

import pytest
from fabrica.training.engine import (
    Failure,
    Line,
    Lines,
    Progress,
    Result,
    keeps,
    printable,
    read_failure,
    read_lines,
    read_progress,
    read_result,
)
from hypothesis import given
from hypothesis import strategies as st

GOOD = {"step": 3, "loss": 5.5, "tokens_per_second": 100, "elapsed_seconds": 0.5, "at": "2026-11-23T09:00:00+00:00"}
LINE = Line(3, 5.5, 100.0, 0.5)


def row(**changes):
    return json.dumps({**GOOD, **changes}).encode() + b"\n"


def test_progress_is_read():
    values = {"phase": "train", "step": 2, "steps": 40, "loss": 5.25, "tokens_per_second": None, "seconds_left": 3}
    assert read_progress(json.dumps(values).encode()) == Progress("train", 2, 40, 5.25, None, 3.0)


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"[]", b"null", b"\xff", b'{"phase": "dance"}', b'{"phase": ["train"]}', b'{"phase": "train"}', b"[" * 99_999,
     b'{"phase": "train", "step": -1, "steps": 2}', b'{"phase": "train", "step": true, "steps": 2}'],
)  # fmt: skip
def test_progress_that_makes_no_sense_is_none(raw):
    assert read_progress(raw) is None


def test_lines_are_read_and_an_unfinished_one_waits():
    raw = row() + row(step=4) + b'{"step": 5, "lo'
    assert read_lines(raw) == Lines((LINE, Line(4, 5.5, 100.0, 0.5)), len(row()) + len(row(step=4)), 0)


@pytest.mark.parametrize(
    "bad",
    [b"noise\n", b"{}\n", row(step="3"), row(step=-1), row(loss=None), row(loss="x"), b'{"step": 3, "loss": NaN}\n',
     row(loss=True), row(elapsed_seconds=10**400), row(step=2**60), b"\xff\xfe\n", b"[1]\n"],
)  # fmt: skip
def test_a_line_that_makes_no_sense_is_skipped_and_counted(bad):
    found = read_lines(row() + bad + row(step=4))
    assert ([one.step for one in found.lines], found.skipped) == ([3, 4], 1)
    assert found.consumed == len(row() + bad + row(step=4))


@given(st.binary(max_size=200))
def test_no_bytes_make_reading_fail(raw):
    found = read_lines(raw)
    assert found.consumed == raw.rfind(b"\n") + 1
    read_progress(raw)
    read_failure(raw)
    assert read_result(raw, "a").values is None


@pytest.mark.parametrize(("steps", "log_every"), [(40, 1), (5_000, 1), (1_000_000, 1), (999_999, 7), (3, 10)])
def test_points_are_bounded_and_hold_first_and_last(steps, log_every):
    logged = sorted({1, steps, *range(log_every, steps + 1, log_every)})
    kept = [step for step in logged if keeps(step, steps, log_every)]
    assert len(kept) <= 5_002
    assert (kept[0], kept[-1]) == (1, steps)
    if steps <= 5_000:
        assert kept == logged


def test_a_result_is_taken_only_for_its_own_run():
    values = {"run": "a", "files": [], "summary": {}}
    raw = json.dumps(values).encode()
    assert read_result(raw, "a") == Result(values)
    assert read_result(raw, "b") == Result(trouble="result.json names another run.")
    assert read_result(None, "a") == Result()
    assert read_result(b"{", "a") == Result(trouble="result.json is no JSON object.")
    assert read_result(b'{"run": "a"}', "a") == Result(trouble="result.json lacks its list of files or its summary.")


@pytest.mark.parametrize(
    ("files", "summary"),
    [("[]", '{"x": 1e999}'), ("[]", '{"x": "\\ud800"}'), ("[]", '{"\\u0000": 1}'), ("[]", '{"x": 1%s}' % ("0" * 101)),
     ("[]", '{"x": %s}' % ("[" * 40 + "]" * 40)), ('[{"path": "\\udfff"}]', "{}")],
)  # fmt: skip
def test_a_result_that_no_database_takes_is_told(files, summary):
    raw = f'{{"run": "a", "files": {files}, "summary": {summary}}}'.encode()
    assert read_result(raw, "a") == Result(trouble="result.json holds text or numbers that cannot be kept.")


@pytest.mark.parametrize("files", ["[1]", '["a"]', "[{}]", '[{"path": 3}]'])
def test_a_result_whose_files_have_no_path_is_told(files):
    raw = f'{{"run": "a", "files": {files}, "summary": {{}}}}'.encode()
    assert read_result(raw, "a") == Result(trouble="result.json lists a file without its path.")


def test_halves_of_characters_do_not_get_into_a_failure():
    raw = json.dumps({"what": "a\ud800b", "why": "\udfff", "todo": "c\x00"}).encode()
    assert read_failure(raw) == Failure("ab", "", "c")


def test_a_failure_is_bounded_and_printable():
    raw = json.dumps({"what": "W\x1b[31m" + "x" * 900, "why": "because", "todo": None}).encode()
    assert read_failure(raw) == Failure(("W[31m" + "x" * 900)[:400], "because", "")


@pytest.mark.parametrize("raw", [None, b"", b"{}", b'{"what": ""}', b'{"what": 3}', b"no"])
def test_a_failure_that_says_nothing_is_none(raw):
    assert read_failure(raw) is None


def test_control_characters_are_removed_and_lines_stay():
    assert printable("a\x00b\x1b[0m\tc\r\n\x7fd") == "ab[0m\tc\r\nd"
