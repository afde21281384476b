"""Addresses of people's pages."""

from django.urls import path

from fabrica.people import pages

app_name = "people"
urlpatterns = [
    path("terms/", pages.terms, name="terms"),
    path("account/", pages.account, name="account"),
    path("organisations/new/", pages.organisation_new, name="organisation_new"),
    path("organisations/<str:uid>/", pages.organisation, name="organisation"),
    path("organisations/<str:uid>/joining/", pages.organisation_joining, name="organisation_joining"),
    path("account/joining/", pages.joining, name="joining"),
    path("account/tokens/new/", pages.token_new, name="token_new"),
    path("account/tokens/made/", pages.token_made, name="token_made"),
    path("account/tokens/<int:pk>/revoke/", pages.token_revoke, name="token_revoke"),
    path("account/sign-in-methods/", pages.sign_in_methods, name="sign_in_methods"),
    path("account/sign-in-methods/link/<slug:provider_id>/", pages.identity_link, name="identity_link"),
    path("account/sign-in-methods/confirm/", pages.identity_confirm, name="identity_confirm"),
    path("account/sign-in-methods/<int:pk>/unlink/", pages.identity_unlink, name="identity_unlink"),
    path("people/<str:uid>/identities/", pages.identities_told, name="identities_told"),
    path("account/authorship/", pages.authorship, name="authorship"),
    path("account/ssh-keys/", pages.ssh_keys, name="ssh_keys"),
    path("account/ssh-keys/<int:pk>/remove/", pages.ssh_key_remove, name="ssh_key_remove"),
]
