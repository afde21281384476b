"""A mode, as an operator writes it: sections with help; what it makes is a row like those of the shipped data."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.core.validators import RegexValidator
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from fabrica.calls import voice
from fabrica.calls.engine import figures, library
from fabrica.calls.engine.own import CODE, MOST_SLUG, SLUG, TEXTS
from fabrica.calls.engine.sentences import UNITS, WORDS
from fabrica.calls.engine.terms import text_of
from fabrica.calls.forms.making import row_from
from fabrica.calls.forms.reading import DaysField, MonthsField
from fabrica.calls.services import NOTE_LIMIT

PARTS = (
    (_("Name"), ("key", "code", "title", "for_whom")),
    (_("Where its figures are written"), ("source", "checked_on", "confidence")),
    (_("For whom"), ("organisations", "aims", "rules")),
    (_("How much, how long"), (
        "unit", "package", "size_at_least", "size_above", "size_at_most", "inference_percent_at_most", "months",
        "systems", "renewals", "extension_months", "extension_percent",
    )),
    (_("When"), ("how", "dates", "time", "zone")),
    (_("Review and promise"), ("steps", "clock", "clock_unit", "clock_from", "answer_working_days")),
    (_("Price and share"), ("price", "pool", "percent_at_most")),
    (_("What applicants prepare"), ("prepare", "own_paper", "own_paper_fr")),
    (_("This version"), ("valid_from", "note")),
)  # fmt: skip
SAID = {"gpu_hour": UNITS["gpu_hour"], "node_hour": UNITS["node_hour"]}


def _words(keys: Any) -> list[tuple[str, Any]]:
    return [(one, voice.Said(SAID[one] if one in SAID else WORDS[one], is_unit=one in SAID)) for one in keys]


def _choice(label: Any, choices: Any, help_text: Any = "", *, required: bool = True) -> forms.ChoiceField:
    listed = list(choices) if required else [("", _("Not known")), *choices]
    return forms.ChoiceField(label=label, choices=listed, help_text=help_text, required=required)


def _several(label: Any, choices: Any, help_text: Any = "") -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label, choices=list(choices), help_text=help_text, required=False, widget=forms.CheckboxSelectMultiple
    )


def _count(label: Any, most: int, help_text: Any = "", *, least: int = 1, required: bool = False) -> forms.IntegerField:
    widget = forms.TextInput({"inputmode": "numeric", "autocomplete": "off"})
    return forms.IntegerField(
        label=label, min_value=least, max_value=most, required=required, help_text=help_text, widget=widget
    )


def _text(label: Any, most: int, help_text: Any = "", *, required: bool = True, rows: int = 0) -> forms.CharField:
    widget = forms.Textarea({"rows": rows}) if rows else forms.TextInput()
    return forms.CharField(label=label, max_length=most, required=required, help_text=help_text, widget=widget)


class ModeForm(forms.Form):
    """One mode. `base` is the version it is written on, or a mode it is like; figures that stay keep their source."""

    use_required_attribute = False

    key = forms.CharField(
        label=_("Short name"), max_length=MOST_SLUG,
        validators=[
            RegexValidator(rf"\A{SLUG.pattern}\Z", _("Small letters, digits and single hyphens, a letter first."))
        ],
        help_text=_("It stands in addresses and files, such as regional-ai. It stays as it is for ever."),
    )  # fmt: skip
    code = forms.CharField(
        label=_("Code"), max_length=4,
        validators=[RegexValidator(rf"\A{CODE.pattern}\Z", _("Two to four capital letters."))],
        help_text=_("It stands in the number of each application: RA makes AIF-2027RA-0001."),
    )  # fmt: skip
    title = _text(_("Title"), TEXTS["title"], _("What people call it."))
    for_whom = _text(_("For whom is it?"), TEXTS["for_whom"], _("One sentence. Applicants read it first."), rows=2)
    source = _text(
        _("Source"), TEXTS["source"],
        _("Where it is written, such as: Decision of the director of 12 November 2026. It stands at what you change."),
    )  # fmt: skip
    checked_on = forms.DateField(label=_("Checked on"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    confidence = _choice(
        _("How sure is it?"),
        [("A", _("A: decided or corroborated")), ("B", _("B: one source")), ("C", _("C: unsure; it refuses nobody"))],
        _("Rules and figures of confidence A and B decide; C only advises."),
    )
    organisations = _several(
        _("Which organisations?"),
        [
            ("company", _("Companies")),
            ("university", _("Universities and research organisations")),
            ("public", _("Other public bodies")),
        ],
        _("None chosen: the rules below alone say it."),
    )
    aims = _several(
        _("For what?"),
        [
            ("innovation", _("Innovation")), ("research", _("Research")), ("benchmark", _("Measuring code")),
            ("development", _("Porting and tuning code")), ("service", _("Running a finished service commercially")),
        ],
        _("None chosen: for anything."),
    )  # fmt: skip
    rules = _several(
        _("Rules of the other modes that hold here too"),
        [],
        _("Legal entity, country and civilian use hold in all modes."),
    )
    unit = _choice(
        _("Hours of what?"),
        _words(figures.UNITS),
        _("Node-hours become GPU-hours by the units of the machine of each call."),
    )
    package = _count(_("One fixed package of"), figures.MOST_HOURS, _("Instead of the sizes below."))
    size_at_least = _count(_("Size, at least"), figures.MOST_HOURS)
    size_above = _count(_("Size, more than"), figures.MOST_HOURS, _("Instead of “at least”."))
    size_at_most = _count(_("Size, at most"), figures.MOST_HOURS)
    inference_percent_at_most = _count(_("Inference, at most"), figures.WHOLE, _("Per cent of the hours."), least=0)
    months = MonthsField(label=_("Months to choose from"), help_text=_("Such as 1, 2, 3."))
    systems = _count(
        _("Systems in one application"),
        20,
        _("A call gives the time of one machine; a mode of several cannot be opened here."),
    )
    renewals = _count(_("Renewals, at most"), figures.MOST_MONTHS, _("Left empty: not known."))
    extension_months = _count(
        _("Extension: months, at most"),
        figures.MOST_MONTHS,
        _("On an approved interim report. Left empty: not known, and awards of this mode are not extended."),
    )
    extension_percent = _count(_("Extension: hours, at most"), figures.WHOLE, _("Per cent of the award."), least=0)
    how = _choice(
        _("How does it open?"), [("first_come", _("First come, first served")), ("cut_offs", _("By cut-off days"))]
    )
    dates = DaysField(
        label=_("Cut-off days"), required=False,
        help_text=_(
            "One on each line, as year-month-day. None is ever computed; after the last one the call is closed."
        ),
    )  # fmt: skip
    time = forms.TimeField(
        label=_("At what time?"), required=False, input_formats=["%H:%M"], widget=forms.TextInput({"size": "6"}),
        help_text=_("Such as 10:00. Left empty: until the end of the day."),
    )  # fmt: skip
    zone = forms.CharField(
        label=_("Time zone"), max_length=64, required=False, help_text=_("Such as Europe/Brussels; only with a time.")
    )
    steps = _several(_("Review"), _words(figures.STEPS))
    clock = _count(_("Access within"), max(figures.MOST_CLOCK.values()), required=True)
    clock_unit = _choice(_("Counted in"), _words(figures.CLOCK_UNITS))
    clock_from = _choice(_("From"), _words(figures.CLOCK_STARTS))
    answer_working_days = _count(
        _("The applicant answers an award within"),
        figures.MOST_ANSWER,
        _("Working days. Left empty: an award needs no answer and counts at once."),
    )
    price = _choice(_("Price"), _words(figures.PRICES), required=False)
    pool = _choice(_("Share"), _words(figures.POOLS), required=False)
    percent_at_most = _count(_("Cap of the share"), figures.WHOLE, _("Per cent. Left empty: not known."), least=0)
    prepare = _several(_("What to have ready"), [])
    own_paper = _text(_("Something else"), 300, _("One sentence."), required=False, rows=2)
    own_paper_fr = _text(_("The same in French"), 300, required=False, rows=2)
    valid_from = forms.DateField(
        label=_("Valid from"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        help_text=_("From this day on the route finder and new calls use it."),
    )  # fmt: skip
    note = _text(_("Why"), NOTE_LIMIT, _("For colleagues; applicants do not see it."), required=False, rows=2)
    # The version it was written on: two operators notice each other.
    after = forms.IntegerField(
        widget=forms.HiddenInput, min_value=0, error_messages={"required": _("Reload this page.")}
    )

    def __init__(
        self, *args: Any, base: Mapping[str, Any], known: Mapping[str, Any], is_new: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._base = base
        rows = [base, *known.values()]
        self._library = {name: library.known(rows, name) for name in ("rules", "prepare")}
        language = (get_language() or "en").split("-")[0]
        for name, entries in self._library.items():
            told = [
                (key, text_of({"en": one["text"], "fr": one.get("text_fr", "")}, language))
                for key, one in entries.items()
            ]
            self.fields[name].choices = told  # type: ignore[attr-defined]  # a choice field
        if not is_new:
            self.fields["key"].disabled = True

    def parts(self) -> list[tuple[Any, list[forms.BoundField]]]:
        """The sections with their fields."""
        return [(title, [self[name] for name in names]) for title, names in PARTS]

    def clean_zone(self) -> str:
        """A zone that exists; the portal's where none is said."""
        zone = self.cleaned_data["zone"] or settings.TIME_ZONE
        if zone not in available_timezones():
            raise forms.ValidationError(_("There is no such time zone. Write it as Europe/Brussels."))
        return str(zone)

    def clean(self) -> dict[str, Any]:
        """What one field alone cannot tell; each complaint stands beside the field to mend."""
        data = super().clean() or self.cleaned_data
        self._check_sizes(data)
        if data.get("how") == "cut_offs" and "dates" in data and not data["dates"]:
            self.add_error("dates", _("Write the published days, or choose first come, first served."))
        if data.get("how") == "first_come" and data.get("clock_from") == "cut_off":
            self.add_error("clock_from", _("First come, first served has no cut-off. Choose the day it is handed in."))
        if data.get("clock") and data.get("clock_unit") and data["clock"] > figures.MOST_CLOCK[data["clock_unit"]]:
            told = _("At most %(most)s of these.") % {"most": figures.MOST_CLOCK[data["clock_unit"]]}
            self.add_error("clock", told)
        if data.get("extension_percent") and not data.get("extension_months"):
            self.add_error("extension_months", _("Say for how many months, too."))
        if data.get("answer_working_days") and data.get("price") == "market":
            self.add_error("answer_working_days", _("What is paid for is ordered before; leave this empty."))
        return data

    def _check_sizes(self, data: Mapping[str, Any]) -> None:
        least, above, most, package = (
            data.get(name) for name in ("size_at_least", "size_above", "size_at_most", "package")
        )
        if package and (least or above or most):
            self.add_error("package", _("Either one fixed package, or sizes from and to."))
        elif not package and not most and not {"size_at_most", "package"} & set(self.errors):
            self.add_error("size_at_most", _("Say how much there is at most, or one fixed package."))
        if least and above:
            self.add_error("size_above", _("Either “at least” or “more than”."))
        if most and (least or above or 0) >= most:
            self.add_error("size_at_most", _("It must lie above the least."))

    def row(self) -> dict[str, Any]:
        """The mode as a row like those of the shipped data; the form must be valid."""
        return row_from(self.cleaned_data, self._base, self._library)


def initial_of(row: Mapping[str, Any], *, number: int, today: date) -> dict[str, Any]:
    """The form's values of a mode as it is. Where the change is written is asked anew: what stays keeps its source."""
    values = {one["id"]: one["value"] for one in row["facts"]}
    opening, clock, pool = (values.get(name) or {} for name in ("opening", "clock", "pool"))
    plain = {name: row[name] for name in ("key", "code", "title", "for_whom")}
    sizes = (
        "unit",
        "package",
        "size_at_least",
        "size_above",
        "size_at_most",
        "inference_percent_at_most",
        "systems",
        "renewals",
        "answer_working_days",
        "price",
    )
    extension = values.get("extension") or {}
    own: Mapping[str, Any] = next((one for one in row["prepare"] if one["id"] == library.OWN_PAPER), {})
    return {
        **plain,
        **{name: values.get(name) for name in sizes},
        "steps": values.get("steps") or [],
        "months": ", ".join(map(str, values.get("months") or [])),
        "how": opening.get("how"),
        "dates": "\n".join(opening.get("dates", [])),
        "time": opening.get("time") or "",
        "zone": opening.get("zone") or settings.TIME_ZONE,
        "extension_months": extension.get("months"), "extension_percent": extension.get("percent"),
        "clock": clock.get("at_most"), "clock_unit": clock.get("unit"), "clock_from": clock.get("from", "unknown"),
        "pool": pool.get("name"), "percent_at_most": pool.get("percent_at_most"),
        "organisations": library.chosen_in(row, library.OWN_ORGANISATIONS),
        "aims": library.chosen_in(row, library.OWN_AIMS),
        "rules": [one["id"] for one in row["rules"]],
        "prepare": [one["id"] for one in row["prepare"]],
        "own_paper": own.get("text", ""), "own_paper_fr": own.get("text_fr", ""),
        "checked_on": today, "confidence": "A", "valid_from": today, "after": number,
    }  # fmt: skip
