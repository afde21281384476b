"""The launch form: what to run, on which data, for how long."""

import json
import shlex
from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from fabrica.clusters.models import Machine
from fabrica.dataspaces.models import Staging
from fabrica.trainer.recipe import NAMED
from fabrica.trainer.sizes import parameter_count
from fabrica.training.engine import MAX_TIME_LIMIT_SECONDS, MIN_TIME_LIMIT_SECONDS
from fabrica.web.words import count

OWN = "command"
ADVANCED = ("nodes",)
MAX_CHANGES = 4_000


class LaunchForm(forms.Form):
    """What to launch. `choice` is a recipe's name, or `command` for an own command."""

    choice = forms.ChoiceField(label=_("What shall run?"), widget=forms.RadioSelect)
    changes = forms.CharField(
        label=_("Changes to the recipe"),
        max_length=MAX_CHANGES,
        required=False,
        widget=forms.Textarea({"rows": 4, "spellcheck": "false"}),
        help_text=_("One a line, such as steps=400 or model.width=384. Leave it empty to take the recipe as it is."),
    )
    command = forms.CharField(
        label=_("Own command"),
        max_length=MAX_CHANGES,
        required=False,
        widget=forms.TextInput({"spellcheck": "false"}),
        help_text=_(
            "Only with 'Own command'. A program and its arguments, such as python3 -c 'print(1)'. No shell reads it. "
            "It finds its data in $FABRICA_DATA and leaves its results in $FABRICA_OUT."
        ),
    )
    datasets = forms.MultipleChoiceField(label=_("Data"), widget=forms.CheckboxSelectMultiple, required=False)
    devices = forms.IntegerField()
    nodes = forms.IntegerField(
        label=_("Spread over how many nodes"),
        min_value=0,
        required=False,
        help_text=_(
            "Leave it empty for as few as the devices fit on, which is fastest. The devices must be a multiple of it."
        ),
    )
    time_limit_minutes = forms.IntegerField(
        label=_("Time limit, in minutes"),
        min_value=-(-MIN_TIME_LIMIT_SECONDS // 60),
        max_value=MAX_TIME_LIMIT_SECONDS // 60,
        required=False,
        help_text=_("Leave it empty for thrice the plan, and at least ten minutes. What is not used is given back."),
    )

    def __init__(self, *args: Any, machine: Machine, stagings: Sequence[Staging], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stagings = {str(one.pk): one for one in stagings}
        names = [(name, _recipe_label(name)) for name in NAMED]
        self.fields["choice"].choices = [*names, (OWN, _("Own command"))]  # type: ignore[attr-defined]
        self.fields["choice"].initial = "demo"
        self.fields["datasets"].choices = [(key, _data_label(one)) for key, one in self.stagings.items()]  # type: ignore[attr-defined]
        if len(self.stagings) == 1:
            self.fields["datasets"].initial = list(self.stagings)
        self.fields["devices"] = forms.IntegerField(
            label=_("Devices"),
            min_value=1,
            max_value=machine.devices_total,
            initial=1,
            help_text=_("%(machine)s has %(count)s.") % {"machine": machine.name, "count": machine.devices_total},
        )
        self.fields["nodes"].widget.attrs["max"] = machine.devices_total

    @property
    def plain(self) -> list[BoundField]:
        """The fields that everybody needs, in order."""
        return [one for one in self.visible_fields() if one.name not in ADVANCED]

    @property
    def advanced(self) -> list[BoundField]:
        """The fields that few need."""
        return [self[name] for name in ADVANCED]

    @property
    def shows_advanced(self) -> bool:
        """Whether one of those few holds something."""
        return any(one.errors or one.value() for one in self.advanced)

    def clean_command(self) -> list[str]:
        """The command as a list; quotes are read as a shell would, and nothing else of a shell."""
        try:
            return shlex.split(self.cleaned_data["command"])
        except ValueError as error:
            raise ValidationError(_("A quotation mark is not closed.")) from error

    def clean_changes(self) -> dict[str, Any]:
        """The changes as nested values, such as `{"model": {"width": 384}}`."""
        values: dict[str, Any] = {}
        for line in self.cleaned_data["changes"].splitlines():
            if line.strip():
                _set(values, line)
        return values

    def clean(self) -> dict[str, Any]:
        """A command is needed where one was chosen, and devices that can be spread evenly over the nodes."""
        data = super().clean() or {}
        if data.get("choice") == OWN and not data.get("command") and "command" not in self.errors:
            self.add_error("command", _("Write the command, or choose a recipe."))
        devices, nodes = data.get("devices"), data.get("nodes")
        if devices and nodes and devices % nodes:
            told = {"devices": devices, "nodes": nodes}
            self.add_error("nodes", _("%(devices)s devices cannot be spread evenly over %(nodes)s nodes.") % told)
        return data

    def wish(self) -> dict[str, Any]:
        """What `services.launch` is asked for. Call it on a valid form."""
        data = self.cleaned_data
        is_own = data["choice"] == OWN
        minutes = data["time_limit_minutes"]
        return {
            "recipe": None if is_own else {**data["changes"], "name": data["choice"]},
            "command": data["command"] if is_own else None,
            "stagings": [self.stagings[key] for key in data["datasets"]],
            "devices": data["devices"],
            "nodes": data["nodes"] or 0,
            "time_limit_seconds": minutes * 60 if minutes else None,
        }


def _recipe_label(name: str) -> str:
    recipe = NAMED[name]
    told = {"name": name, "parameters": count(parameter_count(recipe)), "steps": count(recipe.steps)}
    return gettext("%(name)s: %(parameters)s parameters, %(steps)s steps") % told


def _data_label(staging: Staging) -> str:
    return f"{staging.version.dataset.title} ({staging.version})"


def _set(values: dict[str, Any], line: str) -> None:
    """Put an assignment such as `model.width=384` into nested values. Raises ValidationError."""
    path, equals, text = (part.strip() for part in line.partition("="))
    if not equals or not path:
        raise ValidationError(_("%(line)s assigns nothing. Write it as steps=400.") % {"line": line[:80]})
    *parents, last = path.split(".")
    here = values
    for name in parents:
        here = here.setdefault(name, {})
        if not isinstance(here, dict):
            raise ValidationError(_("%(line)s does not fit the lines before it.") % {"line": line[:80]})
    try:
        here[last] = json.loads(text)
    except ValueError:
        here[last] = text
