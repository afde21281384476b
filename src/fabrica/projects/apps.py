"""Django's handle on projects."""

from django.apps import AppConfig


class ProjectsConfig(AppConfig):
    """Projects."""

    name = "fabrica.projects"
    label = "projects"
