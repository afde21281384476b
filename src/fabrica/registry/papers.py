"""How the documents of a version read on its pages: a row for each, and what is missing by who can tell it."""

from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from fabrica.registry.engine.documents import Completeness, DocumentScore, Missing
from fabrica.registry.engine.documents.croissant import names
from fabrica.registry.models import ModelVersion
from fabrica.web.components import Column

FRENCH = "fr"
OWED: dict[str, tuple[str | Promise, str]] = {
    "yes": (gettext_lazy("owed under the AI Act"), "warning"),
    "no": (gettext_lazy("given freely"), "neutral"),
    "open": (gettext_lazy("unknown whether it is owed"), "info"),
}
TELLERS: dict[str, str | Promise] = {
    "person": gettext_lazy("The project can tell"),
    "run": gettext_lazy("The run tells"),
    "site": gettext_lazy("The site tells"),
}


def language() -> str:
    """The language of the page: en or fr."""
    return FRENCH if (get_language() or "").startswith(FRENCH) else "en"


def document_columns() -> list[Column]:
    """The columns of the list of documents."""
    return [Column(_("Document")), Column(_("Is it owed?")), Column(_("Known"), numeric=True)]


def document_rows(version: ModelVersion, found: Completeness) -> list[list[Any]]:
    """Each document: its name with its address, whether it is owed, and how much of what it requires is known."""
    return [_row(version, one) for one in found.documents]


def _row(version: ModelVersion, one: DocumentScore) -> list[Any]:
    title = one.title_fr if language() == FRENCH else one.title
    word, tone = OWED[one.owed]
    files = names(version.facts) if one.document == "croissant" else [one.file]
    titles = [title, *map(str, range(2, len(files) + 1))]
    links = [(_address(version, file), words) for file, words in zip(files, titles, strict=True)]
    known = _("%(known)s of %(required)s (%(score)s %%)") % vars(one)
    badge = format_html('<strong class="badge tone-{}">{}</strong>', tone, word)
    return [format_html_join(" ", '<a href="{}" download>{}</a>', links), badge, known]


def _address(version: ModelVersion, file: str) -> str:
    return reverse("registry:document", args=[version.model.slug, version.number, file])


def missing_by_teller(version: ModelVersion, found: Completeness) -> list[dict[str, Any]]:
    """What is missing, parted by who can tell it; those who tell all they should are left out."""
    parts = [(who, words, [one for one in found.missing if one.who == who]) for who, words in TELLERS.items()]
    return [
        {"who": who, "words": words, "items": [_item(version, one) for one in items]}
        for who, words, items in parts
        if items
    ]


def _item(version: ModelVersion, one: Missing) -> dict[str, str]:
    is_french = language() == FRENCH
    link = ""
    if one.section:
        link = reverse("registry:statement_section", args=[version.model.slug, one.section]) + f"#id_{one.field}"
    return {
        "what": one.what_fr if is_french else one.what,
        "where": one.where_fr if is_french else one.where,
        "refs": "; ".join(one.refs),
        "link": link,
    }
