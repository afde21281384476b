"""Web stands below every context, so its tests run without what config mounts above it."""

import pytest

PROCESSORS = [
    "django.template.context_processors.request",
    "django.contrib.auth.context_processors.auth",
    "django.contrib.messages.context_processors.messages",
]
ABOVE = ("fabrica.people",)


@pytest.fixture(autouse=True)
def alone(settings):
    settings.ROOT_URLCONF = "fabrica.web.tests.urls"
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if not name.startswith(ABOVE)]
    (engine,) = settings.TEMPLATES
    settings.TEMPLATES = [{**engine, "OPTIONS": {**engine["OPTIONS"], "context_processors": PROCESSORS}}]
    settings.FABRICA_SITE_NAME = "Fabrica"
