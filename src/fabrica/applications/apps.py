"""Django's handle on applications."""

from django.apps import AppConfig


class ApplicationsConfig(AppConfig):
    """Applications."""

    name = "fabrica.applications"
    label = "applications"
