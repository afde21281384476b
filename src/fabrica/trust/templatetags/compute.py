"""Training compute in words."""

from django import template
from django.utils import formats
from django.utils.translation import get_language, gettext

from fabrica.trust.engine.compute import Crossing, operations

register = template.Library()
SMALL = 0.1


@register.filter
def flop(value: float | None) -> str:
    """Operations as people write them; a dash where nobody knows."""
    return "–" if value is None else operations(value)


@register.simple_tag
def because(crossing: Crossing) -> str:
    """Why a threshold is reached, in the language of the page or letter."""
    return crossing.why(gettext, get_language())


@register.filter
def percent(value: float) -> str:
    """Per cent in words: what is nearly nothing is not written as nothing."""
    if 0 < value < SMALL:
        return f"< {formats.number_format(SMALL, 1)} %"
    return f"{formats.number_format(round(value, 1), 1)} %"
