"""Addresses for web's own tests: the gallery, one page per problem, and a form that saves itself."""

from django import forms
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse
from django.template import engines
from django.urls import include, path
from django.views.i18n import set_language
from ninja import NinjaAPI

from fabrica.kit import errors
from fabrica.web.urls import gallery_patterns

DRAFT_PAGE = """{% extends "web/base.html" %}{% block title %}Draft{% endblock %}{% block content %}
<h1>Draft</h1>{% include "web/form.html" with autosave="/draft" %}{% endblock %}"""
api = NinjaAPI(title="Test API", urls_namespace="web-tests")


@api.get("/machines")
def machines(request):
    return []


api_patterns, api_app, api_namespace = api.urls
for pattern in api_patterns:
    pattern.callback.login_required = False


def raising(problem):
    @login_not_required
    def page(request):
        raise problem

    return page


def told(kind):
    return kind("The call is closed.", why="It closed <yesterday>.", todo="Choose an open call.")


class Draft(forms.Form):
    title = forms.CharField()


@login_not_required
def draft(request):
    if request.method == "POST" and request.POST["title"] == "refuse me":
        raise told(errors.Refused)
    if request.method == "POST":
        answer = HttpResponse(status=204)
        answer.set_cookie("title", request.POST["title"])
        return answer
    form = Draft(initial={"title": request.COOKIES.get("title", "")})
    page = engines["django"].from_string(DRAFT_PAGE)
    return HttpResponse(page.render({"form": form}, request))


@login_not_required
def plain(request):
    return HttpResponse("plain")


@login_not_required
def own_policy(request):
    return HttpResponse("own", headers={"Content-Security-Policy": "sandbox"})


urlpatterns = [
    path("", include((gallery_patterns, "web"))),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("setlang/", login_not_required(set_language), name="set_language"),
    path("api/", (api_patterns, api_app, api_namespace)),
    path("draft", draft),
    path("plain", plain),
    path("own-policy", own_policy),
    path("refused", raising(told(errors.Refused))),
    path("not-allowed", raising(told(errors.NotAllowed))),
    path("not-found", raising(told(errors.NotFound))),
    path("unreachable", raising(told(errors.Unreachable))),
    path("absent", raising(Http404())),
    path("broken", raising(RuntimeError("broken"))),
    path("api/refused", raising(told(errors.Refused))),
]
