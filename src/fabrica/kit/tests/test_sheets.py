"""Cells that no spreadsheet runs."""

import csv

import pytest
from fabrica.kit.sheets import cell, lines


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1"])
def test_text_that_a_spreadsheet_would_run_is_quoted(text):
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize("value", ["a=b", "", "Plain", -1, 2.5, None])
def test_other_text_and_numbers_stay(value):
    assert cell(value) == value


def test_a_reader_of_csv_finds_every_cell_again():
    told = list(csv.reader(lines(("a", "b"), [('quote " and, comma', "line\nend"), (1, None)])))
    assert told == [["a", "b"], ['quote " and, comma', "line\nend"], ["1", ""]]
