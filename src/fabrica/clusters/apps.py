"""Django's handle on clusters."""

from django.apps import AppConfig


class ClustersConfig(AppConfig):
    """Clusters."""

    name = "fabrica.clusters"
    label = "clusters"
