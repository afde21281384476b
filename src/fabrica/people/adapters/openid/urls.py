"""Addresses of a sign-in elsewhere; below /accounts/, where allauth mounts what its registry names."""

from django.urls import path

from fabrica.people.adapters.openid import views

urlpatterns = [
    path("oidc/<slug:provider_id>/login/", views.begin, name="openid_connect_login"),
    path("oidc/<slug:provider_id>/login/callback/", views.callback, name="openid_connect_callback"),
]
