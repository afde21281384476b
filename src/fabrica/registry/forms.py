"""Forms of models: searching, and what anybody may tell about one."""

from datetime import datetime

from django import forms
from django.core import signing
from django.utils.translation import gettext_lazy as _

from fabrica.kit.ids import new_uid
from fabrica.registry.states import Decision, ReportKind
from fabrica.training.states import Kind

SALT = "registry.report"
FASTEST_SECONDS, LONGEST_SECONDS = 3, 24 * 3_600


class SearchForm(forms.Form):
    """What one looks for in the list of models."""

    q = forms.CharField(label=_("Words"), required=False, max_length=200)
    kind = forms.ChoiceField(label=_("How it was made"), required=False, choices=[("", _("Any")), *Kind.choices])


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
