"""What is known of an application for the rules of its mode, and what to do where one of them is broken. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext_noop

from fabrica.calls.engine.profile import CHOICES, FLAGS, MOST, Profile, profile_from
from fabrica.calls.engine.reasons import Reason
from fabrica.kit.calendar import months_after
from fabrica.kit.errors import Refused
from fabrica.kit.units import SECONDS_PER_HOUR

# What the kinds of organisations are to the rules.
ORGANISATIONS = {
    "startup": "company", "sme": "company", "large": "company", "research": "university", "public": "public",
}  # fmt: skip
CIVILIAN = {"yes": True, "no": False}  # answers of the trust question of that name
LARGE = "large"
CONTRACT = "pi-contract"  # what a mode asks to prepare
CONTRACT_QUESTION = "pi_contract_until"  # the question of a form that answers it
CONTRACT_MONTHS = 3
MOST_DIGITS = 12  # of a number typed into a field for text
ELSEWHERE = gettext_noop("If an answer is wrong, change it; if it is right, the route finder tells which mode fits.")
SIZE = gettext_noop("Change what you ask for, or apply in a mode with other limits: the route finder tells which.")
REMEDIES: Mapping[str, str] = {
    "organisation": gettext_noop(
        "If the kind that your organisation's page names is wrong, change it there; if it is right, the route finder "
        "tells which mode is for you."
    ),
    "country": gettext_noop(
        "Apply through an organisation that is established in one of these countries, or ask the site whether a call "
        "of its own is open to yours."
    ),
    "sme": gettext_noop("Sign an SME declaration on your organisation's page; who is no SME pays for what it uses."),
    "civilian": gettext_noop("If the answer to the trust question is wrong, change it: the machines are civilian."),
    CONTRACT: gettext_noop("Prolong the contract, ask for fewer months, or name another principal investigator."),
}  # fmt: skip
LIMITS = ("package", "size_at_most", "size_at_least", "size_above", "months", "inference_percent_at_most", "calendar")


@dataclass(frozen=True)
class Known:
    """The facts of an application that rules look at. `is_sme` is what a declaration that is still valid says."""

    kind: str
    country: str
    is_sme: bool | None
    has_personal_data: bool | None
    gpu_seconds: int | None
    months: int | None
    parameters_millions: int | None
    gpus_per_node: Fraction | None
    trust_answers: Mapping[str, str]
    extra_answers: Mapping[str, Any]


def profile_of(known: Known) -> Profile:
    """Who asks for what, as the route finder weighs it; what the application does not say stays open."""
    company = known.kind in ORGANISATIONS and ORGANISATIONS[known.kind] == "company"
    is_sme = False if known.kind == LARGE and known.is_sme is None else known.is_sme
    told = {
        **_answered(known.extra_answers),
        "organisation": ORGANISATIONS.get(known.kind), "country": known.country, "sme": is_sme if company else None,
        "civilian": CIVILIAN.get(known.trust_answers.get("civilian", "")), "personal_data": known.has_personal_data,
        "ai": True if known.parameters_millions else None,  # a model with parameters is to be trained
        "hours": None if known.gpu_seconds is None else Fraction(known.gpu_seconds, SECONDS_PER_HOUR),
        "unit": "gpu_hour", "months": known.months, "gpus_per_node": known.gpus_per_node,
    }  # fmt: skip
    return Profile(**told)


def _answered(answers: Mapping[str, Any]) -> dict[str, Any]:
    """What a form's own questions say that are named as an answer of the route finder, where it could be one."""
    found: dict[str, Any] = {}
    for key in answers.keys() & {*CHOICES, *FLAGS, *MOST}:
        value = _number(answers[key]) if key in MOST else answers[key]
        try:
            profile_from({key: value})
        except (Refused, TypeError):
            continue
        found[key] = value
    return found


def _number(answer: Any) -> Any:
    """A number typed into a field for text; anything longer than one has digits stays text, which is no answer."""
    text = str(answer)
    return int(text) if text.isdecimal() and len(text) <= MOST_DIGITS else answer


def todo(reason: Reason, profile: Profile) -> str:
    """What an applicant can do about a rule that is not met; of what is open, a company can declare its size alone."""
    if reason.holds:
        return ""
    if reason.holds is None:
        return REMEDIES["sme"] if "sme" in reason.about and profile.organisation == "company" else ""
    if reason.rule in LIMITS:
        return SIZE
    return next((REMEDIES[one] for one in reason.about if one in REMEDIES), ELSEWHERE)


def needed_until(begin: date, months: int) -> date:
    """Until which day a principal investigator is to be employed, if an award of so many months began on a day."""
    return months_after(begin, months + CONTRACT_MONTHS)


def contract(answers: Mapping[str, Any], until: date | None) -> bool | None:
    """Whether the contract that was named lasts long enough; None where either is not known."""
    try:
        named = date.fromisoformat(str(answers.get(CONTRACT_QUESTION)))
    except ValueError:
        return None
    return None if until is None else named >= until
