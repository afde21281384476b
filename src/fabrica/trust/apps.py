"""Django's handle on trust."""

from django.apps import AppConfig


class TrustConfig(AppConfig):
    """Trust."""

    name = "fabrica.trust"
    label = "trust"
