"""Forms of the catalogue, of providers and of projects."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.functional import lazystr
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from fabrica.dataspaces.engine.contents import extensions
from fabrica.dataspaces.engine.terms import licences, licences_source
from fabrica.dataspaces.models import Dataset
from fabrica.dataspaces.services.publishing import FIELDS
from fabrica.dataspaces.states import LANGUAGES

Choices = Sequence[tuple[str, Any]]
ANY = ("", _("Any"))
OTHER = "other"
YES_NO = [("yes", _("Yes")), ("no", _("No"))]


class SearchForm(forms.Form):
    """What one looks for in the catalogue; an unknown choice is as good as none."""

    q = forms.CharField(label=_("Words"), required=False, max_length=200)
    licence = forms.ChoiceField(label=_("Licence"), required=False)
    language = forms.ChoiceField(label=_("Language"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        licence, language = self.fields["licence"], self.fields["language"]
        licence.choices = [ANY, *((one, one) for one in licences())]  # type: ignore[attr-defined]
        language.choices = [ANY, *LANGUAGES.items()]  # type: ignore[attr-defined]


class DatasetForm(forms.ModelForm[Dataset]):
    """The description of a dataset."""

    known_licence = forms.ChoiceField(label=_("Licence"))
    licence = forms.CharField(
        label=_("Name of the other licence"),
        required=False,
        max_length=60,
        help_text=_("Only if it is not in the list."),
    )
    has_personal_data = forms.TypedChoiceField(
        label=_("Does it contain personal data?"),
        choices=YES_NO,
        coerce=lambda answer: answer == "yes",
        widget=forms.RadioSelect,
        help_text=_("Names, addresses, voices, anything that can be traced to a living person."),
    )

    class Meta:
        model = Dataset
        fields = [
            "title", "description", "provenance", "language", "known_licence", "licence", "licence_url", "policy_text",
            "policy_purposes", "has_personal_data",
        ]  # fmt: skip
        help_texts = {
            "description": _("For somebody who has to decide whether to train on it."),
            "provenance": _("Who collected it, when, from where, and what was changed."),
            "licence_url": _("Only if the licence is not in the list."),
            "policy_text": _("What you ask of those who use it, beyond the licence. They accept it word by word."),
            "policy_purposes": _("Shown beside the purpose of the project when its members accept."),
        }

    field_order = Meta.fields

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = [(one, f"{name} ({one})") for one, name in licences().items()]
        known = self.fields["known_licence"]
        known.choices = [("", _("Choose one")), *names, (OTHER, _("Another one"))]  # type: ignore[attr-defined]
        known.help_text = lazystr(licences_source())
        if self.instance.pk:
            is_known = self.instance.licence in licences()
            self.initial["known_licence"] = self.instance.licence if is_known else OTHER
            self.initial["licence"] = "" if is_known else self.instance.licence
            self.initial["has_personal_data"] = "yes" if self.instance.has_personal_data else "no"

    def clean(self) -> dict[str, Any]:
        """The licence is one of the list, or another one with its name."""
        cleaned = super().clean() or self.cleaned_data
        known = cleaned.get("known_licence")
        if known and known != OTHER:
            cleaned["licence"] = known
        elif known == OTHER and not cleaned.get("licence"):
            self.add_error("licence", gettext("Give the licence's name, and the address of its text below."))
        return cleaned

    def _post_clean(self) -> None:
        """The service validates and writes the row; the form leaves it alone."""

    def values(self) -> dict[str, Any]:
        """The answers as the service takes them."""
        return {name: self.cleaned_data[name] for name in FIELDS}


class NewDatasetForm(DatasetForm):
    """A new dataset: also for whom it is published."""

    organisation = forms.ChoiceField(label=_("Published by"))
    field_order = ["organisation", *DatasetForm.Meta.fields]

    def __init__(self, *args: Any, organisations: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"].choices = organisations  # type: ignore[attr-defined]


class FilesInput(forms.FileInput):
    """Several files at once."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files; the service looks at each."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        """The files. Raises ValidationError for none."""
        given = data if isinstance(data, (list, tuple)) else [data]
        return [super(FilesField, self).clean(one, initial) for one in given or [None]]


def _kinds() -> str:
    return gettext("Text and data only: %(kinds)s.") % {"kinds": ", ".join(extensions())}


class UploadForm(forms.Form):
    """Files into a draft."""

    uploads = FilesField(label=_("Files, or one .zip with folders"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["uploads"].help_text = _kinds()


class PublishForm(forms.Form):
    """The last question before the files are frozen."""

    revision = forms.IntegerField(widget=forms.HiddenInput)
    confirm = forms.BooleanField(
        label=_("I may publish these files under this licence, and I know that a published version never changes")
    )


class WithdrawForm(forms.Form):
    """Why a version is withdrawn."""

    reason = forms.CharField(
        label=_("Why?"), max_length=1000, widget=forms.Textarea, help_text=_("Everybody who uses it reads this.")
    )


class UseForm(forms.Form):
    """A project accepts the terms."""

    # What was read: the provider may change the terms while the page is open.
    terms_sha256 = forms.CharField(widget=forms.HiddenInput, required=False)
    project = forms.ChoiceField(label=_("For which project?"), widget=forms.RadioSelect)
    accept = forms.BooleanField(
        label=_("I accept the licence and the policy for this project, and its purpose is allowed by them")
    )

    def __init__(self, *args: Any, projects: Choices, terms_sha256: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["terms_sha256"] = terms_sha256
        self.fields["project"].choices = projects  # type: ignore[attr-defined]
        if len(projects) == 1:
            self.initial["project"] = projects[0][0]


class OwnDataForm(forms.Form):
    """Data a project brings itself."""

    title = forms.CharField(label=_("What is it?"), max_length=120)
    uploads = FilesField(label=_("Files, or one .zip with folders"))
    has_rights = forms.TypedChoiceField(
        label=_("Do you have the right to use it for this project?"),
        choices=YES_NO,
        coerce=lambda answer: answer == "yes",
        widget=forms.RadioSelect,
    )
    has_personal_data = forms.TypedChoiceField(
        label=_("Does it contain personal data?"),
        choices=YES_NO,
        coerce=lambda answer: answer == "yes",
        widget=forms.RadioSelect,
        help_text=_("If it does, the duties of data protection are yours: a legal basis, information, deletion."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["uploads"].help_text = _kinds()
