"""Awards of a call under capacity: proposed, adjusted by an officer, read once more, and confirmed one by one."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from fabrica.allocations.models import Offer
from fabrica.kit.time import utcnow
from fabrica.people.queries import signed_in
from fabrica.portal import services
from fabrica.portal.forms.proposing import ConfirmForm, ProposalForm, chosen_of, lines
from fabrica.portal.queries.proposing import Known, Proposed, known_of, proposed_of


def proposal(request: HttpRequest, slug: str) -> HttpResponse:
    """A POST proposes anew with what is fixed; with `confirm` it shows what would be awarded, with `award` it awards.

    Nothing is kept before that: what is fixed stays in the form.
    """
    now = utcnow()
    known = known_of(signed_in(request), slug, now)
    if "award" in request.POST:
        return _awarded(request, known, now)
    form = ProposalForm(request.POST if request.method == "POST" else None, known=known)
    is_valid = form.is_valid()
    told = form.cleaned_data if is_valid else {}
    fixed = form.fixed() if is_valid else {}
    found = proposed_of(known, now, systems=told.get("systems", ()), fixed=fixed)
    if found.problem:
        form.add_error(None, found.problem)
    elif is_valid and "confirm" in request.POST and (chosen := chosen_of(found, has_note=bool(told["note"].strip()))):
        return render(request, "portal/proposal_confirm.html", _to_confirm(found, form, chosen))
    return render(request, "portal/proposal.html", _context(found, form))


def _context(found: Proposed, form: ProposalForm) -> dict[str, Any]:
    rows = [(row, form.fix_of(row.candidate)) for row in found.rows]
    note = form.cleaned_data.get("note", "") if form.is_bound and hasattr(form, "cleaned_data") else ""
    return {
        "found": found, "form": form, "rows": rows, "call": found.call,
        "may_confirm": bool(chosen_of(found, has_note=bool(note.strip()))),
        "needs_note": any(row.is_other for row in found.to_confirm) and not note.strip(),
    }  # fmt: skip


def _to_confirm(found: Proposed, form: ProposalForm, chosen: list[services.Chosen]) -> dict[str, Any]:
    codes = {one.code for one in chosen}
    return {
        "found": found, "form": form, "call": found.call, "chosen": lines(chosen),
        "rows": [one for one in found.proposed if one.code in codes],
        "seconds": sum(one.gpu_seconds for one in chosen),
        "kept": [one for one in found.proposed if one.code not in codes and not one.is_hidden],
        "note": form.cleaned_data["note"], "most": services.MOST_AT_ONCE,
    }  # fmt: skip


def _awarded(request: HttpRequest, known: Known, now: datetime) -> HttpResponse:
    """Award what was read, as many as go at once, and tell of each; what is left is sent on by the next button."""
    form = ConfirmForm(request.POST)
    if not form.is_valid():
        return render(request, "portal/proposal_done.html", {"call": known.call, "form": form})
    chosen, note = form.cleaned_data["chosen"], form.cleaned_data["note"]
    now_due, rest = chosen[: services.MOST_AT_ONCE], chosen[services.MOST_AT_ONCE :]
    told = services.confirm(call=known.call, chosen=now_due, note=note, by=signed_in(request), now=now)
    titles = {one.code: one.application.title for one in known.ranked}
    context = {
        "call": known.call, "form": form, "rest": lines(rest), "left": len(rest), "note": note,
        "done": [(one, titles.get(one.chosen.code, ""), isinstance(one.made, Offer)) for one in told if one.made],
        "before": [one for one in told if one.is_done],
        "open": [(one, titles.get(one.chosen.code, "")) for one in told if not one.made and not one.is_done],
    }  # fmt: skip
    return render(request, "portal/proposal_done.html", context)
