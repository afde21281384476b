import json
from html.parser import HTMLParser

import pytest

from fabrica.evaluation.battery.battery import ENTRIES, Battery, Cost, Entry
from fabrica.evaluation.battery.bounds import bounds
from fabrica.evaluation.battery.meanings import meaning
from fabrica.evaluation.battery.report import to_html, to_markdown
from fabrica.evaluation.battery.result import Result, Verdict, not_run
from fabrica.evaluation.battery.tests.learnt import PROFILE, learnt

RESULTS = [
    Result(
        probe="membership", name="cost <by> byte | x", verdict=Verdict.FAIL, value=0.98765, low=0.9, high=0.99, n=12,
        unit="AUC", baseline=0.5, threshold="at most 0.6", data_sha256="ab" * 32,
    ),
    not_run("membership", "other", "Not informative: <too few>."),
]  # fmt: skip


@pytest.fixture(scope="module")
def found():
    context = learnt().context(languages={"en": 1.0})
    return Battery(PROFILE, entries=[Entry("membership", Cost.LIGHT, lambda _context: RESULTS)]).run(context)


class Tags(HTMLParser):
    """Counts tags, and keeps what is asked for from elsewhere."""

    def __init__(self):
        super().__init__()
        self.tags, self.asked = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.asked += [value for name, value in attrs if name in ("src", "href", "onclick")]


def test_the_page_holds_every_figure_and_asks_for_nothing(found):
    page = to_html(found)
    parser = Tags()
    parser.feed(page)
    assert (parser.asked, parser.tags.count("script"), parser.tags.count("table")) == ([], 0, 2)
    assert "cost &lt;by&gt; byte" in page and "Not informative: &lt;too few&gt;." in page
    assert "<td class='fail'>fails</td><td>0.9877 AUC</td><td>0.9 to 0.99</td><td>12</td><td>0.5</td>" in page


def test_the_markdown_holds_a_row_for_each_figure(found):
    lines = to_markdown(found).splitlines()
    told = "| cost <by> byte \\| x | fails | 0.9877 AUC | 0.9 to 0.99 | 12 | 0.5 | at most 0.6 | abababababab |"
    assert lines.count(told) == 1
    assert lines.count("| other | not told | – | – | 0 | – | – | – |") == 1
    assert lines.count("- Result: passes: 0, look at it: 0, fails: 1, not told: 1, not judged: 0") == 1
    assert lines.count("- other: Not informative: <too few>.") == 1


def test_a_battery_from_before_there_was_a_verdict_is_told_too(found):
    old = {**found, "summary": {name: count for name, count in found["summary"].items() if name != "told"}}
    assert (to_markdown(old), to_html(old)) == (to_markdown(found), to_html(found))


def test_every_probe_is_explained_and_every_bound_has_its_reason():
    assert [entry.name for entry in ENTRIES if not meaning(entry.name)[1]] == []
    told = {
        name: (bool(one.reason and one.source), one.confidence in ("A", "B", "C")) for name, one in bounds().items()
    }
    assert [name for name, one in told.items() if one != (True, True)] == []
    assert json.loads(json.dumps(meaning("unheard of"))) == ["Unheard of", ""]
