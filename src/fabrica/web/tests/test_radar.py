import re

from fabrica.web.radar import CENTRE, RADIUS, point, radar_chart

LABELS = [f"{at}. Requirement <{at}>" for at in range(1, 8)]
NAMES = {"title": "At a glance", "name": "By answers", "second_name": "Own rating"}


def polygons(chart, kind):
    return re.findall(rf'<polygon class="{kind}[^"]*"[^>]* points="([^"]*)"', chart)


def test_the_first_spoke_goes_up_and_values_stay_within_the_circle():
    assert point(0, 7, 100) == (CENTRE[0], CENTRE[1] - RADIUS)
    assert point(0, 7, 900) == point(0, 7, 100)
    assert point(3, 7, -5) == CENTRE


def test_it_has_a_title_a_sentence_and_a_line_for_each_series():
    chart = radar_chart(LABELS, [0, 10, 20, 30, 40, 50, 100], second=[60] * 7, **NAMES)
    assert re.search(
        r'aria-labelledby="(\S+)-title \1-desc"><title id="\1-title">At a glance</title><desc id="\1-desc">', chart
    )
    assert "7. Requirement &lt;7&gt; 100." in chart
    assert len(polygons(chart, "chart-line")) == 2
    assert len(polygons(chart, "chart-grid")) == 4
    assert 'class="chart-legend"' in chart


def test_what_has_no_value_is_a_gap_and_not_nought():
    chart = radar_chart(LABELS, [50, 50, None, 50, 0, None, None], second=[None] * 7, **NAMES)
    assert polygons(chart, "chart-line") == []
    assert chart.count('<path class="chart-line series-1"') == 2
    assert chart.count("<circle") == 4
    assert "3. Requirement &lt;3&gt; –" in chart
    assert "Own rating" not in chart
