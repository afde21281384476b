"""Addresses of people's pages."""

from django.urls import path

from fabrica.people import pages

app_name = "people"
urlpatterns = [
    path("terms/", pages.terms, name="terms"),
    path("privacy/record/", pages.processing_record, name="processing_record"),
    path("account/privacy/", pages.privacy, name="privacy"),
    path("account/privacy/export/", pages.export, name="export"),
    path("people/<str:uid>/privacy/", pages.privacy, name="privacy_of"),
    path("people/<str:uid>/erase/", pages.erase_ask, name="erase_ask"),
    path("people/<str:uid>/erase/cancel/", pages.erase_cancel, name="erase_cancel"),
    path("account/", pages.account, name="account"),
    path("organisations/new/", pages.organisation_new, name="organisation_new"),
    path("organisations/<str:uid>/", pages.organisation, name="organisation"),
    path("organisations/<str:uid>/change/", pages.organisation_change, name="organisation_change"),
    path("organisations/<str:uid>/administrators/", pages.administrator_appoint, name="administrator_appoint"),
    path("organisations/<str:uid>/sme/", pages.sme, name="sme"),
    path("organisations/<str:uid>/sme/accounts/", pages.sme_accounts, name="sme_accounts"),
    path("organisations/<str:uid>/sme/others/new/", pages.sme_other, name="sme_other_new"),
    path("organisations/<str:uid>/sme/others/<slug:key>/", pages.sme_other, name="sme_other"),
    path("organisations/<str:uid>/sme/holdings/", pages.sme_holding, name="sme_holding"),
    path("organisations/<str:uid>/sme/declare/", pages.sme_declare, name="sme_declare"),
    path("organisations/<str:uid>/sme/<int:number>/", pages.sme_declaration, name="sme_declaration"),
    path("organisations/<str:uid>/sme/<int:number>.pdf", pages.sme_pdf, name="sme_pdf"),
    path("organisations/<str:uid>/joining/", pages.organisation_joining, name="organisation_joining"),
    path("account/joining/", pages.joining, name="joining"),
    path("account/tokens/new/", pages.token_new, name="token_new"),
    path("account/tokens/made/", pages.token_made, name="token_made"),
    path("account/tokens/<int:pk>/revoke/", pages.token_revoke, name="token_revoke"),
    path("account/sign-in-methods/", pages.sign_in_methods, name="sign_in_methods"),
    path("account/sign-in-methods/link/<slug:provider_id>/", pages.identity_link, name="identity_link"),
    path("account/sign-in-methods/confirm/", pages.identity_confirm, name="identity_confirm"),
    path("account/sign-in-methods/<int:pk>/unlink/", pages.identity_unlink, name="identity_unlink"),
    path("account/assurance/", pages.assurance, name="assurance"),
    path("account/assurance/<slug:provider_id>/", pages.assurance_show, name="assurance_show"),
    path("account/sign-in-methods/sessions/end/", pages.sessions_end, name="sessions_end"),
    path("account/sign-in-methods/sessions/<str:uid>/end/", pages.session_end, name="session_end"),
    path("account/sign-out/elsewhere/", pages.sign_out_elsewhere, name="sign_out_elsewhere"),
    path("people/<str:uid>/identities/", pages.identities_told, name="identities_told"),
    path("people/<str:uid>/identities/<int:pk>/unlink/", pages.identity_unlink_of, name="identity_unlink_of"),
    path("people/<str:uid>/sessions/end/", pages.person_sessions_end, name="person_sessions_end"),
    path("account/authorship/", pages.authorship, name="authorship"),
    path("account/ssh-keys/", pages.ssh_keys, name="ssh_keys"),
    path("account/ssh-keys/<int:pk>/remove/", pages.ssh_key_remove, name="ssh_key_remove"),
]
