"""Addresses of reviews."""

from django.urls import path

from fabrica.reviews.pages import applicant, interests, officer, reviewing

app_name = "reviews"
urlpatterns = [
    path("reviewing/", reviewing.mine, name="mine"),
    path("reviewing/profile/", reviewing.profile, name="profile"),
    path("reviewing/<int:pk>/", reviewing.review, name="review"),
    path("reviewing/<int:pk>/autosave/", reviewing.autosave, name="autosave"),
    path("reviewing/<int:pk>/attachments/<slug:uid>/", reviewing.attachment, name="attachment"),
    path("reviewing/<int:pk>/answer/", reviewing.answer, name="answer"),
    path("experts/", officer.pool, name="pool"),
    path("evaluations/<str:code>/", officer.evaluation, name="evaluation"),
    path("interests/", interests.declared, name="interests"),
    path("applications/<str:code>/interest/", interests.declare, name="interest"),
    path("applications/<str:code>/reviews/", applicant.reviews, name="of_applicant"),
]
