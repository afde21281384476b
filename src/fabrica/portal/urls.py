"""Addresses of the portal. `home` stands outside the namespace: sign-in and other contexts lead there."""

from django.urls import include, path

from fabrica.portal.pages import desk, figures, front, home, panel, project, topping_up

portal_patterns = [
    path("", front.start, name="start"),
    path("access-times.json", front.access_times, name="access_times"),
    path("home/notices/read/", home.notices_read, name="notices_read"),
    path("desk/", desk.queue, name="queue"),
    path("desk/figures/", figures.figures, name="figures"),
    path("desk/<str:code>/", desk.desk, name="desk"),
    path("panel/", panel.panels, name="panels"),
    path("panel/<slug:slug>/", panel.panel, name="panel"),
    path("projects/<slug:slug>/", project.project, name="project"),
    path("projects/<slug:slug>/top-up/", topping_up.top_up, name="top_up"),
    path("projects/<slug:slug>/members/", project.member_add, name="member_add"),
    path("projects/<slug:slug>/members/<str:uid>/remove/", project.member_remove, name="member_remove"),
]
urlpatterns = [
    path("home/", home.home, name="home"),
    path("", include((portal_patterns, "portal"))),
]
