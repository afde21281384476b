"""Whole-number programmes: exact where doubles are not."""

from fractions import Fraction

import pytest
from fabrica.kit.errors import Refused
from fabrica.kit.solver import Programme, State, relax, solve


def knapsack(high):
    made = Programme()
    columns = [made.column() for _ in range(3)]
    made.row(zip(columns, (10**9 + 1, 10**9, 10**9), strict=True), high=high)
    return made, dict(zip(columns, (3, 2, 2), strict=True))


def test_a_unit_in_a_billion_decides():
    assert solve(*knapsack(2 * 10**9)).values == (0, 1, 1)
    assert solve(*knapsack(2 * 10**9 + 1)).values[0] == 1


def test_every_answer_holds_in_whole_numbers_where_factors_are_too_large_for_doubles_to_tell():
    made = Programme()
    columns = [made.column() for _ in range(4)]
    made.row([(one, 2**40 + at) for at, one in enumerate(columns)], high=3 * 2**40 + 3)
    answer = solve(made, dict.fromkeys(columns, 1))
    assert all(row.holds(answer.values) for row in made.rows)
    assert (answer.state, answer.values) == (State.BEST, (1, 1, 1, 0))


def test_none_is_told_from_nothing():
    made = Programme()
    column = made.column()
    made.row([(column, 2)], low=1, high=1)
    assert (solve(made, {}).state, solve(made, {}).values) == (State.NONE, ())


def test_prices_are_those_of_the_rows_as_given():
    made = Programme()
    columns = [made.column(), made.column()]
    made.row([(columns[0], 6), (columns[1], 6)], high=6)
    found = relax(made, {columns[0]: 1, columns[1]: 1})
    assert Fraction(found.prices[0]).limit_denominator(100) == Fraction(1, 6)


def test_figures_too_fine_for_their_size_are_refused():
    made = Programme()
    made.row([(made.column(), 2**60 + 1), (made.column(), 2)], high=2**60)
    with pytest.raises(Refused) as refused:
        solve(made, {})
    assert refused.value.what == "The figures are too fine for their size."
