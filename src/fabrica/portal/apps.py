"""Django's handle on the portal."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """Composed pages."""

    name = "fabrica.portal"
    label = "portal"
