"""Django's handle on people."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """People."""

    name = "fabrica.people"
    label = "people"
