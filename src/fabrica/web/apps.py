"""How Django finds this package."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Base templates, components and static files. Listed before allauth and ninja, whose templates it replaces."""

    name = "fabrica.web"
    label = "web"
