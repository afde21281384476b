"""A radar chart: a few values of 0 to 100 around a centre, one line or two, with numbers that a table explains."""

import math
import textwrap
from collections.abc import Iterator, Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import slugify
from django.utils.translation import gettext as _

WIDTH, HEIGHT, RADIUS = 640, 430, 135
CENTRE = (WIDTH / 2, HEIGHT / 2)
RINGS, FULL = (25, 50, 75, 100), 100
LETTERS, LEADING = 19, 17
SIDE = 0.3  # how far from the middle a label stands to be written away from it, in radii
Values = Sequence[float | None]


def radar_chart(
    labels: Sequence[str], values: Values, *, title: str, name: str, second: Values = (), second_name: str = ""
) -> SafeString:
    """A figure with one spoke for each label; what has no value is left out of the line. Put a table beside it."""
    lines = [(name, values), *([(second_name, second)] if any(one is not None for one in second) else [])]
    key = f"radar-{slugify(title)}"
    told = " ".join(_told(one, labels, found) for one, found in lines)
    return format_html(
        '<figure class="chart radar"><figcaption>{}</figcaption>{}<svg viewBox="0 0 {} {}" role="img" aria-labelledby='
        '"{}-title {}-desc"><title id="{}-title">{}</title><desc id="{}-desc">{}</desc>{}{}{}</svg></figure>',
        *(title, _legend([one for one, _values in lines]), WIDTH, HEIGHT, key, key, key, title, key, told),
        *(_grid(len(labels)), format_html_join("", "{}", _drawn(lines)), _labels(labels)),
    )


def _told(name: str, labels: Sequence[str], values: Values) -> str:
    """The values of a line as a sentence, for who does not see it."""
    pairs = [f"{label} {'–' if one is None else round(one)}" for label, one in zip(labels, values, strict=True)]
    return _("%(name)s, of 100: %(values)s.") % {"name": name, "values": "; ".join(pairs)}


def _legend(names: list[str]) -> SafeString | str:
    keys = format_html_join(
        "",
        '<li><svg class="chart-key" viewBox="0 0 28 8" aria-hidden="true">'
        '<path class="chart-line series-{}" d="M0 4H28" stroke="currentColor" stroke-width="2"/></svg>{}</li>',
        enumerate(names, start=1),
    )
    return format_html('<ul class="chart-legend">{}</ul>', keys) if len(names) > 1 else ""


def point(number: int, of: int, value: float, radius: float = RADIUS) -> tuple[float, float]:
    """Where a value lies on a spoke: the first goes up, the others clockwise."""
    angle = 2 * math.pi * number / of
    length = radius * min(max(value, 0), FULL) / FULL
    return round(CENTRE[0] + length * math.sin(angle), 1), round(CENTRE[1] - length * math.cos(angle), 1)


def _path(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x},{y}" for x, y in points)


def _grid(spokes: int) -> SafeString:
    rings = format_html_join(
        "",
        '<polygon class="chart-grid" fill="none" points="{}"/>',
        ((_path([point(number, spokes, ring) for number in range(spokes)]),) for ring in RINGS),
    )
    lines = format_html_join(
        "",
        '<path class="chart-grid" d="M{} {}L{} {}"/>',
        ((*CENTRE, *point(number, spokes, FULL)) for number in range(spokes)),
    )
    return format_html("{}{}", rings, lines)


def _drawn(lines: Sequence[tuple[str, Values]]) -> Iterator[tuple[SafeString]]:
    for order, (_name, values) in enumerate(lines, start=1):
        points = [None if one is None else point(at, len(values), one) for at, one in enumerate(values)]
        yield (_line(points, order),)


def _line(points: Sequence[tuple[float, float] | None], order: int) -> SafeString:
    """A closed line through all points; with gaps only from neighbour to neighbour, so that no gap reads as nought."""
    known = [one for one in points if one is not None]
    drawn: SafeString | str = ""
    if len(known) == len(points):
        drawn = format_html('<polygon class="chart-line chart-area series-{}" points="{}"/>', order, _path(known))
    else:
        around = zip(points, [*points[1:], points[0]], strict=True)
        pairs = ((order, *one, *other) for one, other in around if one and other)
        drawn = format_html_join("", '<path class="chart-line series-{}" d="M{} {}L{} {}"/>', pairs)
    dots = ((order, *one) for one in known)
    return format_html(
        "{}{}", drawn, format_html_join("", '<circle class="chart-dot series-{}" cx="{}" cy="{}" r="4"/>', dots)
    )


def _labels(labels: Sequence[str]) -> SafeString:
    """The number of each spoke, and its words in lines where there is room for them."""
    return format_html_join("", "{}", ((_label(at, len(labels), text),) for at, text in enumerate(labels)))


def _label(at: int, of: int, text: str) -> SafeString:
    x, y = point(at, of, FULL, RADIUS + 18)
    aside = (x - CENTRE[0]) / RADIUS
    anchor = "middle" if abs(aside) < SIDE else "start" if aside > 0 else "end"
    lines = textwrap.wrap(text, LETTERS, break_on_hyphens=False)
    top = y - (len(lines) * LEADING if y < CENTRE[1] - RADIUS * 0.9 else (len(lines) - 1) * LEADING / 2)
    spans = format_html_join(
        "", '<tspan x="{}" dy="{}">{}</tspan>', ((x, LEADING if n else 0, line) for n, line in enumerate(lines))
    )
    return format_html(
        '<text class="chart-axis chart-minor" x="{}" y="{}" text-anchor="{}">{}</text>'
        '<text class="chart-axis chart-narrow" x="{}" y="{}" text-anchor="{}" aria-hidden="true">{}</text>',
        *(x, round(top + 5, 1), anchor, spans, x, round(y + 5, 1), anchor, at + 1),
    )
