"""Django's handle on calls."""

from django.apps import AppConfig


class CallsConfig(AppConfig):
    """Calls."""

    name = "fabrica.calls"
    label = "calls"
