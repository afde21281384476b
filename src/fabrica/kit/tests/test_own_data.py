"""A site's own data file takes the place of ours, or is refused: which file, why, and what to do."""

import json

import pytest
from fabrica.kit.errors import Refused
from fabrica.kit.facts import MOST_BYTES, Data, source_of

CLOCKS = Data("fabrica.applications", "clocks.json", "FABRICA_CLOCKS", "docs/operator/clocks.md")


def test_without_a_file_of_its_own_ours_is_read_and_with_one_that_one(tmp_path):
    own = tmp_path / "own.json"
    own.write_text(json.dumps({"warn_percent": 70}), encoding="utf-8")
    assert [CLOCKS.read(path, lambda found: found["warn_percent"]) for path in ("", str(own))] == [80, 70]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"[]", "it is not a JSON object"),
        (b"{}", "it lacks 'a'"),
        (b'{"a": 1}', "a fact without"),
        (b"{", "Expecting property name"),
        (b"\xff", "codec can't decode"),
        (b"[" * 100_000, "recursion"),
        (b" " * (MOST_BYTES + 1), "it has more than 1,000,000 bytes"),
        (None, "No such file or directory"),
    ],
    ids=range(8),
)
def test_what_cannot_be_used_says_which_file_why_and_what_to_do(tmp_path, content, why):
    own = tmp_path / "own.json"
    if content is not None:
        own.write_bytes(content)
    with pytest.raises(Refused) as refused:
        CLOCKS.read(str(own), lambda found: source_of({"a": found["a"]}))
    told = refused.value
    assert (told.what, why in told.why) == (f"{own} cannot be used.", True), told.why
    assert told.todo == "Mend it as docs/operator/clocks.md says, or leave FABRICA_CLOCKS empty, then restart."
