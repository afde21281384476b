"""The application form: one page in five parts, saved as it is written."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from fabrica.applications.models import TEXT_LIMIT, Application
from fabrica.kit.units import gpu_hours, gpu_seconds
from fabrica.trust.engine import questions
from fabrica.trust.states import Answer

YES_NO = [("true", _("Yes")), ("false", _("No"))]
PARTS = [
    (_("Your project"), ("title", "purpose")),
    (_("What you will train"), ("model_description", "parameters_millions", "tokens_millions", "runs")),
    (_("Data"), ("data_description", "dataset_uri", "has_personal_data", "has_data_rights")),
    (_("Computing time"), ("gpu_hours", "months")),
]


def _long(label: Any, help_text: Any) -> forms.CharField:
    widget = forms.Textarea({"rows": 5})
    return forms.CharField(label=label, help_text=help_text, max_length=TEXT_LIMIT, widget=widget, required=False)


def _yes_no(label: Any, help_text: Any) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=label,
        help_text=help_text,
        choices=YES_NO,
        coerce=lambda value: value == "true",
        empty_value=None,
        widget=forms.RadioSelect,
        required=False,
    )


class ApplicationForm(forms.Form):
    """A draft: nothing is required while it is written; submitting asks for what is missing."""

    title = forms.CharField(
        label=_("Title"),
        max_length=120,
        required=False,
        help_text=_("People will see it in lists, such as: A model that reads X-rays."),
    )
    purpose = _long(
        _("What is it for?"), _("Who will use it, for what. Write for an engineer who does not know your field.")
    )
    model_description = _long(
        _("What will you train?"), _("The kind of model, from the beginning or from an existing one.")
    )
    parameters_millions = forms.IntegerField(
        label=_("Parameters, in millions"), min_value=1, max_value=10_000_000, required=False,
        help_text=_("7,000 for a model of 7 billion parameters."),
    )  # fmt: skip
    tokens_millions = forms.IntegerField(
        label=_("Training tokens, in millions"), min_value=1, max_value=100_000_000, required=False,
        help_text=_("About one token for every 4 bytes of text. Counted over all passes of one run."),
    )  # fmt: skip
    runs = forms.IntegerField(
        label=_("How many runs?"), min_value=1, max_value=1_000, required=False,
        help_text=_("Trials count too."),
    )  # fmt: skip
    data_description = _long(_("Which data?"), _("Where it comes from, how much, in which languages."))
    dataset_uri = forms.CharField(
        label=_("Dataset in our catalogue"), max_length=200, required=False,
        help_text=_("If you will use one, such as fabrica:python-stdlib@1."),
    )  # fmt: skip
    has_personal_data = _yes_no(
        _("Is there personal data in it?"), _("Names, faces, voices, health records, anything about a living person.")
    )
    has_data_rights = _yes_no(
        _("Do you have the right to use it for training?"), _("By licence, by contract or because it is yours.")
    )
    gpu_hours = forms.DecimalField(
        label=_("GPU-hours"), min_value=Decimal("0.01"), max_value=10**8, decimal_places=2, required=False,
    )  # fmt: skip
    months = forms.TypedChoiceField(label=_("For how many months?"), coerce=int, empty_value=None, required=False)

    def __init__(self, *args: Any, application: Application, **kwargs: Any) -> None:
        mode = application.call.mode
        kwargs.setdefault("initial", initial_of(application))
        super().__init__(*args, **kwargs)
        self.fields["months"].choices = [("", "–"), *((str(n), str(n)) for n in mode.months)]
        self.fields["gpu_hours"].help_text = _("%(title)s gives at most %(most)s GPU-hours. Source: %(source)s.") % {
            "title": mode.title, "most": f"{mode.gpu_hours_max:,}", "source": mode.source,
        }  # fmt: skip
        self.fields["draft_version"] = forms.IntegerField(widget=forms.HiddenInput, required=False)
        for one in questions():
            self.fields[f"trust_{one.id}"] = forms.ChoiceField(
                label=one.question, help_text=f"{one.help} ({one.ref})", choices=Answer.choices,
                widget=forms.RadioSelect, required=False,
            )  # fmt: skip

    def parts(self) -> Iterator[tuple[Any, list[forms.BoundField]]]:
        """The form's parts with their fields, the gate's questions last."""
        for title, names in PARTS:
            yield title, [self[name] for name in names]
        yield _("Trust"), [self[f"trust_{one.id}"] for one in questions()]

    def values(self) -> dict[str, Any]:
        """What was written and can be read, by the fields of an application; what cannot be read is left as it was."""
        data = self.cleaned_data
        kept = {name: data[name] for _title, names in PARTS for name in names if name in data and name != "gpu_hours"}
        if "gpu_hours" in data:
            kept["gpu_seconds_requested"] = None if data["gpu_hours"] is None else gpu_seconds(data["gpu_hours"])
        answers = {one.id: data.get(f"trust_{one.id}") for one in questions()}
        return {**kept, "trust_answers": {key: answer for key, answer in answers.items() if answer}}


def initial_of(application: Application) -> dict[str, Any]:
    """The form's values of an application as it is."""
    seconds = application.gpu_seconds_requested
    plain = {name: getattr(application, name) for _title, names in PARTS for name in names if name != "gpu_hours"}
    for name in ("has_personal_data", "has_data_rights"):
        plain[name] = "" if plain[name] is None else str(plain[name]).lower()
    answers = {f"trust_{key}": answer for key, answer in application.trust_answers.items()}
    hours = None if seconds is None else gpu_hours(seconds)
    return {**plain, **answers, "gpu_hours": hours, "draft_version": application.draft_version}


class StartForm(forms.Form):
    """For which organisation?"""

    organisation = forms.ChoiceField(label=_("For which organisation?"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, organisations: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"].choices = organisations
        if len(organisations) == 1:
            self.fields["organisation"].initial = organisations[0][0]
