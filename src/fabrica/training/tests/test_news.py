import json

import pytest
from fabrica.training import queries, tasks
from fabrica.training.models import Run
from fabrica.training.states import State


def line(step, loss=None, **changes):
    values = {"step": step, "loss": 6 - step / 100 if loss is None else loss, "tokens_per_second": 1_000.5}
    return json.dumps({**values, "elapsed_seconds": step / 10, "at": "2026-11-23T09:00:00+00:00", **changes}) + "\n"


def lines(first, last):
    return "".join(line(step) for step in range(first, last + 1))


@pytest.fixture
def run(site, clock):
    made = site.launch(clock.now, recipe={"name": "tiny", "steps": 200})
    tasks.submit(clock.now)
    tasks.follow(clock.advance(2))
    return made


@pytest.fixture
def look(run, clock):
    """Write metrics.jsonl and have a worker look; returns the run and the steps it knows."""

    def look_at(text=None, progress=None):
        if text is not None:
            (run.folder / "metrics.jsonl").write_text(text)
        if progress is not None:
            (run.folder / "progress.json").write_text(json.dumps(progress))
        tasks.follow(clock.advance(1))
        found = Run.objects.get(pk=run.pk)
        return found, [one.step for one in queries.points_after(found)]

    return look_at


def told(phase, step, steps, **more):
    return {"phase": phase, "step": step, "steps": steps, "loss": None, "tokens_per_second": None,
            "seconds_left": None, **more}  # fmt: skip


def test_only_new_lines_are_read(look, fake, monkeypatch):
    look(lines(1, 3))
    read = fake.read_output
    asked = []
    monkeypatch.setattr(fake, "read_output", lambda *args: asked.append(args[1:3]) or read(*args))
    found, steps = look(lines(1, 5))
    assert steps == [1, 2, 3, 4, 5]
    assert ("metrics.jsonl", len(lines(1, 3)) - 1) in asked
    assert (found.metrics_offset, found.metrics_step) == (len(lines(1, 5)), 5)


def test_an_unfinished_line_waits_for_its_end(look):
    whole = lines(1, 3)
    assert look(whole[:-4])[1] == [1, 2]
    assert look(whole)[1] == [1, 2, 3]


def test_lines_that_make_no_sense_are_skipped_and_counted_once(look):
    text = line(1) + "noise\n" + line(2) + line(3, loss="x")
    assert look(text)[0].lines_skipped == 2
    found, steps = look(text + line(4))
    assert (found.lines_skipped, steps) == (2, [1, 2, 4])


def test_steps_that_are_made_again_after_an_interruption_stand_once(look, run, clock, fake):
    look(lines(1, 27))
    fake.lose(Run.objects.get(pk=run.pk).attempts.get().job_id)
    tasks.follow(clock.advance(2))
    tasks.submit(clock.advance(2))
    again = lines(1, 20) + "".join(line(step, loss=1.0) for step in range(21, 24))
    found, steps = look(again)
    assert steps == list(range(1, 28))
    assert found.points.get(step=23).loss == 1.0
    assert look(again + lines(24, 40))[1] == list(range(1, 41))


@pytest.mark.parametrize("grown", [(1, 22), (1, 27), (1, 28), (1, 60)])
def test_a_file_that_was_rewritten_under_the_reader_is_read_afresh(look, grown):
    look(lines(1, 27))
    rewritten = lines(1, 20) + "".join(line(step, loss=9.123456) for step in range(21, grown[1] + 1))
    _found, steps = look(rewritten)
    steps = look(rewritten + line(grown[1] + 1, loss=9.0))[1]
    assert steps == list(range(1, max(27, grown[1] + 1) + 1))


def test_progress_is_shown(look):
    progress = told("train", 30, 200, loss=4.5, tokens_per_second=900.0, seconds_left=12.5)
    found, _steps = look(lines(1, 3), progress)
    assert (found.state, found.phase, found.step, found.steps) == (State.RUNNING, "train", 30, 200)
    assert (found.loss, found.tokens_per_second, found.seconds_left) == (4.5, 900.0, 12.5)


def test_measuring_and_packing_is_finishing_and_keeps_the_steps(look):
    look(None, told("train", 200, 200, loss=4.5, tokens_per_second=900.0, seconds_left=0.0))
    found, _steps = look(None, told("evaluate", 1, 7))
    assert (found.state, found.step, found.steps, found.loss) == (State.FINISHING, 200, 200, 4.5)


@pytest.mark.parametrize("raw", ["", "{", "[]", '{"phase": "x"}', '{"phase": "train", "step": "a", "steps": 3}'])
def test_progress_that_makes_no_sense_changes_nothing(look, run, raw):
    before, _steps = look(None, told("train", 30, 200, loss=4.5, tokens_per_second=900.0, seconds_left=12.5))
    (run.folder / "progress.json").write_text(raw)
    after, _steps = look()
    assert (after.state, after.phase, after.step, after.loss) == (before.state, "train", 30, 4.5)


def test_points_of_a_long_run_are_bounded(site, clock, fake, monkeypatch):
    monkeypatch.setattr("fabrica.training.engine.reading.MAX_POINTS", 20)
    made = site.launch(clock.now, recipe={"name": "tiny", "steps": 200})
    tasks.submit(clock.now)
    tasks.follow(clock.advance(2))
    (made.folder / "metrics.jsonl").write_text(lines(1, 200))
    tasks.follow(clock.advance(2))
    assert [one.step for one in queries.points_after(made)] == [1, *range(10, 201, 10)]


def test_all_lines_are_read_at_the_end_however_many_pieces_they_take(run, clock, fake, monkeypatch):
    monkeypatch.setattr("fabrica.training.tasks.news.PIECE_BYTES", 1_000)
    (run.folder / "metrics.jsonl").write_text(lines(1, 200))
    (run.folder / "result.json").write_text(json.dumps({"run": run.uid, "files": [], "summary": {}}))
    tasks.follow(clock.advance(70))
    found = Run.objects.get(pk=run.pk)
    assert (found.state, found.step) == (State.SUCCEEDED, 200)
    assert [one.step for one in queries.points_after(found)] == list(range(1, 201))


def test_a_link_in_the_job_folder_is_not_followed(look, run, tmp_path):
    (tmp_path / "secret").write_text(lines(1, 3))
    (run.folder / "metrics.jsonl").symlink_to(tmp_path / "secret")
    assert look()[1] == []
