"""What is printed and signed."""

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fabrica.kit.errors import Refused
from fabrica.people.engine.sme import as_dict, assess, declaration, read, to_html
from fabrica.people.engine.sme.explaining import explain
from fabrica.people.engine.sme.words import LISTS

from .sme_graphs import enterprise, graph, link

GOLDEN = Path(__file__).parent / "golden"
SME = GOLDEN / "sme"


def assessed(name):
    return assess(read(json.dumps(json.loads((SME / f"{name}.json").read_text())["given"])))


def decided():
    for path in sorted(SME.glob("*.json")):
        case = json.loads(path.read_text())
        if case["expected"]["category"] != "undecided":
            yield path.stem


class Words(HTMLParser):
    """The words of a page, and whether its tags are closed in order."""

    def __init__(self):
        super().__init__()
        self.words, self.open, self.tags = [], [], set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if data.strip() and "style" not in self.open:
            self.words.append(data.strip())


def words_of(page):
    reader = Words()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return reader


@pytest.mark.parametrize("name", list(decided()))
def test_the_page_is_whole_and_asks_for_a_signature(name):
    reader = words_of(to_html(declaration(assessed(name))))
    assert reader.words[0] == "Declaration of SME status (Recommendation 2003/361/EC)"
    assert reader.words[-3:] == ["Name and position of the signatory", "Place and date", "Signature"]
    assert not reader.tags & {"script", "link", "img", "iframe"}


def test_the_document_of_a_partner_is_this():
    found = declaration(assessed("09-linked-to-a-partner"))
    assert [(one.heading, one.rows) for one in found.parts if one.columns] == [
        (
            "The enterprise",
            (
                ("Enterprise", "Alpha"), ("Country", "–"), ("Type", "partner"), ("Category", "a medium-sized enterprise"),
                ("On", "2026-11-26"),
            ),
        ),
        ("Sums", (("2025", "61", "9,000,000", "5,900,000", "a medium-sized enterprise"),)),
        (
            "Enterprises",
            (
                ("Alpha", "the enterprise itself", "–", "100", "100", "40 / 6,000,000 / 5,000,000"),
                ("Beta", "partner", "Alpha", "30", "30", "6 / 300,000 / 300,000"),
                ("Gamma", "linked to a partner", "Alpha, Beta", "30", "30", "15 / 2,700,000 / 600,000"),
            ),
        ),
    ]  # fmt: skip


def test_the_explanation_in_sentences_is_the_one_read_and_approved():
    """One file with an example of every sentence: read it before you accept a change."""
    found = []
    for path in sorted(SME.glob("*.json")):
        told = as_dict(assessed(path.stem))
        found += [f"# {path.stem}", *told["explanation"], ""]
    assert "\n".join(found) == (GOLDEN / "sme-explanations.txt").read_text(encoding="utf-8")


def test_nobody_signs_what_is_undecided():
    with pytest.raises(Refused) as caught:
        declaration(assessed("46-figures-missing"))
    assert caught.value.as_dict() == {
        "what": "There is nothing to sign yet: the category is undecided.",
        "why": "Still possible: a small enterprise or a medium-sized enterprise or not an SME.",
        "todo": "State turnover, balance sheet total of Beta for 2025.",
    }


def test_a_name_is_text_and_never_markup():
    name = "<script>alert(1)</script> {name} & Sons"
    nodes = [{**enterprise("alpha"), "name": name}, {**enterprise("beta"), "name": '"B" {0}'}]
    reader = words_of(to_html(declaration(assess(graph(nodes, [link("beta", "alpha", "30")])))))
    assert "script" not in reader.tags
    assert name in reader.words
    assert '"B" {0}' in reader.words


def test_every_word_of_the_document_can_be_another_languages():
    """A page hands in its own translations; names and numbers stay."""
    found = declaration(assessed("16-venture-capital-at-50"), translate=lambda word: f"«{word}»")
    assert found.title == "«Declaration of SME status (Recommendation 2003/361/EC)»"
    assert [one.heading for one in found.parts] == [
        "«The enterprise»", "«Sums»", "«Enterprises»", "«How the category follows»", "«Sources»", "«Declaration»",
    ]  # fmt: skip
    assert found.parts[2].rows[1] == ("Fund", "«investor that is no partner»", "–", "0", "0", "–")
    assert all(line.startswith("«") for line in found.parts[3].paragraphs)


def test_the_examples_hold_every_sentence():
    used = {(one.list, one.code) for path in SME.glob("*.json") for one in explain(assessed(path.stem))}
    inside = {("step", code) for code in LISTS["step"]}  # parts of sentences, held by the golden text
    assert {(name, code) for name, codes in LISTS.items() for code in codes} - used - inside == set()
