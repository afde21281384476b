"""Forms of models: searching, and what anybody may tell about one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.core import signing
from django.utils.translation import gettext_lazy as _

from fabrica.dataspaces.models import Staging
from fabrica.kit.ids import new_uid
from fabrica.registry.states import Decision, ReportKind
from fabrica.training.engine import EVALUATION_SECONDS
from fabrica.training.engine.evaluating import SEED_AT_MOST
from fabrica.training.states import Kind
from fabrica.web.words import gpu_hours

SALT = "registry.report"
MADE = [one for one in Kind.choices if one[0] != Kind.EVALUATE]
FASTEST_SECONDS, LONGEST_SECONDS = 3, 24 * 3_600


class SearchForm(forms.Form):
    """What one looks for in the list of models."""

    q = forms.CharField(label=_("Words"), required=False, max_length=200)
    kind = forms.ChoiceField(label=_("How it was made"), required=False, choices=[("", _("Any")), *MADE])


PROFILES = {
    "quick": _("Quick: the same as after a training. At most %(hours)s"),
    "full": _("Full: four times as much text, and tighter intervals. At most %(hours)s"),
}


class MeasureForm(forms.Form):
    """How a version is evaluated again. `costs` are the GPU-seconds that each profile takes at most."""

    profile = forms.ChoiceField(label=_("How much is measured"), widget=forms.RadioSelect)
    texts = forms.MultipleChoiceField(
        label=_("On which text"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "The data it was trained on tell most: the part that was held out is found again by its hash. Of other "
            "data nobody knows whether the model saw it, so that less can be said."
        ),
    )
    seed = forms.IntegerField(
        label=_("Seed"),
        min_value=1,
        max_value=SEED_AT_MOST,
        help_text=_("What is drawn by dice follows it: the same seed draws the same."),
    )

    def __init__(
        self, *args: Any, texts: Sequence[Staging], own: Sequence[Staging], costs: dict[str, int], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.stagings = {str(one.pk): one for one in texts}
        trained = {one.pk for one in own}
        profiles = [(name, PROFILES[name] % {"hours": gpu_hours(costs[name])}) for name in EVALUATION_SECONDS]
        self.fields["profile"].choices = profiles  # type: ignore[attr-defined]
        self.fields["profile"].initial = next(iter(EVALUATION_SECONDS))
        labels = [(key, _label(one, is_own=one.pk in trained)) for key, one in self.stagings.items()]
        self.fields["texts"].choices = labels  # type: ignore[attr-defined]
        self.fields["texts"].initial = [str(one.pk) for one in own]

    def wish(self) -> dict[str, Any]:
        """What `services.measure_again` is asked for. Call it on a valid form."""
        data = self.cleaned_data
        chosen = [one for key, one in self.stagings.items() if key in data["texts"]]  # in the order of the training
        return {"profile": data["profile"], "stagings": chosen, "seed": data["seed"]}


def _label(staging: Staging, *, is_own: bool) -> str:
    told = {"title": staging.version.dataset.title, "version": str(staging.version)}
    return (_("%(title)s (%(version)s), which it was trained on") if is_own else _("%(title)s (%(version)s)")) % told


class ReportForm(forms.Form):
    """A report about a model. `website` stays empty: nobody sees it, and programs that fill all in do not know."""

    kind = forms.ChoiceField(label=_("What is it about?"), choices=ReportKind.choices, widget=forms.RadioSelect)
    text = forms.CharField(
        label=_("What happened, or what is yours?"),
        max_length=4_000,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_(
            "Say what the model did or holds, when and where you saw it, and what you ask for. The makers of the "
            "model and the officers of this site read it."
        ),
    )
    name = forms.CharField(label=_("Your name"), required=False, max_length=120)
    email = forms.EmailField(
        label=_("Your e-mail address"),
        required=False,
        max_length=254,
        help_text=_("For an answer. Only officers of this site see name and address."),
    )
    website = forms.CharField(required=False, max_length=200)
    stamp = forms.CharField(max_length=300, widget=forms.HiddenInput)

    @property
    def is_by_a_program(self) -> bool:
        """Whether it filled in what no person sees."""
        return bool(self.data.get("website"))


class DecisionForm(forms.Form):
    """What becomes of a reported model."""

    decision = forms.ChoiceField(label=_("Decision"), choices=Decision.choices, widget=forms.RadioSelect)
    reason = forms.CharField(
        label=_("Reason"),
        max_length=1_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Whoever reported it and the project read this; everybody does, if the model is restricted."),
    )


def stamp(now: datetime) -> str:
    """A signed word on when a form was shown, with a number of its own."""
    return signing.dumps([now.timestamp(), new_uid()], salt=SALT)


def nonce_of(stamped: str, now: datetime) -> str:
    """The number of a form that was shown long enough ago, but within a day. Raises ValueError."""
    try:
        shown, nonce = signing.loads(stamped, salt=SALT)
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise ValueError("no stamp of ours") from error
    if not FASTEST_SECONDS <= now.timestamp() - shown <= LONGEST_SECONDS:
        raise ValueError("too fast, or too late")
    return str(nonce)
