"""The drawing of charts: scales, axes and lines as SVG with classes and presentation attributes only."""

import math
from collections.abc import Sequence

from django.utils import formats
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

Point = tuple[float, float]
WIDTH, HEIGHT = 640, 320
LEFT, RIGHT, TOP, BOTTOM = 64, 32, 34, 62
LETTER, GAP = 15, 12  # the widest a figure on an axis is drawn, on a narrow screen
MAX_DRAWN_POINTS = 240
TICKS = 4
SAME = 1e-9  # values closer than this share of their size are drawn as one
LARGEST = 1e100


def finite(points: Sequence[Point]) -> list[Point]:
    """The points that can be drawn, in order of x: without what is not a number or beyond every scale."""
    return sorted((x, y) for x, y in points if abs(x) <= LARGEST and abs(y) <= LARGEST)


def downsample(points: list[Point], most: int = MAX_DRAWN_POINTS) -> list[Point]:
    """At most `most` points: both ends, and the lowest and highest of each stretch, so that no spike is lost."""
    if len(points) <= most:
        return points
    inner, stretches = points[1:-1], (most - 2) // 2
    kept = [points[0]]
    for index in range(stretches):
        stretch = inner[index * len(inner) // stretches : (index + 1) * len(inner) // stretches]
        low, high = min(stretch, key=lambda p: p[1]), max(stretch, key=lambda p: p[1])
        kept += sorted({low, high})
    return [*kept, points[-1]]


def ticks(low: float, high: float, wanted: int = TICKS) -> list[float]:
    """Round numbers (1, 2 or 5 times a power of ten) that cover `low` to `high`; a constant gets room around it."""
    if high - low <= SAME * max(abs(low), abs(high), SAME):
        room = abs(low) / 2 if abs(low) > SAME else 1.0
        low, high = low - room, high + room
    raw = (high - low) / wanted
    power: float = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [float(f"{index * step:.12g}") for index in range(first, last + 1)]


def number(value: float) -> str:
    """A figure on an axis or in the chart's table: four significant digits, grouped, in the page's language."""
    if value and not 1e-4 <= abs(value) < 1e7:  # noqa: PLR2004 - outside, digits are harder to read than powers
        return f"{value:.2e}"
    text = f"{value:.4g}" if abs(value) < 1000 else f"{value:.0f}"  # noqa: PLR2004 - no decimals on thousands
    places = len(text.partition(".")[2]) if "e" not in text else 6
    return formats.number_format(text, places, use_l10n=True, force_grouping=True)


class Frame:
    """Where data lands on the drawing."""

    def __init__(self, points: list[Point]) -> None:
        self.x_ticks = ticks(points[0][0], points[-1][0], 5)
        self.y_ticks = ticks(min(y for _x, y in points), max(y for _x, y in points))
        self.left = max(LEFT, GAP + LETTER * max(len(number(one)) for one in self.y_ticks))

    def x(self, value: float) -> float:
        return _between(value, self.x_ticks, self.left, WIDTH - RIGHT)

    def y(self, value: float) -> float:
        return _between(value, self.y_ticks, HEIGHT - BOTTOM, TOP)


def _between(value: float, scale: list[float], start: float, end: float) -> float:
    return round(start + (value - scale[0]) / (scale[-1] - scale[0]) * (end - start), 1)


def axes(frame: Frame, x_label: str, y_label: str) -> SafeString:
    """Grid lines, figures along both axes and the axes' names."""
    across = format_html_join(
        "",
        '<line class="chart-grid" x1="{}" x2="{}" y1="{}" y2="{}"/>'
        '<text class="chart-tick" x="{}" y="{}" text-anchor="end">{}</text>',
        (
            (frame.left, WIDTH - RIGHT, frame.y(v), frame.y(v), frame.left - 8, frame.y(v) + 5, number(v))
            for v in frame.y_ticks
        ),
    )
    along = format_html_join(
        "",
        '<text class="{}" x="{}" y="{}" text-anchor="middle">{}</text>',
        (
            ("chart-tick chart-minor" if i % 2 else "chart-tick", frame.x(v), HEIGHT - BOTTOM + 25, number(v))
            for i, v in enumerate(frame.x_ticks)
        ),
    )
    names = format_html(
        '<text class="chart-axis" x="{}" y="{}" text-anchor="middle">{}</text>'
        '<text class="chart-axis" x="{}" y="20" text-anchor="start">{}</text>',
        *((frame.left + WIDTH - RIGHT) / 2, HEIGHT - 8, x_label, frame.left, y_label),
    )
    return format_html("{}{}{}", across, along, names)


def line(frame: Frame, points: list[Point], order: int) -> SafeString:
    """One series: a line, or a dot where there is a single point. `order` (1 or 2) chooses its colour and dash."""
    if len(points) == 1:
        (x, y) = points[0]
        return format_html('<circle class="chart-dot series-{}" cx="{}" cy="{}" r="4"/>', order, frame.x(x), frame.y(y))
    path = " ".join(f"{frame.x(x)},{frame.y(y)}" for x, y in points)
    return format_html(
        '<polyline class="chart-line series-{}" fill="none" stroke="currentColor" stroke-width="2" points="{}"/>',
        *(order, path),
    )


def summary(name: str, points: list[Point], x_label: str) -> str:
    """The line in one sentence, for those who do not see it."""
    return _("%(name)s goes from %(first)s to %(last)s between %(x_label)s %(start)s and %(end)s.") % {
        "name": name,
        "first": number(points[0][1]),
        "last": number(points[-1][1]),
        "x_label": x_label.lower(),
        "start": number(points[0][0]),
        "end": number(points[-1][0]),
    }
