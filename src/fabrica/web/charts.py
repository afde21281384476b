"""Charts for a page: a figure with a drawing, a sentence for screen readers, and the same figures as a table."""

from collections.abc import Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import slugify
from django.utils.translation import gettext as _

from fabrica.web.drawing import HEIGHT, WIDTH, Frame, Point, axes, downsample, finite, line, number, summary

MAX_TABLE_ROWS = 12


def line_chart(
    points: Sequence[Point],
    *,
    x_label: str,
    y_label: str,
    title: str,
    name: str = "",
    second: Sequence[Point] = (),
    second_name: str = "",
) -> SafeString:
    """A figure with one or two lines over a common x.

    `points` and `second` are (x, y) in any order and number: what is not finite is left out, at most 240 points of
    each are drawn (spikes are kept) and 12 rows stand in the table. `name` is the first line's (default `y_label`).
    Without points the figure says so.
    """
    named = [(name or y_label, finite(points)), (second_name, finite(second))]
    series = [(label, downsample(values)) for label, values in named if values]
    if not series:
        return format_html(
            '<figure class="chart"><figcaption>{}</figcaption><p class="chart-empty">{}</p></figure>',
            *(title, _("No figures yet. The chart starts with the first one.")),
        )
    return format_html(
        '<figure class="chart"><figcaption>{}</figcaption>{}{}{}</figure>',
        title,
        _legend([label for label, _values in series]),
        _drawing(series, x_label, y_label, title),
        _table(series, x_label, title),
    )


def _legend(names: list[str]) -> SafeString | str:
    if len(names) == 1:
        return ""
    keys = format_html_join(
        "",
        '<li><svg class="chart-key" viewBox="0 0 28 8" aria-hidden="true">'
        '<path class="chart-line series-{}" d="M0 4H28" stroke="currentColor" stroke-width="2"/></svg>{}</li>',
        enumerate(names, start=1),
    )
    return format_html('<ul class="chart-legend">{}</ul>', keys)


def _drawing(series: list[tuple[str, list[Point]]], x_label: str, y_label: str, title: str) -> SafeString:
    frame = Frame(sorted(point for _name, points in series for point in points))
    lines = format_html_join(
        "", "{}", ((line(frame, points, order),) for order, (_n, points) in enumerate(series, start=1))
    )
    key = f"chart-{slugify(title)}"
    told = " ".join(summary(name, points, x_label) for name, points in series)
    return format_html(
        '<svg viewBox="0 0 {} {}" role="img" aria-labelledby="{}-title {}-desc">'
        '<title id="{}-title">{}</title><desc id="{}-desc">{}</desc>{}{}</svg>',
        *(WIDTH, HEIGHT, key, key, key, title, key, told, axes(frame, x_label, y_label), lines),
    )


def _table(series: list[tuple[str, list[Point]]], x_label: str, title: str) -> SafeString:
    columns = [dict(points) for _name, points in series]
    xs = _spread(sorted({x for column in columns for x in column}))
    heads = format_html_join("", '<th scope="col">{}</th>', ((name,) for name, _points in series))
    rows = format_html_join("", "<tr>{}</tr>", ((_row(x, columns),) for x in xs))
    return format_html(
        '<details class="chart-table"><summary>{}</summary><div class="table-scroll" role="region" tabindex="0"'
        ' aria-label="{}"><table><caption class="visually-hidden">{}</caption><thead><tr><th scope="col">{}</th>{}'
        "</tr></thead><tbody>{}</tbody></table></div></details>",
        *(_("Figures as a table"), title, title, x_label, heads, rows),
    )


def _row(x: float, columns: list[dict[float, float]]) -> SafeString:
    cells = format_html_join(
        "", '<td class="number">{}</td>', ((number(column[x]) if x in column else "–",) for column in columns)
    )
    return format_html('<th scope="row" class="number">{}</th>{}', number(x), cells)


def _spread(values: list[float]) -> list[float]:
    """At most MAX_TABLE_ROWS of the values, evenly taken, first and last among them."""
    if len(values) <= MAX_TABLE_ROWS:
        return values
    last = len(values) - 1
    return [values[round(index * last / (MAX_TABLE_ROWS - 1))] for index in range(MAX_TABLE_ROWS)]


def load_meter(label: str, used: float, total: float, unit: str = "") -> SafeString:
    """A bar of how much of `total` is in use, with the figures as words; `used` is drawn between 0 and `total`."""
    share = min(max(used / total, 0.0), 1.0) if total > 0 else 0.0
    words = _("%(used)s of %(total)s %(unit)s") % {"used": number(used), "total": number(total), "unit": unit}
    return format_html(
        '<div class="load"><span class="load-label">{}</span><span class="load-words">{}</span>'
        '<svg class="load-bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="load-total" width="100" height="6"/><rect class="load-used" width="{}" height="6"/></svg></div>',
        *(label, words.strip(), round(share * 100, 1)),
    )
