"""Addresses of the catalogue and of a project's data."""

from django.urls import path

from fabrica.dataspaces.pages import catalogue, publishing, using

app_name = "dataspaces"
urlpatterns = [
    path("data/", catalogue.listing, name="list"),
    path("data/mine/", publishing.mine, name="mine"),
    path("data/new/", publishing.new, name="new"),
    path("data/<slug:slug>/", catalogue.detail, name="detail"),
    path("data/<slug:slug>/edit/", publishing.edit, name="edit"),
    path("data/<slug:slug>/draft/", publishing.draft, name="draft"),
    path("data/<slug:slug>/<int:number>/", catalogue.version, name="version"),
    path("data/<slug:slug>/<int:number>/use/", using.use, name="use"),
    path("data/<slug:slug>/<int:number>/upload/", publishing.upload, name="upload"),
    path("data/<slug:slug>/<int:number>/clear/", publishing.clear, name="clear"),
    path("data/<slug:slug>/<int:number>/review/", publishing.review, name="review"),
    path("data/<slug:slug>/<int:number>/withdraw/", publishing.withdraw, name="withdraw"),
    path("projects/<slug:slug>/data/", using.project_data, name="project"),
    path("projects/<slug:slug>/data/own/", using.own_data, name="own"),
    path("projects/<slug:slug>/data/<int:pk>/", using.staging, name="staging"),
    path("projects/<slug:slug>/data/<int:pk>/retry/", using.retry, name="retry"),
]
