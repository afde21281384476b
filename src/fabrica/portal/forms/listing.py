"""The forms of the public list: what is looked for, and what a project says of itself."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from fabrica.kit.time import utcnow
from fabrica.people.states import Sector, country_choices
from fabrica.portal.forms.parts import button, text
from fabrica.portal.queries.awarded import Filters
from fabrica.projects.engine import consent_on
from fabrica.projects.models import ABSTRACT_LIMIT, Listing


class AwardedForm(forms.Form):
    """What one looks for among the awarded projects; what makes no sense counts as nothing chosen."""

    country = forms.ChoiceField(label=_("Country"), required=False)
    sector = forms.ChoiceField(label=_("Sector"), required=False)
    mode = forms.ChoiceField(label=_("Access mode"), required=False)
    year = forms.ChoiceField(label=_("Began in"), required=False)

    def __init__(self, *args: Any, modes: dict[str, str], years: Sequence[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: dict[str, list[tuple[str, Any]]] = {
            "country": country_choices(),
            "sector": list(Sector.choices),
            "mode": sorted(modes.items(), key=lambda one: one[1]),
            "year": [(str(one), str(one)) for one in years],
        }
        for name, found in choices.items():
            cast("forms.ChoiceField", self.fields[name]).choices = [("", _("All")), *found]

    def filters(self) -> Filters:
        """What was chosen."""
        self.is_valid()
        return Filters(**{name: self.cleaned_data.get(name, "") for name in self.fields})


class ListingForm(forms.Form):
    """What a project says of itself in public. `version` is the wording that was read."""

    decision = button("list", "unlist")
    version = forms.CharField(widget=forms.HiddenInput, max_length=20)
    sector = forms.ChoiceField(
        label=_("Sector"), required=False, help_text=_("Also without being listed: reports count by it, without names.")
    )
    abstract = text(
        _("Abstract for the public"),
        _("What the project is about, for people outside the field. No names, no secrets."), ABSTRACT_LIMIT,
    )  # fmt: skip

    def __init__(self, *args: Any, found: Listing | None, **kwargs: Any) -> None:
        version = consent_on(timezone.localtime(utcnow()).date()).version
        told = {"sector": found.sector, "abstract": found.abstract} if found else {}
        kwargs["initial"] = {"version": version, **told}
        super().__init__(*args, **kwargs)
        cast("forms.ChoiceField", self.fields["sector"]).choices = [("", _("Not chosen")), *Sector.choices]
