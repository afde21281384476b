"""A page with several small forms: each has a button that names its act, and tells there what stood in the way."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from fabrica.kit.errors import Refused


@dataclass
class Act:
    """Something a reader may do here: its form, its words, the service call, and what is told when it is done."""

    name: str
    title: str | Promise
    button: str | Promise
    form: forms.Form
    does: Callable[[Mapping[str, Any]], Any]
    told: str | Promise
    is_secondary: bool = False


def done(request: HttpRequest, acts: list[Act]) -> bool:
    """Do the act whose button was pressed; False where its form or the rules say no, which its form then tells.

    Raises Refused for an act that is not offered here.
    """
    chosen = next((one for one in acts if one.name == request.POST.get("act")), None)
    if chosen is None:
        raise Refused(_("This cannot be done here by you now."), todo=_("Reload the page."))
    if not chosen.form.is_valid():
        return False
    try:
        chosen.does(chosen.form.cleaned_data)
    except Refused as problem:
        chosen.form.add_error(None, str(problem))
        return False
    messages.success(request, str(chosen.told))
    return True


def files_for(request: HttpRequest, name: str) -> Any:
    """The files that were sent to the form of an act."""
    return request.FILES if data_for(request, name) is not None else None


def data_for(request: HttpRequest, name: str) -> Any:
    """What was sent to the form of an act; None for all other forms of the page."""
    return request.POST if request.method == "POST" and request.POST.get("act") == name else None
