"""The form of how often a person is written to."""

from django import forms
from django.utils.translation import gettext_lazy as _

from fabrica.notices.states import Rhythm


class RhythmForm(forms.Form):
    """One choice."""

    rhythm = forms.ChoiceField(label=_("We write to you"), choices=Rhythm.choices, widget=forms.RadioSelect)
