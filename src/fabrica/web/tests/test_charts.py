import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.web import charts, drawing

LABELS = {"x_label": "Step", "y_label": "Loss", "title": "Loss of run 3"}


def polylines(chart):
    return [points.split() for points in re.findall(r'<polyline[^>]* points="([^"]*)"', chart)]


def test_a_chart_without_points_says_so():
    assert charts.line_chart([], **LABELS) == (
        '<figure class="chart"><figcaption>Loss of run 3</figcaption>'
        '<p class="chart-empty">No figures yet. The chart starts with the first one.</p></figure>'
    )


def test_a_single_point_is_a_dot():
    chart = charts.line_chart([(3, 2.5)], **LABELS)
    assert polylines(chart) == []
    assert chart.count('<circle class="chart-dot series-1"') == 1


def test_a_constant_line_lies_in_the_middle_of_the_drawing():
    (line,) = polylines(charts.line_chart([(0, 3.0), (10, 3.0)], **LABELS))
    middle = (drawing.TOP + drawing.HEIGHT - drawing.BOTTOM) / 2
    assert line == [f"{drawing.LEFT}.0,{middle}", f"{drawing.WIDTH - drawing.RIGHT}.0,{middle}"]


def test_many_points_are_thinned_and_ends_and_spikes_are_kept():
    points = [(float(x), 1.0) for x in range(100_000)]
    points[4321] = (4321.0, 99.0)
    thin = drawing.downsample(points)
    assert len(thin) <= drawing.MAX_DRAWN_POINTS
    assert (thin[0], thin[-1], max(thin, key=lambda p: p[1])) == (points[0], points[-1], (4321.0, 99.0))


def test_a_few_points_are_all_drawn():
    points = [(float(x), float(x * x)) for x in range(240)]
    assert drawing.downsample(points) == points


def test_what_is_not_finite_is_left_out():
    chart = charts.line_chart([(1, math.nan), (2, math.inf), (3, 1.0), (4, 2.0), (5, 1e200)], **LABELS)
    assert [len(line) for line in polylines(chart)] == [2]


def test_two_lines_have_a_legend_and_a_column_each():
    chart = charts.line_chart([(0, 3), (1, 2)], **LABELS, name="Training", second=[(1, 2.5)], second_name="Held out")
    assert re.findall(r"</svg>([^<]*)</li>", chart) == ["Training", "Held out"]
    assert re.findall(r'<th scope="col">([^<]*)</th>', chart) == ["Step", "Training", "Held out"]
    assert re.findall(r'<td class="number">([^<]*)</td>', chart) == ["3", "–", "2", "2.5"]


def test_the_line_is_told_in_a_sentence():
    chart = charts.line_chart([(0, 9.25), (1000, 2)], **LABELS)
    assert re.findall(r"<desc[^>]*>([^<]*)</desc>", chart) == ["Loss goes from 9.25 to 2 between step 0 and 1,000."]


def test_labels_are_escaped_and_nothing_is_styled_inline():
    bad = '<script>"x"</script>'
    chart = charts.line_chart(
        [(0, 1), (1, 2)], x_label=bad, y_label=bad, title=bad, name=bad, second=[(0, 2)], second_name=bad
    )
    assert chart.count("<script") == 0
    assert re.findall(r"\sstyle=|\son\w+=", chart) == []


def test_the_table_is_short_and_keeps_the_ends():
    chart = charts.line_chart([(float(x), 1.0) for x in range(500)], **LABELS)
    rows = re.findall(r'<th scope="row" class="number">([^<]*)</th>', chart)
    assert (len(rows), rows[0], rows[-1]) == (charts.MAX_TABLE_ROWS, "0", "499")


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0, 10, [0, 5, 10]), (1.9, 9.3, [0, 2, 4, 6, 8, 10]), (3, 3, [1, 2, 3, 4, 5]), (0, 0, [-1, -0.5, 0, 0.5, 1])],
)
def test_axes_have_round_numbers(low, high, expected):
    assert drawing.ticks(low, high) == expected


@given(st.lists(st.tuples(st.floats(), st.floats()), max_size=5))
def test_no_figures_can_break_a_chart(points):
    for line in polylines(charts.line_chart(points, **LABELS)):
        xs, ys = zip(*(map(float, point.split(",")) for point in line), strict=True)
        assert drawing.LEFT <= min(xs) <= max(xs) <= drawing.WIDTH - drawing.RIGHT
        assert drawing.TOP <= min(ys) <= max(ys) <= drawing.HEIGHT - drawing.BOTTOM


@given(st.floats(-1e12, 1e12), st.floats(-1e12, 1e12))
def test_axes_cover_the_data_with_few_numbers(one, other):
    low, high = sorted((one, other))
    marks = drawing.ticks(low, high)
    slack = max(abs(low), abs(high), 1e-9) * 1e-6
    assert 2 <= len(marks) <= 8
    assert marks[0] <= low + slack
    assert marks[-1] >= high - slack


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (2, "2"),
        (0.25, "0.25"),
        (1.23456, "1.235"),
        (12345.6, "12,346"),
        (1e9, "1.00e+09"),
        (0.00001, "1.00e-05"),
    ],
)
def test_figures_have_four_digits_at_most(value, text):
    assert drawing.number(value) == text


@pytest.mark.parametrize(("used", "total", "width"), [(6, 8, "75.0"), (9, 8, "100.0"), (-1, 8, "0.0"), (0, 0, "0.0")])
def test_a_load_is_drawn_between_nothing_and_full(used, total, width):
    meter = charts.load_meter("GPUs", used, total, "GPUs")
    assert re.findall(r'load-used" width="([^"]*)"', meter) == [width]


def test_a_load_is_told_in_words():
    meter = charts.load_meter("<b>", 6, 8, "GPUs")
    assert re.findall(r'load-(?:label|words)">([^/]*)</span>', meter) == ["&lt;b&gt;", "6 of 8 GPUs"]


@pytest.mark.parametrize("highest", [0.0002, 3.2, 3_500, 250_000])
def test_the_figures_beside_the_axis_have_room_also_on_a_narrow_screen(highest):
    frame = drawing.Frame([(0.0, 0.0), (1.0, highest)])
    widest = max(len(drawing.number(one)) for one in frame.y_ticks)
    assert frame.left - 8 - 13.5 * widest >= 0  # 24 px, of which a digit takes 13.5
