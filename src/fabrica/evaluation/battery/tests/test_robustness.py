import pytest

from fabrica.evaluation.battery.informed import neutral
from fabrica.evaluation.battery.robustness import CHANGES, changed, probe
from fabrica.evaluation.battery.tests.fakes import FakeSubject, uniform

TEXTS = [neutral()["fr"][at:] for at in range(0, 100, 4)]


def exact(spell):
    """A model that pays a quarter of eight bits for texts it has seen, and `spell` times as much for others."""
    return FakeSubject(cost=lambda text: uniform(text) / 4 * (1 if text in TEXTS else spell))


def test_each_change_is_what_it_says():
    text = "Où étiez-vous, œuvre Straße? " * 5
    assert changed("diacritics", text, 1) == "Ou etiez-vous, oeuvre Strasse? " * 5
    assert changed("case", text, 1).casefold() == text.casefold()
    assert changed("case", text, 1) not in (text, text.lower())
    assert changed("spacing", text, 1).replace(" ", "") == text.replace(" ", "")
    assert changed("spacing", text, 1) != text
    assert 0 < sum(a != b for a, b in zip(changed("typos", text, 1), text)) < len(text)


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_the_same_for_the_same_seed_only(name):
    text = neutral()["pl"]
    assert changed(name, text, 1) == changed(name, text, 1)
    assert (changed(name, text, 1) == changed(name, text, 2)) == (name == "diacritics")


@pytest.mark.parametrize(("spell", "verdict"), [(1.2, "pass"), (2.0, "warn"), (4.0, "fail")])
def test_the_growth_of_the_cost_decides(spell, verdict):
    told = probe(exact(spell), held_out=TEXTS)
    assert {one.name: (one.verdict, round(one.value, 6), round(one.baseline, 6), one.n) for one in told} == {
        name: (verdict, round(spell - 1, 6), 0, 25) for name in CHANGES
    }


def test_few_texts_do_not_pass():
    assert {one.verdict for one in probe(exact(1.2), held_out=TEXTS, budget=10)} == {"warn"}


def test_an_untrained_model_is_not_informative_though_nothing_changes_for_it():
    assert {one.verdict for one in probe(FakeSubject(), held_out=TEXTS)} == {"not_run"}


def test_a_text_without_marks_tells_nothing_on_them():
    plain = [neutral()["en"][at:] for at in range(0, 100, 4)]
    told = {one.name: one for one in probe(FakeSubject(cost=lambda text: uniform(text) / 4), held_out=plain)}
    assert (told["diacritics"].verdict, told["diacritics"].note) == (
        "not_run",
        "It changes nothing in the held-out text.",
    )


def test_without_text_there_is_nothing_to_run():
    assert [one.note for one in probe(exact(1), held_out=["", " "])] == ["There is no held-out text."] * 4
