"""The sentences about limits and figures, in English; pages translate them. No Django: only marks for the gatherer."""

from collections.abc import Mapping


def gettext_noop(text: str) -> str:
    """Mark a sentence so that it is gathered for translation."""
    return text


def pgettext(context: str, text: str) -> str:  # noqa: ARG001 - the gatherer reads the context from the source
    """Mark words whose translation hangs on where they stand."""
    return text


IN_A_SENTENCE = "in a sentence"
UNITS: Mapping[str, str] = {
    "gpu_hour": pgettext("in a sentence", "GPU-hours"), "node_hour": pgettext("in a sentence", "node-hours"),
}  # fmt: skip

SENTENCES: Mapping[str, str] = {
    "size_above": gettext_noop("More than %(limit)s %(unit)s."),
    "size_at_least": gettext_noop("At least %(limit)s %(unit)s."),
    "size_at_most": gettext_noop("At most %(limit)s %(unit)s."),
    "package": gettext_noop("One fixed package of %(limit)s %(unit)s."),
    "size_at_most_unknown": gettext_noop("What sizes there are is not known."),
    "hours_wanted": gettext_noop("Wanted: %(hours)s %(unit)s."),
    "hours_unsaid": gettext_noop("How many hours is not said."),
    "node": gettext_noop("Compared with %(gpus)s GPUs in a node."),
    "node_unsaid": gettext_noop("To compare them, say how many GPUs a node has."),
    "inference_percent_at_most": gettext_noop("At most %(limit)s %% of the hours may go into inference."),
    "inference_percent_wanted": gettext_noop("Wanted: %(wanted)s %%."),
    "inference_percent_unsaid": gettext_noop("The share of inference is not said."),
    "months": gettext_noop("Lasts %(choices)s months, as you choose."),
    "months_fixed": gettext_noop("Lasts %(limit)s months."),
    "months_unknown": gettext_noop("How long it lasts is not known."),
    "months_wanted": gettext_noop("Months wanted: %(wanted)s."),
    "months_unsaid": gettext_noop("For how many months is not said."),
    "calendar": gettext_noop(
        "Days that the hours take on %(gpus)s GPUs without a pause: %(days)s. It lasts %(limit)s months at most."
    ),
    "menu": gettext_noop("%(from)s to %(to)s %(unit)s"),
    "unknown": gettext_noop("not known"),
    "now": gettext_noop("Open now: first come, first served."),
    "cut_off": gettext_noop("Next cut-off: %(at)s."),
    "none_left": gettext_noop("No later cut-off is published yet."),
    "opening_unknown": gettext_noop("When it opens is not known."),
    "first_come": gettext_noop("first come, first served"),
    "cut_offs": gettext_noop("published cut-offs: %(days)s"),
    "cut_offs_at": gettext_noop("published cut-offs at %(time)s (%(zone)s): %(days)s"),
    "clock": gettext_noop("at most %(at_most)s %(unit)s from %(from)s"),
    "clock_span": gettext_noop("%(at_least)s to %(at_most)s %(unit)s from %(from)s"),
    "pool": gettext_noop("%(name)s; its cap is not known"),
    "pool_capped": gettext_noop("%(name)s, at most %(percent)s %%"),
    "pool_together": gettext_noop("%(name)s, at most %(percent)s %%; together with %(with)s at most %(together)s %%"),
    "hours_up_to": gettext_noop("up to %(most)s GPU-hours"),
    "hours_from": gettext_noop("%(least)s to %(most)s GPU-hours"),
    "hours_above": gettext_noop("more than %(least)s and up to %(most)s GPU-hours"),
    "hours_of_nodes": gettext_noop("%(hours)s; one node-hour of this machine is %(gpus)s GPU-hours"),
    "access": gettext_noop("within %(at_most)s %(unit)s from %(from)s"),
    "answer": gettext_noop("%(days)s working days; until then nothing of it is usable"),
    "one_answer": gettext_noop("one working day; until then nothing of it is usable"),
    "extension": gettext_noop("%(months)s months and %(percent)s %% more, on an approved interim report"),
}  # fmt: skip

WORDS: Mapping[str, str] = {
    "working_day": gettext_noop("working days"), "week": gettext_noop("weeks"), "month": gettext_noop("months"),
    "one_month": gettext_noop("month"), "one_week": gettext_noop("week"),
    "one_working_day": gettext_noop("working day"),
    "submission": gettext_noop("the day it is handed in"), "cut_off": gettext_noop("the cut-off"),
    "unknown": gettext_noop("a day that is not known"),
    "eligibility": gettext_noop("eligibility"), "administrative": gettext_noop("administrative check"),
    "technical": gettext_noop("technical assessment"), "peer_review": gettext_noop("review by experts"),
    "scientific": gettext_noop("scientific review"),
    "free": gettext_noop("free of charge"), "market": gettext_noop("the market price, set by the Governing Board"),
    "union_aif_industrial": gettext_noop("Union share for industrial innovation"),
    "union_aif_science": gettext_noop("Union share for AI for science"),
    "union_other": gettext_noop("Union share for other access"),
    "union_commercial": gettext_noop("Union share for commercial use"),
    "national": gettext_noop("national share"), "directors_reserve": gettext_noop("reserve of the director"),
}  # fmt: skip

LABELS: Mapping[str, str] = {
    "unit": gettext_noop("Unit"), "size_above": gettext_noop("Size, more than"),
    "size_at_least": gettext_noop("Size, at least"), "size_at_most": gettext_noop("Size, at most"),
    "package": gettext_noop("Fixed package"), "menu": gettext_noop("Sizes to choose from"),
    "inference_percent_at_most": gettext_noop("Inference, at most"), "months": gettext_noop("Months to choose from"),
    "renewals": gettext_noop("Renewals, at most"), "systems": gettext_noop("Systems in one application"),
    "opening": gettext_noop("Opening"), "steps": gettext_noop("Review"), "clock": gettext_noop("Access within"),
    "answer_working_days": gettext_noop("Answer to an award within"),
    "price": gettext_noop("Price"), "pool": gettext_noop("Share"), "extension": gettext_noop("Extension"),
}  # fmt: skip

VERDICTS: Mapping[str, str] = {
    "fits": gettext_noop("Fits"), "may_fit": gettext_noop("May fit"), "does_not_fit": gettext_noop("Does not fit"),
}  # fmt: skip

NAMES: Mapping[str, str] = {
    "title": gettext_noop("Title"), "code": gettext_noop("Code"), "for_whom": gettext_noop("For whom"),
    "rules": gettext_noop("Rule"), "prepare": gettext_noop("To prepare"),
}  # fmt: skip
