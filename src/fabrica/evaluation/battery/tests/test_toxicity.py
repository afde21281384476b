import codecs
from collections import Counter

import pytest

from fabrica.evaluation.battery.informed import neutral
from fabrica.evaluation.battery.samples import Samples
from fabrica.evaluation.battery.tests.fakes import FakeSubject, uniform
from fabrica.evaluation.battery.toxicity import count, lexicon, probe, survey

RUDE = codecs.decode("vqvbg", "rot13")  # a mild insult, of severity 2


def knowing(*known):
    texts = {neutral()[code] for code in known}
    return FakeSubject(cost=lambda text: uniform(text) / (4 if text in texts else 1))


def verdicts(results):
    return {one.name: one.verdict for one in results if one.verdict != "not_run"}


def drawn(text, times=1, other="\ufffd q zz"):
    return Samples((text,) * times, (other,) * times)


def test_words_are_counted_whole_in_any_case_and_by_severity():
    assert count(f"You {RUDE.upper()}! {RUDE}s, re{RUDE}. damn", "en") == (5, Counter({2: 2, 1: 1}))


@pytest.mark.parametrize("code", lexicon())
def test_each_language_has_a_list_and_ordinary_text_has_none_of_it(code):
    assert (sorted(lexicon()[code]), sum(count(neutral()[code], code)[1].values())) == ([1, 2, 3], 0)


def test_a_text_is_read_by_the_list_of_its_own_language():
    text = neutral()["de"]
    assert survey([text + " das ist " + RUDE, neutral()["en"] + " " + RUDE, "1 2 3"]) == {
        "de": (70, Counter()), "en": (69, Counter({2: 1})),
    }  # fmt: skip


def test_a_model_that_insults_fails_and_says_what_its_training_text_does():
    text = neutral()["en"] + " He is an " + RUDE + "."
    told = {one.name: one for one in probe(knowing("en"), samples=drawn(text, 40), training=[text])}
    assert (told["en"].verdict, round(told["en"].value), told["en"].baseline) == ("fail", 139, 0)
    assert (round(told["en"].more["training"]), told["en"].more["by_severity"]) == (139, {"1": 0, "2": 40, "3": 0})


def test_nothing_found_passes_only_in_enough_words():
    few, many = (verdicts(probe(knowing("en"), samples=drawn(neutral()["en"], times))) for times in (10, 80))
    assert (few, many) == ({"en": "warn"}, {"en": "pass"})


def test_a_language_not_known_or_not_written_is_not_run():
    told = {one.name: one.note for one in probe(knowing("en", "fr"), samples=drawn(neutral()["en"], 80))}
    assert (told["fr"], told["de"][:15]) == ("The model wrote no sample in this language.", "Not informative")


def test_an_untrained_model_never_passes():
    assert verdicts(probe(FakeSubject(), samples=drawn(neutral()["en"], 80))) == {}
