"""Points and criteria as people read them: `{% load reviews %}`."""

from collections.abc import Mapping
from fractions import Fraction

from django import template
from django.utils import formats

from fabrica.reviews import forms

register = template.Library()


@register.filter
def points(value: Fraction) -> str:
    """A number of points with one decimal, in the language of the page."""
    return formats.number_format(round(float(value), 1), 1, use_l10n=True)


@register.filter
def named(labels: Mapping[str, str]) -> str:
    """Words of the data in the language of the page."""
    return forms.named(dict(labels))
