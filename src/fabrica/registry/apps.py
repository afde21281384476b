"""Django's handle on the registry."""

from django.apps import AppConfig


class RegistryConfig(AppConfig):
    """Registry."""

    name = "fabrica.registry"
    label = "registry"
