"""Addresses of the board and of conditions."""

from django.urls import path

from fabrica.trust.pages import board, conditions

app_name = "trust"
urlpatterns = [
    path("board/", board.desk, name="desk"),
    path("board/<int:pk>/", board.case, name="case"),
    path("board/questions/<int:pk>/", board.question, name="question"),
    path("conditions/", conditions.listing, name="conditions"),
    path("conditions/<int:pk>/", conditions.condition, name="condition"),
    path("conditions/<int:pk>/files/<slug:uid>/", conditions.file, name="evidence_file"),
]
