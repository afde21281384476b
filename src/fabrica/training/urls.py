"""Addresses of runs."""

from django.urls import path

from fabrica.training import pages

app_name = "training"
urlpatterns = [
    path("projects/<slug:slug>/runs/", pages.listing, name="list"),
    path("projects/<slug:slug>/runs/new/", pages.new, name="new"),
    path("projects/<slug:slug>/runs/<int:number>/", pages.run, name="run"),
    path("projects/<slug:slug>/runs/<int:number>/live/", pages.live, name="live"),
    path("projects/<slug:slug>/runs/<int:number>/cancel/", pages.cancel, name="cancel"),
]
