"""The questions of the route finder: none has to be answered."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from fabrica.calls.engine.profile import FLAGS, MOST, Profile, profile_from
from fabrica.people.states import country_choices

NOT_SAID = ("", _("I do not say"))
YES_NO = [NOT_SAID, ("yes", _("Yes")), ("no", _("No"))]
PARTS = (
    (_("Who you are"), ("organisation", "country", "sme", "experience")),
    (_("What you will do"), ("aim", "ai", "civilian", "personal_data", "frame")),
    (
        _("How much you need"),
        ("hours", "unit", "months", "gpus_per_node", "gpus_at_once", "inference_percent"),
    ),
)  # fmt: skip


def _choice(label: Any, choices: list[tuple[str, Any]], help_text: Any = "") -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=[NOT_SAID, *choices], required=False, help_text=help_text)


def _yes_no(label: Any, help_text: Any = "") -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=YES_NO, required=False, help_text=help_text)


def _count(label: Any, key: str, help_text: Any = "", least: int = 1) -> forms.IntegerField:
    return forms.IntegerField(
        label=label, min_value=least, max_value=MOST[key], required=False, help_text=help_text,
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "off"}),
    )  # fmt: skip


class CountryField(forms.ChoiceField):
    """A country of the list; the two letters in an address may be small ones."""

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).upper()


class RouteForm(forms.Form):
    """Who asks for what. The answers stand in the address, so that it can be shared."""

    use_required_attribute = False
    # Every answer may be left out: the page says so once, instead of beside each question.
    needed_to_submit = tuple(name for _title, names in PARTS for name in names)

    organisation = _choice(
        _("What is your organisation?"),
        [
            ("company", _("A company")),
            ("university", _("A university or research organisation")),
            ("public", _("Another public body")),
            ("collective", _("A group without a legal form")),
            ("person", _("I ask as a person")),
        ],
    )
    country = CountryField(
        label=_("In which country?"), choices=lambda: [NOT_SAID, *country_choices()], required=False,
        help_text=_("Where it is established."), widget=forms.Select({"autocomplete": "country"}),
    )  # fmt: skip
    sme = _yes_no(
        _("Is it a start-up or a small or medium-sized enterprise?"),
        _("Fewer than 250 people, and owners count as well."),
    )
    experience = _yes_no(_("Have you worked on a supercomputer before?"))
    aim = _choice(
        _("What is it for?"),
        [
            ("innovation", _("Innovation: a new or better product or service")),
            ("research", _("Research")),
            ("benchmark", _("Measuring how our code scales")),
            ("development", _("Porting and tuning our code")),
            ("service", _("Running a finished service commercially")),
        ],
    )
    ai = _yes_no(_("Is it about artificial intelligence?"))
    civilian = _yes_no(_("Is the use civilian?"))
    personal_data = _yes_no(_("Is there personal data in it?"), _("It changes what to prepare."))
    frame = _choice(
        _("Is it part of a funded project?"),
        [
            ("none", _("No")),
            ("horizon_europe", _("Horizon Europe")),
            ("digital_europe", _("Digital Europe")),
            ("seal_of_excellence", _("It has a Seal of Excellence")),
            ("other", _("Another programme")),
        ],
    )
    hours = _count(_("How many hours?"), "hours", _("A whole number, such as 5000."))
    unit = _choice(_("Hours of what?"), [("gpu_hour", _("GPU-hours")), ("node_hour", _("Node-hours"))])
    months = _count(_("For how many months?"), "months")
    gpus_per_node = _count(
        _("How many GPUs has a node?"), "gpus_per_node", _("To compare GPU-hours with node-hours. Often 4.")
    )
    gpus_at_once = _count(
        _("How many GPUs will work at once?"), "gpus_at_once", _("To see whether the hours fit into the months.")
    )
    inference_percent = _count(
        _("Which share goes into inference?"), "inference_percent", _("Per cent of the hours, 0 to 100."), least=0
    )

    def parts(self) -> list[tuple[Any, list[forms.BoundField]]]:
        """The questions in groups, each with its title."""
        return [(title, [self[name] for name in names]) for title, names in PARTS]

    def profile(self) -> Profile:
        """What was answered; the form must be valid."""
        given = {key: value for key, value in self.cleaned_data.items() if value not in ("", None)}
        told = {key: value == "yes" if key in FLAGS else value for key, value in given.items()}
        return profile_from(told)
