"""Addresses of models, reports about them, and keys."""

from django.urls import path

from fabrica.registry.pages import measuring, releasing, reports, statements, versions

app_name = "registry"
urlpatterns = [
    path("models/", versions.listing, name="list"),
    path("models/<slug:slug>/", versions.model, name="model"),
    path("models/<slug:slug>/<int:number>/", versions.detail, name="detail"),
    path("models/<slug:slug>/<int:number>/export.json", versions.export, name="export"),
    path("models/<slug:slug>/<int:number>/documented/", releasing.document, name="documented"),
    path("models/<slug:slug>/<int:number>/evaluate/", releasing.evaluate, name="evaluate"),
    path("models/<slug:slug>/<int:number>/evaluate-again/", measuring.measure, name="measure"),
    path(
        "models/<slug:slug>/<int:number>/evaluations/<int:which>/report.html",
        measuring.report,
        name="evaluation_report",
    ),
    path("models/<slug:slug>/<int:number>/review/", releasing.review, name="review"),
    path("models/<slug:slug>/<int:number>/send-back/", releasing.send_back, name="send_back"),
    path("models/<slug:slug>/<int:number>/publish/", releasing.publish, name="publish"),
    path("models/<slug:slug>/<int:number>/withdraw/", releasing.withdraw, name="withdraw"),
    path("models/<slug:slug>/<int:number>/report/", reports.report, name="report"),
    path("models/<slug:slug>/<int:number>/files/<path:path>", versions.download, name="file"),
    path("model-reports/", reports.desk, name="reports"),
    path("model-reports/<slug:uid>/", reports.status, name="report_status"),
    path("model-reports/<slug:uid>/acknowledge/", reports.acknowledge, name="report_acknowledge"),
    path("model-reports/<slug:uid>/decide/", reports.decide, name="report_decide"),
    path("model-reports/<slug:uid>/close/", reports.close, name="report_close"),
    path("model-reports/<slug:uid>/lift/", reports.lift, name="report_lift"),
    path("model-reports/<slug:uid>/forget/", reports.forget, name="report_forget"),
    path("models/<slug:slug>/<int:number>/documents/<str:file>", statements.document, name="document"),
    path("models/<slug:slug>/statement/", statements.overview, name="statement"),
    path("models/<slug:slug>/statement/<slug:name>/", statements.section, name="statement_section"),
    path("models/<slug:slug>/statement/<slug:name>/autosave/", statements.autosave, name="statement_autosave"),
    path("runs/<str:uid>/model/", versions.of_run, name="of_run"),
    path("keys/", versions.keys, name="keys"),
    path("keys/revoked-keys.json", versions.revoked, name="revoked"),
    path("keys/<slug:digits>.pub", versions.key, name="key"),
]
