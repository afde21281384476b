"""Addresses of calls and modes."""

from django.urls import path

from fabrica.calls.pages import keeping, modes, public

app_name = "calls"
urlpatterns = [
    path("calls/", public.listing, name="list"),
    path("route/", public.find_route, name="route"),
    path("calls/<slug:slug>/", public.detail, name="detail"),
    path("calls/<slug:slug>/state/", keeping.state, name="state"),
    path("modes/", modes.listing, name="modes"),
    path("modes/new/", modes.new, name="mode_new"),
    path("modes/<slug:key>/", modes.detail, name="mode"),
    path("modes/<slug:key>/change/", modes.change, name="mode_change"),
    path("modes/<slug:key>/retire/", modes.retire, name="mode_retire"),
    path("modes/<slug:key>/open/", keeping.open_mode, name="mode_open"),
]
