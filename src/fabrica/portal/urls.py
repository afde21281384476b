"""Addresses of the portal. `home` stands outside the namespace: sign-in and other contexts lead there."""

from django.urls import include, path

from fabrica.portal.pages import (
    changing,
    desk,
    figures,
    front,
    home,
    members,
    muting,
    panel,
    pools,
    project,
    reports,
    topping_up,
)

portal_patterns = [
    path("", front.start, name="start"),
    path("access-times.json", front.access_times, name="access_times"),
    path("home/notices/read/", home.notices_read, name="notices_read"),
    path("desk/", desk.queue, name="queue"),
    path("desk/figures/", figures.figures, name="figures"),
    path("desk/projects/", reports.watchlist, name="watchlist"),
    path("desk/pools/", pools.pools, name="pools"),
    path("desk/<str:code>/", desk.desk, name="desk"),
    path("panel/", panel.panels, name="panels"),
    path("panel/<slug:slug>/", panel.panel, name="panel"),
    path("projects/<slug:slug>/", project.project, name="project"),
    path("projects/<slug:slug>/top-up/", topping_up.top_up, name="top_up"),
    path("projects/<slug:slug>/extend/", changing.extend, name="extend"),
    path("projects/<slug:slug>/revoke/", changing.revoke, name="revoke"),
    path("projects/<slug:slug>/move/", changing.move, name="move"),
    path("projects/<slug:slug>/phases/<int:number>/", changing.phase, name="phase"),
    path("projects/<slug:slug>/mute/", muting.mute, name="mute"),
    path("projects/<slug:slug>/unmute/", muting.unmute, name="unmute"),
    path("projects/<slug:slug>/invite/", members.invite, name="invite"),
    path("projects/<slug:slug>/invitations/<str:uid>/again/", members.invite_again, name="invite_again"),
    path("projects/<slug:slug>/invitations/<str:uid>/revoke/", members.revoke, name="invitation_revoke"),
    path("projects/<slug:slug>/members/<str:uid>/remove/", members.remove, name="member_remove"),
    path("projects/<slug:slug>/members/<str:uid>/role/", members.role, name="member_role"),
    path("projects/<slug:slug>/members/<str:uid>/propose/", members.propose, name="propose_pi"),
    path("projects/<slug:slug>/proposal/", members.proposal, name="proposal"),
    path("projects/<slug:slug>/leave/", members.leave, name="leave"),
    path("projects/<slug:slug>/reports/<slug:kind>/", reports.report, name="report"),
    path("projects/<slug:slug>/reports/<slug:kind>/save/", reports.autosave, name="report_autosave"),
    path("projects/<slug:slug>/reports/<slug:kind>/judge/", reports.judge, name="report_judge"),
    path("projects/<slug:slug>/publications/", reports.publication_add, name="publication_add"),
    path("projects/<slug:slug>/publications/<int:pk>/remove/", reports.publication_remove, name="publication_remove"),
    path("projects/<slug:slug>/idle-hours/", reports.keep_hours, name="keep_hours"),
    path("invitations/<str:code>/", members.invitation, name="invitation"),
]
urlpatterns = [
    path("home/", home.home, name="home"),
    path("", include((portal_patterns, "portal"))),
]
