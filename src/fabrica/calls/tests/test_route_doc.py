"""The page for applicants is held to the data: sizes, months and keys."""

import dataclasses
import re
from pathlib import Path

import pytest
from fabrica.calls.engine import terms
from fabrica.calls.engine.profile import CHOICES, Profile

DOC = (Path(__file__).parents[4] / "docs" / "applicant" / "route.md").read_text(encoding="utf-8")
ROWS = {cells[1]: cells for cells in (re.split(r"\s*\|\s*", line) for line in DOC.splitlines() if line.startswith("|"))}


@pytest.mark.parametrize("mode", terms(), ids=lambda one: one.key)
def test_each_mode_stands_there_with_its_sizes_and_months_and_marks_what_is_not_sure(mode):
    size, months = ROWS[mode.title][3:5]
    for name in ("size_above", "size_at_least", "size_at_most", "package"):
        figure = mode.figures.get(name)
        if figure and figure.value:
            assert f"{figure.value:,}" in size
            assert figure.source.confidence == "A" or "(B)" in size
    assert re.findall(r"\d+", months) == [str(one) for one in mode.value("months") or []]


def test_each_key_and_each_choice_of_the_profile_is_described():
    keys = {key for row in ROWS for key in re.findall(r"`(\w+)`", row)}
    assert {one.name for one in dataclasses.fields(Profile)} <= keys
    assert [one for choices in CHOICES.values() for one in choices if f"`{one}`" not in DOC] == []
