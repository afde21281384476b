"""Django's handle on notices."""

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    """Notices."""

    name = "fabrica.notices"
    label = "notices"
