"""Django's handle on training."""

from django.apps import AppConfig


class TrainingConfig(AppConfig):
    """Training."""

    name = "fabrica.training"
    label = "training"
