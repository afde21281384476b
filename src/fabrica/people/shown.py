"""What is shown of an SME declaration: plain words for what is open, and the signed document whole."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from fabrica.kit.errors import Refused
from fabrica.people.engine.sme import Assessment, as_dict, assess, phrase
from fabrica.people.engine.sme.draft import Draft, digest_of, is_started, whole
from fabrica.people.engine.sme.explaining import amount, explain, name_of, todo
from fabrica.people.engine.sme.words import sentence
from fabrica.people.models import Organisation, SmeDeclaration
from fabrica.people.queries import sme_rules
from fabrica.people.states import Category

# What the page says instead of the file's own words.
OPEN = {
    "owners": gettext_lazy(
        "Name who holds the other %(percent)s %% of %(name)s, or tick that nobody among them holds 25 %% or more."
    ),
    "one_year": gettext_lazy("Enter the figures of the year before as well, or say that these are the first accounts."),
    "year_before": gettext_lazy("Enter the figures of the year before as well: one year alone does not move you."),
    "status_before": gettext_lazy("The two years differ: say what you were the year before."),
    "markets": gettext_lazy("Say what each of %(name)s sells or does: the same people control them."),
}
TITLES = (gettext_noop("Start-up"), gettext_noop("Small mid-cap"))  # of the rule's data file


@dataclass(frozen=True)
class Live:
    """What follows of the figures entered so far. `digest` is of the document that would be signed."""

    found: Assessment
    digest: str

    @property
    def category(self) -> str:
        return self.found.category

    @property
    def is_certain(self) -> bool:
        return self.category != "undecided"

    @property
    def words(self) -> str:
        """The category, or those still possible."""
        return phrase(self.found.verdict.span.possible, _)

    @property
    def reasons(self) -> list[str]:
        """Why, sentence by sentence."""
        return [sentence(one, _) for one in explain(self.found)]

    @property
    def open(self) -> list[str]:
        """What is missing and could change the answer."""
        return [_open(self.found, one) for one in self.found.open]

    @property
    def years(self) -> list[dict[str, str]]:
        """The sums of each year."""
        return [
            {"year": str(one.year), **{key: _total(total) for key, total in one.sums.items()}}
            for one in self.found.years
        ]

    @property
    def questions(self) -> list[tuple[str, str, dict[str, str]]]:
        """The questions beside the category: title, answer, and the source of the rule as `Source.as_dict` tells it."""
        answers = {True: _("yes"), False: _("no"), None: _("not known")}
        return [
            (_(one.title), answers[self.found.predicates[one.key]], one.source.as_dict())
            for one in self.found.rules.predicates
        ]

    def as_dict(self) -> dict[str, Any]:
        """All of it, as the command prints it."""
        return {**as_dict(self.found), "digest": self.digest}


def ceilings() -> list[dict[str, Any]]:
    """The limits of each category."""
    return [
        {
            "words": Category(one.category).label, "staff_below": int(one.staff_below),
            "turnover_at_most": int(one.turnover_at_most), "balance_at_most": int(one.balance_at_most),
        }
        for one in sme_rules().ceilings
    ]  # fmt: skip


def _total(one: Any) -> str:
    return f"≥ {amount(one.total)}" if one.missing else amount(one.total)


def _open(found: Assessment, one: Any) -> str:
    if one.code not in OPEN:
        return sentence(todo(found, one), _)
    names = ", ".join(name_of(found, each) for each in one.about)
    return str(OPEN[one.code]) % {"name": names, "percent": one.facts.get("percent", "")}


def live(organisation: Organisation, draft: Draft, day: date) -> Live | None:
    """The answer for a draft; None before the accounts are entered. Raises Refused."""
    if not is_started(draft):
        return None
    document, graph = whole(draft, name=organisation.name, country=organisation.country, as_of=day)
    return Live(assess(graph, sme_rules()), digest_of(document))


def try_live(organisation: Organisation, draft: Draft, day: date) -> tuple[Live | None, Refused | None]:
    """The answer, or why there is none."""
    try:
        return live(organisation, draft, day), None
    except Refused as refused:
        return None, refused


def paper(one: SmeDeclaration) -> dict[str, Any]:
    """The signed document as plain data, in the language in which it was signed."""
    with translation.override(one.language):
        until = date_format(one.valid_until, "j F Y")
        rows: Sequence[tuple[str, str]] = (
            (_("Name"), one.signer_name),
            (_("Position"), one.signer_role),
            (_("Signed on"), date_format(one.signed_at, "j F Y, H:i e")),
            (_("Valid until"), until),
            (_("Why so long"), one.printed["term"]),
            (_("Version of the rule"), one.rule_version),
            (_("SHA-256 of the figures"), one.digest),
        )
        signed = {"heading": _("Signature"), "columns": [_("What"), _("Stated")], "rows": [list(row) for row in rows]}
        footer = _("%(name)s, SME declaration no. %(number)s") % {"name": one.organisation.name, "number": one.number}
        return {**one.printed, "language": one.language, "signed": signed, "footer": footer}


def page_of(one: SmeDeclaration) -> dict[str, Any]:
    """The signed document for a page, where each cell knows its column."""
    told = paper(one)
    parts = [
        {**part, "cells": [list(zip(part["columns"], row, strict=True)) for row in part["rows"]]}
        for part in told["parts"]
    ]
    return {**told, "parts": parts}
