"""Forms of an SME declaration, in the words of somebody who never heard of the Recommendation."""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from fabrica.kit.errors import Refused
from fabrica.people.engine.numbers import known_number
from fabrica.people.engine.sme.draft import SELF
from fabrica.people.engine.sme.graph import INVESTORS, Kind

THOUSANDS = re.compile(r"\d{1,3}(?:[.,']\d{3})+")
MOST = Decimal(10) ** 13
FIGURES = ("staff", "turnover", "balance")
SHORT_LABELS = {
    "staff": _("Staff, %(year)s"), "turnover": _("Turnover in euros, %(year)s"),
    "balance": _("Balance sheet total in euros, %(year)s"),
}  # fmt: skip
KINDS = [
    (Kind.ENTERPRISE, _("A firm")),
    (Kind.PERSON, _("A person, such as a founder")),
    (Kind.PUBLIC_BODY, _("A public body: a state, a region, a ministry, a large town")),
    (Kind.VENTURE_CAPITAL, _("A venture capital company, or a public investment corporation")),
    (Kind.BUSINESS_ANGEL, _("A business angel")),
    (Kind.UNIVERSITY, _("A university or a non-profit research centre")),
    (Kind.INSTITUTIONAL_INVESTOR, _("An institutional investor, such as a pension fund or an insurer")),
    (Kind.REGIONAL_FUND, _("A regional development fund")),
    (Kind.LOCAL_AUTHORITY, _("A small town: budget below 10 million euros and fewer than 5,000 people")),
]
CONTROL = [
    ("majority", _("It has most of the votes, whatever the percentages say")),
    ("appoints", _("It may appoint or dismiss most of the management")),
    ("influence", _("A contract or the articles let it decide what the other does")),
    ("agreement", _("An agreement with other owners gives it most of the votes")),
]


class AmountField(forms.CharField):
    """A number as people write it; given on as exact text, empty where nothing is said."""

    def __init__(self, *, places: int, most: Decimal = MOST, **kwargs: Any) -> None:
        widget = forms.TextInput({"inputmode": "decimal", "autocomplete": "off", "size": "14"})
        super().__init__(max_length=40, widget=widget, **kwargs)
        self.places, self.most = places, most

    def clean(self, value: Any) -> str:
        plain = re.sub(r"\s", "", super().clean(value))
        if THOUSANDS.fullmatch(plain) and self.places == 2:  # noqa: PLR2004 - euros: what is in groups of three are thousands
            plain = re.sub(r"\D", "", plain)
        plain = plain.replace(",", ".", 1) if plain.count(",") == 1 and "." not in plain else plain
        if not plain:
            return ""
        try:
            found = Decimal(plain)
        except InvalidOperation:
            found = Decimal("NaN")
        if not found.is_finite() or not 0 <= found <= self.most or found != round(found, self.places):
            raise forms.ValidationError(_("Write a number such as 1250000 or 12.5, without a currency."))
        return plain


def _share(label: Any, help_text: Any = "", *, required: bool = True) -> AmountField:
    return AmountField(places=6, most=Decimal(100), label=label, help_text=help_text, required=required)


def _years(fields: dict[str, forms.Field], latest: int) -> None:
    """Three figures for each of two years."""
    for back in (0, 1):
        for key in FIGURES:
            label = SHORT_LABELS[key] % {"year": latest - back}
            fields[f"{key}_{back}"] = AmountField(places=4 if key == "staff" else 2, label=label, required=False)


def _stated_years(cleaned: Mapping[str, Any], latest: int, **facts: Any) -> list[dict[str, Any]]:
    """The years of which something is said; the older one only where the latest is there."""
    found = []
    for back in (0, 1):
        said = {key: cleaned[f"{key}_{back}"] for key in FIGURES if cleaned.get(f"{key}_{back}")}
        if said or (back == 0 and cleaned.get("staff_1")):
            found.append({"year": latest - back, **said, **facts})
    return found


def _year_values(years: Iterable[Mapping[str, Any]], latest: int) -> dict[str, Any]:
    return {f"{key}_{latest - one['year']}": one.get(key, "") for one in years for key in FIGURES}


class AccountsForm(forms.Form):
    """The organisation's own figures."""

    latest = forms.IntegerField(
        label=_("In which year did your latest approved accounts close?"), min_value=1990, max_value=2200,
        help_text=_("If it ends on 31 December 2025, write 2025. A new firm writes the year it will close first."),
    )  # fmt: skip
    is_new = forms.BooleanField(
        label=_("We are new and have no approved accounts yet"), required=False,
        help_text=_("Then write what you expect, in good faith, for one year."),
    )  # fmt: skip
    founded_on = forms.DateField(
        label=_("When was it founded?"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    category_before = forms.ChoiceField(
        label=_("What were you the year before?"), required=False,
        choices=[
            ("", _("I do not know, or it does not matter")), ("none", _("Nothing yet: these are our first accounts")),
            ("micro", _("A microenterprise")), ("small", _("A small enterprise")),
            ("medium", _("A medium-sized enterprise")), ("not_sme", _("Not an SME")),
        ],
        help_text=_("Only needed if your two years lie on different sides of a limit: one year alone moves nobody."),
    )  # fmt: skip
    owner_changed = forms.BooleanField(
        label=_("We were bought by or merged with another firm since the year before"), required=False
    )
    listed = forms.BooleanField(label=_("Our shares are traded on a stock exchange"), required=False)
    dispersed = forms.BooleanField(
        label=_("Beyond the owners I name on the next page, nobody holds 25 % or more of us"), required=False,
        help_text=_("You say so in good faith. Without it, every owner must be named until 100 % are reached."),
    )  # fmt: skip
    markets = forms.CharField(
        label=_("What do you sell or do?"), max_length=200, required=False,
        help_text=_("A word or two, such as: ai-software. Only needed if the same people own several firms."),
    )  # fmt: skip

    def __init__(self, *args: Any, latest: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.shown = latest
        _years(self.fields, latest)
        for back, told in enumerate((_("latest year"), _("year before"))):
            for key in FIGURES:
                self.fields[f"{key}_{back}"].label = SHORT_LABELS[key] % {"year": told}
        self.fields["staff_0"].help_text = _("Full-time people over the whole year; two at half time are one.")
        self.fields["turnover_0"].help_text = _("What you sold in the year, without VAT.")
        self.fields["balance_0"].help_text = _("All you own and are owed at the end of the year.")
        self.needed_to_submit = tuple(self.fields)  # the page says once that most may be left out
        self.order_fields([
            "latest", "is_new", *(f"{key}_{back}" for back in (0, 1) for key in FIGURES), "founded_on",
            "category_before", "owner_changed", "listed", "dispersed", "markets",
        ])  # fmt: skip

    def own(self) -> dict[str, Any]:
        """The facts of the organisation itself."""
        told = self.cleaned_data
        estimated = {"estimated": True} if told["is_new"] else {}
        years = _stated_years(told, told["latest"], **estimated)[: 1 if told["is_new"] else 2]
        return {
            "years": years or [{"year": told["latest"], **estimated}],
            "founded_on": told["founded_on"] and told["founded_on"].isoformat(),
            "listed": told["listed"], "dispersed": told["dispersed"], "markets": markets_of(told["markets"]),
        }  # fmt: skip

    def head(self) -> dict[str, Any]:
        """The facts of the whole."""
        return {
            "category_before": self.cleaned_data["category_before"],
            "owner_changed": self.cleaned_data["owner_changed"],
        }


def accounts_initial(draft: Mapping[str, Any], latest: int) -> dict[str, Any]:
    """What a form of accounts shows first."""
    own = draft["enterprises"][0]
    years = own.get("years", [])
    return {
        **_year_values(years, latest), "latest": latest, "is_new": any(one.get("estimated") for one in years),
        "founded_on": own.get("founded_on", ""), "listed": own.get("listed"), "dispersed": own.get("dispersed"),
        "markets": ", ".join(own.get("markets", [])), "category_before": draft.get("category_before", ""),
        "owner_changed": draft.get("owner_changed", False),
    }  # fmt: skip


def markets_of(text: str) -> list[str]:
    """Names of markets as the format has them."""
    words = (re.sub(r"[^a-z0-9]+", "-", one.casefold()).strip("-")[:40] for one in text.split(","))
    return sorted({one for one in words if one})[:20]


class HoldingForm(forms.Form):
    """Who holds how much of whom."""

    holder = forms.ChoiceField(label=_("Who holds?"))
    held = forms.ChoiceField(label=_("A part of whom?"))
    capital = _share(_("How many per cent of the shares?"), _("Such as 30 or 24.99."))
    votes = _share(_("How many per cent of the votes?"), _("Leave it empty if it is the same."), required=False)
    control = forms.MultipleChoiceField(
        label=_("Does it decide in another way?"), choices=CONTROL, required=False,
        widget=forms.CheckboxSelectMultiple, help_text=_("Leave all empty if not: most do."),
    )  # fmt: skip
    stays_out = forms.BooleanField(label=_("It is an investor and stays out of the management"), required=False)
    invested = AmountField(
        places=2, required=False, label=_("Euros invested"), help_text=_("Only for a business angel."),
    )  # fmt: skip

    def __init__(self, *args: Any, names: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for key in ("holder", "held"):
            self.fields[key].choices = list(names)  # type: ignore[attr-defined] # both are choices

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        if told.get("holder") and told.get("holder") == told.get("held"):
            self.add_error("held", _("Choose two different ones: own shares are left out."))
        return told

    def link(self) -> dict[str, Any]:
        return link_of(self.cleaned_data, self.cleaned_data["holder"], self.cleaned_data["held"])


def link_of(told: Mapping[str, Any], holder: str, held: str) -> dict[str, Any]:
    """A holding as the format has it."""
    found = {"holder": holder, "held": held, "capital": told["capital"], "votes": told["votes"] or told["capital"]}
    if told["control"]:
        found["control"] = list(told["control"])
    if told["stays_out"]:
        found["in_management"] = False
    return {**found, **({"invested": told["invested"]} if told["invested"] else {})}


class OtherForm(forms.Form):
    """A firm, person or body around the organisation, and what links the two."""

    name = forms.CharField(label=_("Its name"), max_length=160)
    kind = forms.ChoiceField(label=_("What is it?"), choices=KINDS, initial=Kind.ENTERPRISE)
    country = forms.RegexField(
        r"\A[A-Za-z]{2}\Z", label=_("Country"), required=False, help_text=_("Two letters, such as FR."),
        widget=forms.TextInput({"size": "4", "maxlength": "2"}),
    )  # fmt: skip
    number = forms.CharField(
        label=_("Registration or VAT number"), max_length=40, required=False,
        help_text=_("So that we recognise it if it is registered here too, and nobody judges in their own cause."),
    )  # fmt: skip
    side = forms.ChoiceField(
        label=_("How does it stand to you?"), widget=forms.RadioSelect, initial="owner",
        choices=[
            ("owner", _("It owns a part of us")), ("owned", _("We own a part of it")),
            ("other", _("Neither: it belongs to another one that I named, which I say afterwards")),
        ],
    )  # fmt: skip
    capital = _share(_("How many per cent of the shares?"), _("Such as 30 or 24.99."), required=False)
    votes = _share(_("How many per cent of the votes?"), _("Leave it empty if it is the same."), required=False)
    control = forms.MultipleChoiceField(
        label=_("Does the owner decide in another way?"), choices=CONTROL, required=False,
        widget=forms.CheckboxSelectMultiple, help_text=_("Leave all empty if not: most do."),
    )  # fmt: skip
    stays_out = forms.BooleanField(label=_("The owner is an investor and stays out of the management"), required=False)
    invested = AmountField(
        places=2, required=False, label=_("Euros invested in you"), help_text=_("Only for a business angel.")
    )
    dispersed = forms.BooleanField(label=_("Beyond the owners I name, nobody holds 25 % or more of it"), required=False)
    public = forms.BooleanField(label=_("It is in public hands"), required=False)
    inside = forms.BooleanField(
        label=_("Our own accounts contain its figures already (consolidated accounts)"), required=False
    )
    markets = forms.CharField(
        label=_("What does it sell or do?"), max_length=200, required=False,
        help_text=_("A word or two, such as: ai-software. Only needed if the same people own several firms."),
    )  # fmt: skip
    budget = AmountField(
        places=2, required=False, label=_("Yearly budget in euros"), help_text=_("Only for a small town.")
    )
    inhabitants = AmountField(places=0, required=False, label=_("Inhabitants"), help_text=_("Only for a small town."))

    def __init__(self, *args: Any, latest: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.latest = latest
        _years(self.fields, latest)
        self.needed_to_submit = tuple(self.fields)  # the same

    @property
    def parts(self) -> list[tuple[Any, Any, list[forms.BoundField]]]:
        """The questions in groups: title, what is said of it, questions."""
        figures = [f"{key}_{back}" for back in (0, 1) for key in FIGURES]
        groups = (
            (_("Who it is"), "", ("name", "kind", "country", "number")),
            (_("What holds you together"), "", ("side", "capital", "votes", "control", "stays_out", "invested")),
            (
                _("Its figures"),
                _("Only for firms with 25 % or more, or that decide over others. People and public bodies have none."),
                (*figures, "dispersed", "public", "inside", "markets"),
            ),
            (_("A small town"), "", ("budget", "inhabitants")),
        )
        return [(title, told, [self[name] for name in names]) for title, told, names in groups]

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        if told.get("side") != "other" and not told.get("capital") and "capital" not in self.errors:
            self.add_error("capital", _("Say how much: a number from 0 to 100."))
        if told.get("kind") == Kind.BUSINESS_ANGEL and not told.get("invested"):
            self.add_error("invested", _("Say how many euros the business angel invested: the rule asks for it."))
        if told.get("kind") == Kind.LOCAL_AUTHORITY and not (told.get("budget") and told.get("inhabitants")):
            self.add_error("budget", _("Say the budget and how many people live there: the rule asks for both."))
        try:
            told["number"] = known_number(told.get("number", ""), (told.get("country") or "").upper())
        except Refused as refused:
            self.add_error("number", str(refused))
        return told

    def node(self, key: str) -> dict[str, Any]:
        """The enterprise as the format has it."""
        told = self.cleaned_data
        found = {
            "id": key, "name": " ".join(told["name"].split()), "kind": told["kind"], "country": told["country"].upper(),
            "years": _stated_years(told, self.latest), "dispersed": told["dispersed"], "public": told["public"],
            "markets": markets_of(told["markets"]), "budget": told["budget"], "inhabitants": told["inhabitants"],
        }  # fmt: skip
        return {name: value for name, value in found.items() if value not in ("", [], False)}

    def link(self, key: str) -> dict[str, Any] | None:
        """What holds it and the organisation together, if it is said here."""
        told = self.cleaned_data
        if told["side"] == "other":
            return None
        pair = (key, SELF) if told["side"] == "owner" else (SELF, key)
        stays_out = told["stays_out"] and (told["kind"] in INVESTORS or told["side"] == "owned")
        return link_of({**told, "stays_out": stays_out}, *pair)


def other_initial(draft: Mapping[str, Any], key: str, latest: int) -> dict[str, Any]:
    """What a form of another shows first."""
    one = next(each for each in draft["enterprises"] if each["id"] == key)
    pairs = {(each["holder"], each["held"]): each for each in draft["links"]}
    link = pairs.get((key, SELF)) or pairs.get((SELF, key)) or {}
    return {
        **one, **_year_values(one.get("years", []), latest), "number": draft.get("numbers", {}).get(key, ""),
        "markets": ", ".join(one.get("markets", [])), "side": _side(link, key), "capital": link.get("capital", ""),
        "votes": link.get("votes", ""), "control": link.get("control", []), "invested": link.get("invested", ""),
        "stays_out": link.get("in_management") is False,
        "inside": key in draft["enterprises"][0].get("consolidates", []),
    }  # fmt: skip


def _side(link: Mapping[str, Any], key: str) -> str:
    return "other" if not link else "owner" if link["holder"] == key else "owned"


class DeclareForm(forms.Form):
    """Signing."""

    name = forms.CharField(label=_("Your name, as a signature"), max_length=120)
    role = forms.CharField(label=_("Your position"), max_length=120, help_text=_("Such as: managing director."))
    is_true = forms.BooleanField(
        label=_("I declare on my honour that this declaration and the figures in it are true and complete."),
        error_messages={"required": _("Tick the box to declare it.")},
    )
