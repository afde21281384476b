"""Addresses of models and keys."""

from django.urls import path

from fabrica.registry import pages

app_name = "registry"
urlpatterns = [
    path("models/", pages.listing, name="list"),
    path("models/<slug:slug>/", pages.model, name="model"),
    path("models/<slug:slug>/<int:number>/", pages.detail, name="detail"),
    path("models/<slug:slug>/<int:number>/publish/", pages.publish, name="publish"),
    path("models/<slug:slug>/<int:number>/withdraw/", pages.withdraw, name="withdraw"),
    path("models/<slug:slug>/<int:number>/files/<path:path>", pages.download, name="file"),
    path("runs/<str:uid>/model/", pages.of_run, name="of_run"),
    path("keys/", pages.keys, name="keys"),
    path("keys/revoked-keys.json", pages.revoked, name="revoked"),
    path("keys/<slug:digits>.pub", pages.key, name="key"),
]
