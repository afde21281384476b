"""Addresses of the notices."""

from django.urls import path

from fabrica.notices import pages

app_name = "notices"
urlpatterns = [
    path("notices/", pages.notices, name="list"),
    path("notices/read/", pages.read, name="read"),
    path("notices/mutes/<int:pk>/remove/", pages.unmute, name="unmute"),
]
