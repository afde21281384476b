"""Components and filters for templates: `{% load web %}`. How to use each: docs/developer/components.md."""

import functools
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms, template
from django.db.models import Field, Model
from django.forms.boundfield import BoundField
from django.http import HttpRequest, QueryDict
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString

from fabrica.kit import units
from fabrica.kit.logs import carried
from fabrica.kit.paging import Page
from fabrica.kit.time import utcnow
from fabrica.web import charts, components, fields, words
from fabrica.web.components import Text
from fabrica.web.radar import radar_chart
from fabrica.web.site import Site, current_site

register = template.Library()

register.filter("count", words.count)
register.filter("gpu_hours", words.gpu_hours)
register.filter("bytes", words.size)
register.filter("duration", units.duration)
register.simple_tag(charts.line_chart)
register.simple_tag(charts.load_meter)
register.simple_tag(radar_chart)


@register.filter
def when(at: datetime | None, now: datetime | None = None) -> SafeString | str:
    """A `<time>` with the relative time as its text and the absolute time as its title; a dash for None."""
    return words.when(at, now or utcnow())


@register.simple_tag
def site() -> Site:
    """The site's name and footer links: `{% site as this_site %}`."""
    return current_site()


@register.simple_tag
def request_id() -> str:
    """The number of the request that is being answered, empty outside of one; error pages are made without context."""
    return carried().get("request_id", "")


@register.filter
def said(row: Model, name: str) -> Any:
    """What a row's field of choices says, like `get_FIELD_display`, which makes all choices anew for each value."""
    value = getattr(row, name)
    return choices_of(row._meta.get_field(name)).get(value, value)


@functools.cache
def choices_of(field: "Field[Any, Any]") -> dict[Any, Text]:
    """The words of a field's choices by value."""
    return dict(field.flatchoices)


@register.simple_tag
def badge(label: Text, tone: str = "neutral") -> SafeString:
    """A status as a word with a tone; the word carries the meaning, the colour only helps."""
    return format_html('<strong class="badge tone-{}">{}</strong>', components.tone(tone), label)


@register.inclusion_tag("web/components/stat.html")
def stat(label: Text, value: Any, note: Text = "") -> dict[str, Any]:
    """One figure of a `<dl class="stats">`."""
    return {"label": label, "value": value, "note": note}


@register.inclusion_tag("web/components/progress.html")
def progress(label: Text, value: float, maximum: float = 100, text: Text = "") -> dict[str, Any]:
    """How far something is, as a bar and as words (default: percent). A maximum of 0 shows work of unknown length."""
    known = maximum > 0
    percent = min(100, max(0, round(100 * value / maximum))) if known else None
    return {"label": label, "percent": percent, "text": text}


@register.inclusion_tag("web/components/timeline.html")
def timeline(events: Sequence[components.Event]) -> dict[str, Any]:
    """What happened, in the order given; anything with `at`, `what`, `who`, `reason` and `tone`."""
    return {"events": events}


@register.inclusion_tag("web/components/facts.html")
def facts(pairs: Sequence[tuple[Text, Any]]) -> dict[str, Any]:
    """Names and values as a definition list."""
    return {"pairs": pairs}


@register.inclusion_tag("web/components/table.html")
def data_table(
    caption: Text, columns: Sequence[Text | components.Column], rows: Sequence[Sequence[Any]], empty: Text = ""
) -> dict[str, Any]:
    """A table whose first cell of each row is its header; on a narrow screen each row becomes a block."""
    heads = components.columns_of(columns)
    return {
        "caption": caption,
        "columns": heads,
        "rows": components.rows_of(heads, rows),
        "empty": empty,
    }


@register.inclusion_tag("web/components/pagination.html", takes_context=True)
def pagination(
    context: template.Context,
    next_cursor: str = "",
    previous_cursor: str = "",
    parameter: str = "cursor",
    fragment: str = "",
) -> dict[str, Any]:
    """Links to the next and previous page that keep the other parameters of the address; `fragment` names the place."""
    request: HttpRequest | None = context.get("request")

    def address(cursor: str) -> str:
        query = request.GET.copy() if request else QueryDict(mutable=True)
        query[parameter] = cursor
        return f"?{query.urlencode()}{fragment and '#'}{fragment}"

    return {
        "next_url": address(next_cursor) if next_cursor else "",
        "previous_url": address(previous_cursor) if previous_cursor else "",
        "first_url": address("") if request and request.GET.get(parameter) and not previous_cursor else "",
    }


@register.inclusion_tag("web/components/pages.html", takes_context=True)
def pages(context: template.Context, page: Page[Any], parameter: str = "cursor", fragment: str = "") -> dict[str, Any]:
    """How much of a list this page of `kit.paging` shows, and the way to the pages beside it."""
    beside = pagination(context, page.next_cursor, page.previous_cursor, parameter, fragment)
    return {**beside, "n": len(page.rows), "is_last": not page.next_cursor, "is_only": not any(beside.values())}


@register.inclusion_tag("web/field.html")
def field(bound: BoundField) -> dict[str, Any]:
    """One field of a form with its label, hint and errors."""
    return {"field": bound, "pattern": fields.pattern_of(bound)}


@register.inclusion_tag("web/error_summary.html")
def error_summary(form: forms.BaseForm) -> dict[str, Any]:
    """What is wrong with a form, with a link to each field; nothing for a form without errors."""
    return {"complaints": list(fields.complaints_of(form)) if form.is_bound else []}


@register.simple_block_tag(end_name="endnextstep")
def nextstep(content: SafeString, title: Text, url: str = "", label: Text = "") -> SafeString:
    """The one thing to do now: `{% nextstep title url label %}why{% endnextstep %}`."""
    return _block("nextstep", content, title=title, url=url, label=label)


@register.simple_block_tag(end_name="endemptystate")
def emptystate(content: SafeString, title: Text, url: str = "", label: Text = "") -> SafeString:
    """What stands where a list would be, and how the list gets its first line."""
    return _block("emptystate", content, title=title, url=url, label=label)


@register.simple_block_tag(end_name="endnotice")
def notice(content: SafeString, tone: str = "info", title: Text = "") -> SafeString:
    """A remark set apart from the text."""
    return _block("notice", content, tone=components.tone(tone), title=title)


@register.simple_block_tag(end_name="endtablewrap")
def tablewrap(content: SafeString, label: Text) -> SafeString:
    """A region that scrolls sideways by itself and can be reached by keyboard, around a table written by hand."""
    return _block("tablewrap", content, label=label)


def _block(name: str, content: SafeString, **values: Any) -> SafeString:
    return render_to_string(f"web/components/{name}.html", {"content": content, **values})
