"""Addresses of calls."""

from django.urls import path

from fabrica.calls import pages

app_name = "calls"
urlpatterns = [
    path("calls/", pages.listing, name="list"),
    path("route/", pages.find_route, name="route"),
    path("calls/<slug:slug>/", pages.detail, name="detail"),
]
