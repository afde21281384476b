"""Django's handle on dataspaces."""

from django.apps import AppConfig


class DataspacesConfig(AppConfig):
    """Dataspaces."""

    name = "fabrica.dataspaces"
    label = "dataspaces"
