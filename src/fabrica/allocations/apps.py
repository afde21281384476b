"""Django's handle on allocations."""

from django.apps import AppConfig


class AllocationsConfig(AppConfig):
    """Allocations."""

    name = "fabrica.allocations"
    label = "allocations"
