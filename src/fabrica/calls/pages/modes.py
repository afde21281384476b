"""The modes of this site, for operators: what they say, their versions, a new one, an end."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from fabrica.calls import queries, rules, services, voice
from fabrica.calls.engine import rows, terms_from
from fabrica.calls.engine.answer import as_dict, mode_as_dict
from fabrica.calls.engine.form import shipped_row
from fabrica.calls.engine.library import SAMPLES
from fabrica.calls.engine.opening import missing
from fabrica.calls.engine.own import Difference, blank, checked, differences
from fabrica.calls.engine.routing import opening, route
from fabrica.calls.engine.saying import opening as opening_said
from fabrica.calls.forms.mode import ModeForm, initial_of
from fabrica.calls.models import ModeVersion
from fabrica.calls.pages.asking import asking
from fabrica.calls.pages.formerly import MOST_SHOWN as MOST_FORMS
from fabrica.calls.pages.formerly import kept_forms
from fabrica.calls.pages.public import Shown
from fabrica.kit.errors import Refused
from fabrica.kit.time import utcnow
from fabrica.people.models import Person
from fabrica.people.queries import signed_in

MOST_SHOWN = 50


class RetireForm(forms.Form):
    """Why a mode ends."""

    reason = forms.CharField(max_length=services.NOTE_LIMIT, widget=forms.Textarea({"rows": 3}))
    after = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].label = _("Reason")
        self.fields["reason"].help_text = _("For colleagues; applicants do not see it.")


@dataclass(frozen=True)
class Kept:
    """A version with what it says otherwise than the one before."""

    version: ModeVersion
    differences: list[Difference]
    is_in_force: bool


@dataclass(frozen=True)
class Tried:
    """A sample profile: what the mode is for it, and which others fit."""

    sample: str
    shown: Shown
    others: list[str]


def _operator(request: HttpRequest) -> Person:
    person = signed_in(request)
    rules.must_operate(person)
    return person


def listing(request: HttpRequest) -> HttpResponse:
    """Every mode in force, and those that were retired."""
    _operator(request)
    now = utcnow()
    known, own = queries.mode_rows(now), queries.newest_of_each()
    shown = [(row, key in rows(), own.get(key)) for key, row in known.items()]
    others = [one for key, one in own.items() if key not in known]
    return render(request, "calls/modes.html", {"modes": shown, "others": others})


def detail(request: HttpRequest, key: str) -> HttpResponse:
    """What a mode says, since when and by whom it was changed, and its open calls."""
    _operator(request)
    now, newest = utcnow(), queries.newest_row(key)
    versions = list(queries.versions_of(key)[: MOST_SHOWN + 1])
    in_force = next((one for one in versions if one.valid_from <= now.date()), None)
    is_retired = bool(versions) and versions[0].is_retired
    context = {
        "row": newest, "is_retired": is_retired, "is_shipped": key in rows(), "in_force": in_force,
        "kept": _kept(versions, in_force), "terms": mode_as_dict(terms_from(newest), voice.here()),
        "missing": [voice.label(one) for one in missing(terms_from(newest))], "calls": queries.calls_of_mode(key),
        "news": _news(key, versions), **_form_told(key),
    }  # fmt: skip
    return render(request, "calls/mode.html", context)


def _form_told(key: str) -> dict[str, Any]:
    """What the form asks now, and its last versions."""
    versions, asked = list(queries.forms_of(key)[: MOST_FORMS + 1]), queries.form_row(key)
    kept = kept_forms(versions, asked, shipped_row(key))
    return {"form": asking(asked), "forms": kept, "older_forms": len(versions) > len(kept)}


def _kept(versions: list[ModeVersion], in_force: ModeVersion | None) -> list[Kept]:
    older = [*versions[1:], None]
    return [
        Kept(one, differences(was.whole_row, one.whole_row, voice.here()) if was else [], one == in_force)
        for one, was in zip(versions[:MOST_SHOWN], older, strict=False)
    ]


def _news(key: str, versions: list[ModeVersion]) -> list[Difference]:
    """What Fabrica's own data says by now of a mode that the site had changed before it came."""
    first = versions[-1] if versions and key in rows() else None
    if first is None or first.number != 1:
        return []
    return differences(first.whole_row, rows()[key], voice.here())


def new(request: HttpRequest) -> HttpResponse:
    """A mode of the site's own, from the beginning or like another one."""
    person, now = _operator(request), utcnow()
    known = queries.mode_rows(now)
    base = blank(rows())
    like = known.get(request.GET.get("like", ""))
    told = {**like, "key": "", "code": "", "title": "", "source": "", "checked_on": ""} if like else base
    form = _form(request, base, known, {**initial_of(told, number=0, today=now.date())}, is_new=True)
    return _write(request, form, person, now, {"like": like, "known": known})


def change(request: HttpRequest, key: str) -> HttpResponse:
    """A new version of a mode, written on the newest one."""
    person, now = _operator(request), utcnow()
    base, last = queries.newest_row(key), queries.versions_of(key).first()
    number = last.number if last else int(key in rows())
    initial = initial_of(base, number=number, today=now.date())
    form = _form(request, base, queries.mode_rows(now), initial, is_new=False)
    return _write(request, form, person, now, {"row": base})


def _form(
    request: HttpRequest, base: Mapping[str, Any], known: Mapping[str, Any], initial: dict[str, Any], *, is_new: bool
) -> ModeForm:
    data = request.POST if request.method == "POST" else None
    return ModeForm(data, base=base, known=known, is_new=is_new, initial=initial)


def _write(
    request: HttpRequest, form: ModeForm, person: Person, now: datetime, context: dict[str, Any]
) -> HttpResponse:
    """The form, its preview, and the new version: nothing that was typed is lost on the way."""
    step = request.POST.get("step", "preview")
    if step == "edit" or not form.is_valid():
        return render(request, "calls/mode_form.html", {**context, "form": form})
    data = form.cleaned_data
    try:
        row = checked(form.row())
        if step == "publish":
            kept = services.keep_mode(
                row=row, by=person, now=now, valid_from=data["valid_from"], note=data["note"], after=data["after"]
            )
            messages.success(request, _("Published. Open a call, so that people can apply."))
            return redirect("calls:mode", kept.slug)
        services.check_mode(row=row, now=now, valid_from=data["valid_from"])
    except (Refused, ValueError) as problem:
        form.add_error(None, str(problem))
        return render(request, "calls/mode_form.html", {**context, "form": form}, status=409)
    return render(request, "calls/mode_preview.html", {**context, "form": form, **_preview(row, now)})


def _preview(row: dict[str, Any], now: datetime) -> dict[str, Any]:
    """What the mode will say to applicants, and what the route finder will answer with it."""
    terms = terms_from({**row, "version": ""})
    before = queries.mode_rows(now).get(row["key"])
    return {
        "told": mode_as_dict(terms, voice.here()), "row": row,
        "opening": opening_said(opening(terms, now), voice.here()),
        "missing": [voice.label(one) for one in missing(terms)],
        "tried": [_tried(text, profile, terms, now) for text, profile in SAMPLES],
        "differences": differences(before, {**row, "version": ""}, voice.here()) if before else [],
    }  # fmt: skip


def _tried(sample: str, profile: Any, terms: Any, now: datetime) -> Tried:
    others = [one for one in queries.modes(now) if one.key != terms.key]
    found = as_dict(route(profile, now, [terms, *others]), voice.here())
    mine = next(one for one in found["routes"] if one["mode"] == terms.key)
    fitting = [one["title"] for one in found["routes"] if one["verdict"] == "fits" and one is not mine]
    return Tried(_(sample), Shown(mine, None), fitting)


def retire(request: HttpRequest, key: str) -> HttpResponse:
    """Ask whether the mode is to end, and why; a POST does it."""
    person, row = _operator(request), queries.newest_row(key)
    last = queries.versions_of(key).first()
    initial = {"after": last.number if last else 0}
    form = RetireForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        data = form.cleaned_data
        services.retire_mode(key=key, reason=data["reason"], by=person, now=utcnow(), after=data["after"])
        messages.success(request, _("Retired. Open calls go on as they were opened."))
        return redirect("calls:mode", key)
    context = {"form": form, "row": row, "calls": queries.calls_of_mode(key)}
    return render(request, "calls/mode_retire.html", context)
