"""Every component in every state on one page, for the eyes of developers. Its content is made up."""

import math
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from fabrica.kit.time import utcnow
from fabrica.web.components import TONES, Column, Event

LOSS = [(float(step), 1.9 + 7.4 * math.exp(-step / 90)) for step in range(0, 1001, 10)]
HELD_OUT = [(float(step), 2.1 + 7.3 * math.exp(-step / 95)) for step in range(0, 1001, 100)]
PURPOSES = [("train", _("Train a model from the beginning")), ("tune", _("Adapt a model that exists"))]


class GalleryForm(forms.Form):
    """One field of each pattern."""

    title = forms.CharField(label=_("Title of the project"), max_length=80, help_text=_("People will see it in lists."))
    summary = forms.CharField(
        label=_("What will you train, and on what data?"),
        max_length=600,
        widget=forms.Textarea,
        help_text=_("Write for an engineer who does not know your field."),
    )
    hours = forms.IntegerField(label=_("GPU-hours"), min_value=1, help_text=_("At most 5,000 in this call."))
    homepage = forms.URLField(label=_("Website"), required=False, assume_scheme="https")
    purpose = forms.ChoiceField(label=_("What is it for?"), choices=PURPOSES, widget=forms.RadioSelect)
    data_kinds = forms.MultipleChoiceField(
        label=_("Which data will you bring?"),
        choices=[("text", _("Text")), ("images", _("Images")), ("measurements", _("Measurements"))],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("Choose all that apply."),
    )
    country = forms.ChoiceField(label=_("Country"), choices=[("be", _("Belgium")), ("fr", _("France"))])
    start = forms.DateField(label=_("First day"), widget=forms.DateInput({"type": "date"}), required=False)
    plan = forms.FileField(label=_("Work plan"), required=False, help_text=_("PDF, at most 5 MB."))
    agreed = forms.BooleanField(label=_("We will use the results for civilian purposes only"))


@login_not_required
def gallery(request: HttpRequest) -> HttpResponse:
    """The page of all components."""
    return render(request, "web/gallery.html", examples())


def examples() -> dict[str, Any]:
    """What the gallery shows."""
    now = utcnow()
    return {
        "nav": [
            {"url": "#home", "label": _("Home"), "current": True},
            {"url": "#calls", "label": _("Calls"), "current": False},
            {"url": "#data", "label": _("Data"), "current": False},
            {"url": "#models", "label": _("Models"), "current": False},
        ],
        "tones": list(zip(TONES, (_("Draft"), _("Running"), _("Awarded"), _("Waiting"), _("Failed")), strict=True)),
        "empty_form": GalleryForm(auto_id="empty_%s"),
        "wrong_form": GalleryForm({"title": "", "hours": "0", "homepage": "no address"}, auto_id="wrong_%s"),
        "events": _events(now),
        "facts": [
            (_("Organisation"), "Lumen Robotics"),
            (_("Access mode"), _("Playground")),
            (_("Machine"), "aurora-1, 8 GPUs"),
        ],
        "columns": [_("Run"), _("Status"), Column(_("Steps"), numeric=True), Column(_("GPU-hours"), numeric=True)],
        "runs": [
            ("stdlib-small #3", _("Running"), "420", "0.35"),
            ("stdlib-small #2", _("Done"), "1,000", "0.84"),
            ("stdlib-small #1", _("Cancelled"), "120", "0.10"),
        ],
        "loss": LOSS,
        "held_out": HELD_OUT,
        "one_point": LOSS[:1],
        "constant": [(0.0, 3.0), (10.0, 3.0)],
        "now": now,
        "earlier": now - timedelta(minutes=3),
        "later": now + timedelta(days=12),
        "command": "fabrica train --recipe small --project lumen-1",
    }


def _events(now: Any) -> list[Event]:
    return [
        Event(now - timedelta(days=9), _("Draft started"), "Ada Martin"),
        Event(now - timedelta(days=7), _("Application submitted"), "Ada Martin", tone="info"),
        Event(
            now - timedelta(days=6),
            _("The gate asks for a condition"),
            _("Fabrica"),
            _("The training data names people. Say how they can object."),
            "warning",
        ),
        Event(now - timedelta(hours=5), _("500 GPU-hours awarded"), "Jo Bauer", _("A sound plan."), "good"),
    ]
