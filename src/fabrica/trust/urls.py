"""Addresses of the board, of conditions, and of impact assessments."""

from django.urls import path

from fabrica.trust.pages import board, conditions, impact

app_name = "trust"
urlpatterns = [
    path("board/", board.desk, name="desk"),
    path("board/<int:pk>/", board.case, name="case"),
    path("board/questions/<int:pk>/", board.question, name="question"),
    path("conditions/", conditions.listing, name="conditions"),
    path("conditions/<int:pk>/", conditions.condition, name="condition"),
    path("conditions/<int:pk>/files/<slug:uid>/", conditions.file, name="evidence_file"),
    path("impact-assessments/of/<slug:slug>/", impact.begin, name="impact_begin"),
    path("impact-assessments/<int:pk>/", impact.overview, name="impact"),
    path("impact-assessments/<int:pk>/sign/", impact.sign, name="impact_sign"),
    path("impact-assessments/<int:pk>/versions/<int:number>/", impact.version, name="impact_version"),
    path("impact-assessments/<int:pk>/versions/<int:number>/pdf/", impact.pdf, name="impact_pdf"),
    path("impact-assessments/<int:pk>/sections/<slug:section>/", impact.section, name="impact_section"),
    path("impact-assessments/<int:pk>/sections/<slug:section>/save/", impact.autosave, name="impact_autosave"),
]
