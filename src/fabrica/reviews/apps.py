"""Django's handle on reviews."""

from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    """Reviews."""

    name = "fabrica.reviews"
    label = "reviews"
