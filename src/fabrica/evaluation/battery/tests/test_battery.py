import json

import pytest

from fabrica.evaluation.battery import energy, membership, memorising, quality
from fabrica.evaluation.battery.battery import Battery, Cost, Entry, Spent
from fabrica.evaluation.battery.informed import sha256_of
from fabrica.evaluation.battery.material import Material
from fabrica.evaluation.battery.result import Result, Verdict, not_run
from fabrica.evaluation.battery.tests.learnt import PROFILE, learnt
from fabrica.kit.errors import Refused

FAIL, NOT_RUN = Verdict.FAIL, Verdict.NOT_RUN


def verdicts(results):
    return {one.name: one.verdict for one in results}


@pytest.fixture(scope="module")
def found():
    return Battery(PROFILE).run(learnt().context())


@pytest.mark.long
def test_a_model_that_knows_its_text_by_heart_is_found_out():
    context = learnt().context()
    results = {one.name: one for one in [*memorising.probe(context), *membership.probe(context)]}
    assert {name: one.verdict for name, one in results.items()} == dict.fromkeys(results, FAIL)
    worst = results["planted secrets, each planted 16 times"]
    assert (worst.value, worst.more["mean"], worst.more["rivals"]) == (10.0, 10.0, 1_023)  # first among 128, then 1,024
    words = results["going on word for word"]
    assert (words.baseline, words.more["untrained"]) == (0, 0)


@pytest.mark.parametrize("seed", [1, 7])
def test_a_model_that_learnt_nothing_passes_nothing(seed):
    context = learnt().context(learnt().untrained(seed))
    assert set(verdicts(quality.probe(context)).values()) == {FAIL}
    assert set(verdicts(memorising.probe(context)).values()) == {NOT_RUN}
    assert set(verdicts(membership.probe(context)).values()) == {NOT_RUN}


def test_a_language_the_model_never_saw_has_no_verdict():
    context = learnt().context(languages={"fr": 1.0})
    context.material = Material(context.material.held_out)
    one = next(one for one in quality.probe(context) if one.name == "language en")
    assert (one.verdict, one.value, one.note) == (NOT_RUN, None, quality.NEVER_SEEN)
    assert one.more["bits_per_byte"] > 0


def test_without_the_training_text_nothing_is_said_about_it():
    context = learnt().context()
    context.material = Material(context.material.held_out)
    assert set(verdicts(membership.probe(context)).values()) == {NOT_RUN}
    assert verdicts(quality.probe(context))["language en"] is NOT_RUN


def test_a_repeat_gives_the_same_and_names_what_was_measured(found):
    again = Battery(PROFILE).run(learnt().context())
    assert {**again, "seconds": 0} == {**found, "seconds": 0}
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert sum(found["summary"].values()) == len(found["results"])
    assert found["data"]["held_out_sha256"] == learnt().material.sha256
    assert found["model"] == {"sha256": learnt().subject.sha256}
    assert found["training_languages"] == {"en": 1.0}


def lacking(one):
    """The fields that a result leaves out, though its note does not say that there are none."""
    told = one["note"].lower()
    absent = [name for name in ("value", "n", "threshold") if one[name] in (None, "")]
    for word, names in (("interval", ("low", "high")), ("baseline", ("baseline",)), ("data", ("data_sha256",))):
        absent += [name for name in names if one[name] in (None, "") and f"no {word}" not in told]
    return absent


def test_each_result_has_every_field_or_says_why_not(found, tmp_path):
    (tmp_path / energy.FILE).write_text(energy.as_json(energy.Energy(3_600.0, 60.0, whole=True)))
    results = [*found["results"], *(one.as_dict() for one in energy.probe(tmp_path))]
    judged = [one for one in results if one["verdict"] != NOT_RUN]
    assert {one["name"]: absent for one in judged if (absent := lacking(one))} == {}
    assert [one["name"] for one in results if one["verdict"] == NOT_RUN and not one["note"]] == []
    assert {"planted secrets, each planted once", "energy of the run"} <= {one["name"] for one in judged}


def test_planted_secrets_are_named_by_the_hash_of_their_texts(found):
    shown = {one["name"]: one["data_sha256"] for one in found["results"]}
    (once,) = [one.text for one in learnt().material.canaries if one.repeats == 1]
    assert shown["planted secrets, each planted once"] == sha256_of(once)


def test_energy_is_told_and_counts_as_no_pass(tmp_path):
    (tmp_path / energy.FILE).write_text(energy.as_json(energy.Energy(3_600.0, 60.0, whole=True)))
    entry = Entry("energy", Cost.LIGHT, lambda _context: energy.probe(tmp_path))
    found = Battery(PROFILE, entries=[entry]).run(learnt().context())
    assert found["summary"] == {"pass": 0, "warn": 0, "fail": 0, "not_run": 0, "told": 1}


def test_every_probe_is_heard(found):
    probes = list(dict.fromkeys(one["probe"] for one in found["results"]))
    assert probes == list(found["seconds"])


class Clock:
    """Each look takes a second."""

    def __init__(self):
        self.now = 0

    def __call__(self):
        self.now += 1
        return self.now


def answering(name):
    return lambda _context: [Result(probe=name, name=name, verdict=Verdict.PASS, value=1.0)]


def entries(*names, cost=Cost.READING):
    return [Entry(name, cost, answering(name)) for name in names]


def run(battery):
    return [(one["probe"], one["verdict"]) for one in battery.run(learnt().context())["results"]]


def test_what_has_not_begun_when_the_time_is_used_up_is_told_as_such():
    short = type(PROFILE)("quick", 2, PROFILE.sizes)
    light = entries("d", cost=Cost.LIGHT)
    told = run(Battery(short, entries=[*entries("a", "b", "c"), *light], clock=Clock()))
    assert told == [("a", "pass"), ("b", "pass"), ("c", "not_run"), ("d", "pass")]


def broken(_context):
    raise ZeroDivisionError


def refusing(_context):
    raise Refused("There is too little text.")


def test_a_probe_that_fails_has_no_verdict_and_the_others_go_on(capsys):
    battery = Battery(
        PROFILE, entries=[Entry("a", Cost.LIGHT, broken), Entry("b", Cost.LIGHT, refusing), *entries("c")]
    )
    results = battery.run(learnt().context())["results"]
    assert [(one["verdict"], one["note"]) for one in results] == [
        ("not_run", "The probe failed: ZeroDivisionError: "),
        ("not_run", "There is too little text."),
        ("pass", ""),
    ]
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_a_figure_that_is_no_number_is_none():
    nothing = Result(probe="a", name="a", verdict=Verdict.PASS, value=float("nan"))
    assert run(Battery(PROFILE, entries=[Entry("a", Cost.LIGHT, lambda _context: [nothing])])) == [("a", "not_run")]


def test_a_stopped_battery_goes_on_where_it_was(tmp_path):
    def stop(name, _done, _of):
        if name == "b":
            raise InterruptedError

    three = entries("a", "b", "c")
    with pytest.raises(InterruptedError):
        Battery(PROFILE, entries=three, kept=tmp_path, tick=stop).run(learnt().context())
    assert [one.name for one in tmp_path.iterdir()] == ["a.json"]
    again = [Entry("a", Cost.READING, broken), *three[1:]]
    assert run(Battery(PROFILE, entries=again, kept=tmp_path)) == [("a", "pass"), ("b", "pass"), ("c", "pass")]


def test_at_the_end_of_the_runs_time_what_was_measured_stands():
    def spent(name, _done, _of):
        if name != "a":
            raise Spent

    assert run(Battery(PROFILE, entries=entries("a", "b", "c"), tick=spent)) == [
        ("a", "pass"), ("b", "not_run"), ("c", "not_run"),
    ]  # fmt: skip


def test_what_is_not_run_says_why():
    assert not_run("a", "b", "Why.").as_dict()["note"] == "Why."
