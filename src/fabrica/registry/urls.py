"""Addresses of models and keys."""

from django.urls import path

from fabrica.registry import pages, statement_pages

app_name = "registry"
urlpatterns = [
    path("models/", pages.listing, name="list"),
    path("models/<slug:slug>/", pages.model, name="model"),
    path("models/<slug:slug>/<int:number>/", pages.detail, name="detail"),
    path("models/<slug:slug>/<int:number>/publish/", pages.publish, name="publish"),
    path("models/<slug:slug>/<int:number>/withdraw/", pages.withdraw, name="withdraw"),
    path("models/<slug:slug>/<int:number>/files/<path:path>", pages.download, name="file"),
    path("models/<slug:slug>/<int:number>/documents/<str:file>", statement_pages.document, name="document"),
    path("models/<slug:slug>/statement/", statement_pages.overview, name="statement"),
    path("models/<slug:slug>/statement/<slug:name>/", statement_pages.section, name="statement_section"),
    path("models/<slug:slug>/statement/<slug:name>/autosave/", statement_pages.autosave, name="statement_autosave"),
    path("runs/<str:uid>/model/", pages.of_run, name="of_run"),
    path("keys/", pages.keys, name="keys"),
    path("keys/revoked-keys.json", pages.revoked, name="revoked"),
    path("keys/<slug:digits>.pub", pages.key, name="key"),
]
