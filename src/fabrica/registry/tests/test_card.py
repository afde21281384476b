"""The card says what is known, and unknown where it is not."""

from fabrica.registry.engine.card import comparisons, known, render_card
from fabrica.registry.tests.folders import EVALUATION, FACTS


def lines(card):
    return card.splitlines()


def test_a_card_of_no_facts_guesses_nothing():
    card = lines(render_card({}))
    assert card[0] == "# unknown"
    assert {line.split(": ", 1)[1] for line in card if line.startswith("- ")} == {"unknown", "fabrica unknown"}
    assert "This model was not measured." in card


def test_the_evaluation_is_reported_won_or_lost():
    card = lines(render_card(FACTS))
    assert "Bits per byte of held-out text (lower is better): **2.25**" in card
    assert [line for line in card if line.startswith("| ")][2:] == [
        "| the same model, untrained | 8.01 | won |",
        "| byte bigrams of the same training text | 3.4 | won |",
        "| xz -9 on the same bytes | 2.1 | lost |",
    ]
    assert [one[3] for one in comparisons(EVALUATION)] == ["won", "won", "lost"]


def test_the_data_is_named_with_hash_and_licence():
    card = lines(render_card(FACTS))
    start = card.index("### Python")
    assert card[start + 2 : start + 5] == [
        "- Version: fabrica:python-stdlib@1",
        f"- SHA-256: {'cd' * 32}",
        "- Licence: PSF-2.0",
    ]


def test_words_of_people_cannot_become_markup():
    assert known("# <script>\n| [x](y)") == r"\# \<script\> \| \[x\](y)"


def test_a_sample_with_fences_stays_inside_its_own():
    card = render_card({"sample": "```\n# not a heading\n````"})
    assert "\n`````\n```\n# not a heading\n````\n`````\n" in card


def test_the_same_facts_make_the_same_card():
    assert render_card(FACTS) == render_card(dict(FACTS))


def test_a_commands_card_shows_the_command_and_was_not_measured():
    card = lines(render_card({"kind": "command", "command": ["python", "-c", "print(1)"]}))
    assert '["python", "-c", "print(1)"]' in card
    assert "This model was not measured." in card
