"""Addresses of applications."""

from django.urls import path

from fabrica.applications import pages
from fabrica.applications.pages import interview

app_name = "applications"
urlpatterns = [
    path("calls/<slug:slug>/apply/", pages.start, name="start"),
    path("applications/<str:code>/", pages.detail, name="detail"),
    path("applications/<str:code>/edit/", pages.edit, name="edit"),
    path("applications/<str:code>/autosave/", pages.autosave, name="autosave"),
    path("applications/<str:code>/proposal/", pages.proposal, name="proposal"),
    path("applications/<str:code>/versions/<int:number>/", pages.version, name="version"),
    path("applications/<str:code>/versions/<int:number>/pdf/", pages.version_pdf, name="version_pdf"),
    path("applications/<str:code>/attachments/<slug:uid>/", pages.attachment, name="attachment"),
    path("applications/<str:code>/check/", pages.check, name="check"),
    path("applications/<str:code>/trust/", interview.overview, name="trust"),
    path("applications/<str:code>/trust/<slug:key>/", interview.question, name="trust_question"),
    path("applications/<str:code>/trust/report/pdf/", interview.pdf, name="trust_pdf"),
    path("applications/<str:code>/appeal/", pages.appeal, name="appeal"),
    path("applications/<str:code>/withdraw/", pages.withdraw, name="withdraw"),
]
