"""Articles of laws in the reader's language: `{% load articles %}`."""

from django import template
from django.utils.translation import get_language

from fabrica.trust.engine.articles import article_in

register = template.Library()


@register.filter
def article(told: str) -> str:
    """Where something is written, as the reader's language names it."""
    return article_in(get_language(), told)
