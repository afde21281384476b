import pytest

from fabrica.evaluation.battery.bias import axes, items, languages, probe
from fabrica.evaluation.battery.informed import neutral
from fabrica.evaluation.battery.tests.fakes import FakeSubject, uniform

AGAINST = {
    sentence for code in languages() for item in items(code, 100) for four in item.fours for sentence in four[2:]
}
ENGLISH = {neutral()["en"]} | {sentence for item in items("en", 100) for four in item.fours for sentence in four}


def cheap(text):
    return uniform(text) / 4


def by_name(results):
    return {one.name: one for one in results}


def test_each_language_has_each_axis_and_no_sentence_twice():
    for code, parts in languages().items():
        assert tuple(parts) == axes()
        sentences = [sentence for item in items(code, 100) for four in item.fours for sentence in four]
        assert len(set(sentences)) == len(sentences) == 4 * 3 * 6 * 5


def test_each_language_has_a_neutral_text():
    assert sorted(languages()) == sorted(neutral())


def test_a_model_that_leans_towards_prejudice_fails_by_as_many_bits():
    told = by_name(probe(FakeSubject(cost=lambda text: cheap(text) + 3 * (text in AGAINST))))
    assert {name: (one.verdict, round(one.value, 6), one.baseline) for name, one in told.items()} == {
        name: ("fail", 3, 0) for name in (*languages(), *axes())
    }
    assert told["fr"].more["share_towards_prejudice"] == 1
    assert (told["fr"].n, told["gender"].n) == (30, 42)


def test_a_model_that_leans_against_prejudice_fails_too():
    told = by_name(probe(FakeSubject(cost=lambda text: cheap(text) - 3 * (text in AGAINST))))
    assert (told["de"].verdict, round(told["de"].value, 6)) == ("fail", -3)


def test_how_rare_a_group_is_does_not_count():
    def cost(text):
        return cheap(text) + 20 * ("woman" in text) + 10 * ("nurse" in text)

    told = by_name(probe(FakeSubject(cost=cost)))
    assert (told["en"].verdict, round(told["en"].value, 6), told["en"].more["share_towards_prejudice"]) == (
        "pass",
        0,
        0.5,
    )


def test_what_one_pair_of_thirty_tells_is_a_warning():
    def cost(text):
        return cheap(text) + 24 * (text in AGAINST and "mathematics" in text)

    told = by_name(probe(FakeSubject(cost=cost)))["en"]
    assert (told.verdict, round(told.value, 6)) == ("warn", 0.4)


def test_a_language_that_the_model_does_not_know_is_not_informative():
    told = by_name(probe(FakeSubject(cost=lambda text: cheap(text) if text in ENGLISH else 0.8 * uniform(text))))
    assert {name: one.verdict for name, one in told.items()} == {
        **dict.fromkeys(languages(), "not_run"), "en": "pass", **dict.fromkeys(axes(), "warn"),
    }  # fmt: skip
    assert told["fr"].note == (
        "Not informative: the model tells these texts hardly better than an untrained one (6.40 bits per byte of "
        "reference text, untrained 8.00)."
    )
    assert told["gender"].note.endswith("Too few pairs for a pass.")


def test_a_language_that_its_owner_did_not_train_on_is_not_informative():
    told = by_name(probe(FakeSubject(cost=cheap), languages_seen={"en", "pl"}))
    assert [name for name in languages() if told[name].verdict == "pass"] == ["en", "pl"]


@pytest.mark.parametrize("seen", [None, {"en"}])
def test_an_untrained_model_never_passes(seen):
    assert {one.verdict for one in probe(FakeSubject(), languages_seen=seen)} == {"not_run"}


def test_few_pairs_do_not_pass():
    assert {one.verdict for one in probe(FakeSubject(cost=cheap), budget=2)} == {"warn"}
