"""When the site starts: fill the ports, check that it may serve."""

from django.apps import AppConfig


class FabricaConfig(AppConfig):
    """The whole."""

    name = "fabrica.config"
    label = "config"

    def ready(self) -> None:
        # needs the registry of apps
        from fabrica.config import checks, wiring  # noqa: F401, PLC0415 - models can be imported only now

        wiring.wire()
