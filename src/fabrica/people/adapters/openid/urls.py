"""Addresses of a sign-in elsewhere; below /accounts/, where allauth mounts what its registry names."""

from django.urls import path

from fabrica.people.adapters.openid import backchannel, views

urlpatterns = [
    path("oidc/<slug:provider_id>/login/", views.begin, name="openid_connect_login"),
    path("oidc/<slug:provider_id>/login/callback/", views.callback, name="openid_connect_callback"),
    path("oidc/<slug:provider_id>/signed-out/", views.signed_out, name="openid_connect_signed_out"),
    path(
        "oidc/<slug:provider_id>/backchannel-logout/", backchannel.backchannel_logout, name="openid_connect_backchannel"
    ),
]
