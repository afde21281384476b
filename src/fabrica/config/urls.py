"""Addresses of the site. Pages are behind the login unless they say otherwise; the API lets in by token or session."""

from importlib.util import find_spec

from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin
from django.contrib.auth.models import Group
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from fabrica.config.api import api
from fabrica.people.pages import language, password_set

CONTEXTS = [
    "people", "notices", "calls", "trust", "applications", "reviews", "projects", "dataspaces", "training", "registry",
    "portal", "web",
]  # fmt: skip

# One sign-in for all: the administration offers no way round the limit on tries and the second factor.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

# What other packages offer for editing there would leave no audit entry.
for model in (Group, EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken):
    if admin.site.is_registered(model):
        admin.site.unregister(model)

api_patterns, api_app, api_namespace = api.urls
for pattern in api_patterns:
    # The API asks for a token or session itself and answers 401, where a page would lead to the sign-in.
    pattern.callback.login_required = False  # type: ignore[union-attr]  # Django reads this attribute of any view

handler500 = "fabrica.web.problems.server_error_page"
urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/", admin.site.urls),
    # allauth's own page would unlink without an audit entry
    path("accounts/3rdparty/", RedirectView.as_view(pattern_name="people:sign_in_methods")),
    path("accounts/password/set/", password_set, name="account_set_password"),
    path("accounts/", include("allauth.urls")),
    path("i18n/setlang/", language, name="set_language"),
    path("api/", (api_patterns, api_app, api_namespace)),
]
urlpatterns += [
    path("", include(f"fabrica.{context}.urls"))
    for context in CONTEXTS
    if find_spec(f"fabrica.{context}") and find_spec(f"fabrica.{context}.urls")
]
