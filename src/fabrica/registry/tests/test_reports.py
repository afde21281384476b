"""Reports about published models: anybody sends one, a clock runs, an officer decides."""

import json
from datetime import timedelta

import pytest
from django.core import mail
from fabrica.audit.models import Entry
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.kit.time import utcnow
from fabrica.notices.models import Notice
from fabrica.people.engine.own_data import own_data
from fabrica.people.queries.own_data import _rows
from fabrica.registry import clocks, queries, services, tasks
from fabrica.registry.forms import stamp
from fabrica.registry.models import ModelVersion, Release, Report
from fabrica.registry.states import ReportKind
from fabrica.registry.tests.conftest import published

WORDS = {"kind": "rights", "text": "My poems stand in it.", "name": "Rosa", "email": "rosa@poems.example"}


@pytest.fixture
def public(version, cast, now):
    return published(version, cast, now)


def send(client, version, seconds=10, **changes):
    """The form, sent so many seconds after it was shown."""
    body = {**WORDS, "stamp": stamp(utcnow() - timedelta(seconds=seconds)), **changes}
    return client.post(f"{version.page}report/", body)


def reported(version, now, **changes):
    wish = {**WORDS, "language": "en", "nonce": "n1", **changes}
    return services.receive(version=version, now=now, **wish)


def test_anybody_reports_and_sees_where_it_stands_but_not_what_was_said(client, public):
    answer = send(client, public)
    made = Report.objects.get()
    assert (answer.status_code, answer.url, made.text) == (302, made.page, "My poems stand in it.")
    page = client.get(made.page)
    assert (page.status_code, page.context["reads"], page.context["form"]) == (200, False, None)
    assert "no-store" in page["Cache-Control"]
    told = page.content.decode()
    assert [one in told for one in ("My poems", "Rosa", "poems.example")] == [False, False, False]
    assert client.get("/model-reports/nothing/").status_code == 404


def test_where_the_days_of_a_report_come_from_stands_on_the_form_and_for_the_officer(client, public, cast, now):
    form = client.get(f"{public.page}report/").content.decode()
    listed = form.partition("By when it is decided")[2].partition("</ul>")[0]
    own = (
        '<strong class="badge tone-warning">Confidence B</strong> <span class="why">Source: The site&#x27;s own promise'
    )
    assert (listed.count("Source:"), listed.count(own), listed.count("Confidence")) == (7, 3, 3)
    made = reported(public, now)
    client.force_login(cast.officer, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.get(made.page).content.decode().count(own) == 1


def test_the_answer_says_nothing_about_the_address(client, public, cast):
    known, strange = (send(client, public, email=one) for one in (cast.applicant.email, "nobody@nowhere.example"))
    assert (known.status_code, strange.status_code, Report.objects.count()) == (302, 302, 2)


def test_one_form_is_one_report(client, public):
    once = stamp(utcnow() - timedelta(seconds=10))
    assert send(client, public, stamp=once).url == send(client, public, stamp=once).url
    assert Report.objects.count() == 1


@pytest.mark.parametrize(
    ("seconds", "changes", "status"),
    [
        (10, {"website": "http://spam.example"}, 200),
        (0, {}, 200),
        (25 * 3_600, {}, 200),
        (10, {"stamp": "forged"}, 200),
        (10, {"text": "x" * 4_001}, 200),
        (10, {"kind": "praise"}, 200),
        (10, {"email": "no address"}, 200),
    ],
)
def test_programs_and_what_is_malformed_leave_no_report(client, public, seconds, changes, status):
    assert send(client, public, seconds, **changes).status_code == status
    assert not Report.objects.exists()


def test_a_draft_cannot_be_reported(client, version):
    assert client.get(f"{version.page}report/").status_code == 404


def flood(version, now, count, **more):
    facts = {"version": version, "received_at": now, "due_at": now + timedelta(days=9), "warn_at": now, **more}
    Report.objects.bulk_create([Report(nonce=f"flood {n}", **facts) for n in range(count)])


def test_however_many_are_open_an_honest_report_is_taken_in_but_for_a_flood_of_one_day(public, now):
    flood(public, now, 1_000)
    with pytest.raises(Refused, match="came today"):
        reported(public, now)
    assert reported(public, now + timedelta(days=1)).state == "received"


def test_a_flood_is_one_letter_an_hour_to_each_with_how_many_wait(public, cast, now):
    reported(public, now)
    tasks.watch_reports(now)
    flood(public, now, 40, warn_at=now + timedelta(days=1))
    for minutes in range(0, 121, 10):
        tasks.watch_reports(now + timedelta(minutes=minutes))
    rows = Notice.objects.filter(kind__startswith="model_report").order_by("pk")
    assert [(one.kind, one.person) for one in rows] == [
        ("model_report_received", cast.officer), ("model_report_received", cast.applicant),
        ("model_reports", cast.officer), ("model_reports", cast.applicant),
    ]  # fmt: skip
    assert rows[2].body.splitlines()[2:4] == ["40 reports came.", "In all 41 wait for a decision."]


def test_who_reported_is_forgotten_half_a_year_after_the_end(public, cast, now, settings):
    kept, done = (reported(public, now, nonce=one) for one in ("open", "done"))
    services.decide(report=done, decision="kept", reason="So.", by=cast.officer, now=now)
    services.close(report=done, by=cast.officer, now=now + timedelta(days=30))
    late = now + timedelta(days=30 + settings.FABRICA_REPORTER_DAYS)
    assert [tasks.forget_reporters(one) for one in (late - timedelta(hours=1), late, late)] == [False, True, False]
    rows = Report.objects.filter(pk__in=(kept.pk, done.pk)).order_by("pk")
    assert [(one.reporter_name, one.reporter_email, one.text) for one in rows] == [
        ("Rosa", "rosa@poems.example", "My poems stand in it."), ("", "", "My poems stand in it."),
    ]  # fmt: skip
    assert Entry.objects.get(verb="model_report.forget").actor == ""


@pytest.mark.parametrize(
    ("kind", "days", "article"),
    [
        (ReportKind.SERIOUS, 15, "AI Act, Art. 73(2)"),
        (ReportKind.WIDESPREAD, 2, "AI Act, Art. 73(3)"),
        (ReportKind.DEATH, 10, "AI Act, Art. 73(4)"),
    ],
)
def test_the_clock_of_a_serious_incident_is_that_of_article_73(now, kind, days, article):
    found = clocks.clock_of(kind, now.date())
    assert (found.days, found.article, found.due_at(now) - now) == (days, article, timedelta(days=days))
    french = f"Règlement sur l’IA, article 73, paragraphe {article[-2]}"
    assert [found.article_in(language) for language in ("en", "fr", None)] == [article, french, article]


def test_officers_are_warned_at_four_fifths_and_told_once_when_it_is_late(public, cast, now):
    made = reported(public, now, kind="serious")

    def told_at(days):
        tasks.watch_reports(now + timedelta(days=days))
        rows = Notice.objects.filter(kind__in=("model_report_due", "model_report_late")).order_by("pk")
        return [(one.kind, one.person) for one in rows]

    assert told_at(11.9) == []
    assert told_at(12) == told_at(14.9) == [("model_report_due", cast.officer)]
    assert told_at(15) == told_at(16) == [("model_report_due", cast.officer), ("model_report_late", cast.officer)]
    assert made.due_at == now + timedelta(days=15)


def test_letters_go_to_reporter_officers_and_principal_investigator(public, cast, now):
    made = reported(public, now)
    tasks.watch_reports(now)
    services.decide(report=made, decision="kept", reason="The poems are free to use.", by=cast.officer, now=now)
    while tasks.write_to_reporter(now):
        pass
    assert [one.to for one in mail.outbox] == [["rosa@poems.example"]] * 2
    assert [made.page in one.body for one in mail.outbox] == [True, True]
    named = [f"model-report-{one.pk}" for one in made.letters.order_by("pk")]
    assert [one.extra_headers["Message-ID"].strip("<>").partition("@")[0] for one in mail.outbox] == named
    rows = Notice.objects.filter(kind__startswith="model_report_").order_by("pk").values_list("kind", "person__name")
    assert list(rows) == [
        ("model_report_received", "Olga"),
        ("model_report_received", "Ada"),
        ("model_report_decided", "Ada"),
    ]
    written = [(one.verb, one.facts) for one in Entry.objects.filter(verb__startswith="model_report.").order_by("pk")]
    assert written == [
        ("model_report.receive", {"model": public.subject, "kind": "rights"}),
        ("model_report.decide", {"before": "received", "after": "decided", "decision": "kept"}),
    ]


@pytest.mark.parametrize("name", ["applicant", "mate", "operator", "outsider"])
def test_only_an_officer_from_outside_handles_a_report(public, cast, now, name):
    made, by = reported(public, now), getattr(cast, name)
    with pytest.raises(NotAllowed):
        services.acknowledge(report=made, by=by, now=now)
    with pytest.raises(NotAllowed):
        services.decide(report=made, decision="withdrawn", reason="So.", by=by, now=now)
    public.refresh_from_db()
    assert public.state == "published"


def test_a_restriction_keeps_files_back_and_is_lifted_again(client, public, cast, now):
    made = reported(public, now)
    services.decide(report=made, decision="restricted", reason="We look into it.", by=cast.officer, now=now)
    assert client.get(f"{public.page}files/card.md").status_code == 404
    assert client.get(public.page).context["version"].restricted_because == "We look into it."
    assert client.get(f"{public.page}export.json").json()["files"] == []
    services.lift_restriction(report=made, by=cast.officer, now=now)
    assert client.get(f"{public.page}files/card.md").status_code == 200


MASKED = {"probe": "personal", "name": "copied", "verdict": "warn", "more": {"iban": {"copied": 1, "masked": ["DE…"]}}}


@pytest.mark.parametrize("decision", ["restricted", "withdrawn"])
def test_what_the_model_wrote_is_kept_back_with_its_files(client, public, cast, now, decision):
    ModelVersion.objects.filter(pk=public.pk).update(facts={**public.facts, "battery": {"results": [MASKED]}})
    Release.objects.update(facts={**public.facts, "battery": {"results": [MASKED]}})

    def told():
        """Whether the sample stands in the page, and what the export tells of what was copied."""
        page = client.get(public.page).content.decode()
        return "def f():" in page, client.get(f"{public.page}export.json").json()["battery"][0]["more"]["iban"]

    assert told() == (True, {"copied": 1, "masked": ["DE…"]})
    services.decide(report=reported(public, now), decision=decision, reason="Mine.", by=cast.officer, now=now)
    assert told() == (False, {"copied": 1})
    client.force_login(cast.applicant)
    assert "def f():" in client.get(public.page).content.decode()


def test_a_decision_to_withdraw_withdraws_with_its_reason_and_is_made_once(public, cast, now):
    made = reported(public, now)
    services.acknowledge(report=made, by=cast.officer, now=now)
    with pytest.raises(Refused, match="A decision needs its reason"):
        services.decide(report=made, decision="withdrawn", reason=" ", by=cast.officer, now=now)
    services.decide(report=made, decision="withdrawn", reason="It holds poems.", by=cast.officer, now=now)
    public.refresh_from_db()
    assert (public.state, public.withdrawn_because) == ("withdrawn", "It holds poems.")
    with pytest.raises(Refused, match="past that step"):
        services.decide(report=made, decision="kept", reason="No.", by=cast.officer, now=now)


def test_what_is_known_of_the_reporter_is_deleted_and_no_letter_follows(public, cast, now):
    made = reported(public, now)
    services.decide(report=made, decision="kept", reason="So.", by=cast.officer, now=now)
    kept = services.forget_reporter(report=made, by=cast.officer, now=now)
    assert (kept.reporter_name, kept.reporter_email, kept.text) == ("", "", "My poems stand in it.")
    assert not queries.letters_due(now).exists()
    services.close(report=kept, by=cast.officer, now=now)
    assert services.forget_reporter(report=kept, by=cast.officer, now=now).text == ""


@pytest.mark.parametrize(
    ("name", "listed", "text", "address"),
    [
        ("officer", 1, True, True),
        ("applicant", 1, True, False),
        ("mate", 0, False, False),
        ("outsider", 0, False, False),
    ],
)
def test_who_reads_what_of_a_report(client, public, cast, now, name, listed, text, address):
    made = reported(public, now)
    client.force_login(getattr(cast, name))
    assert len(client.get("/model-reports/?show=all").context["rows"]) == listed
    page = client.get(made.page).content.decode()
    assert ("My poems" in page, "rosa@poems.example" in page) == (text, address)


def test_the_officers_list_costs_the_same_for_one_report_and_for_many(
    client, public, cast, now, django_assert_num_queries
):
    client.force_login(cast.officer)
    reported(public, now)
    with django_assert_num_queries(5):
        client.get("/model-reports/")
    for n in range(30):
        reported(public, now, nonce=f"more {n}")
    with django_assert_num_queries(5):
        assert len(client.get("/model-reports/").context["rows"]) == 25


def test_who_decided_a_report_takes_along_what_they_wrote_and_not_the_words_of_the_reporter(public, cast, now):
    made = reported(public, now, email=cast.mate.email)
    services.decide(report=made, decision="kept", reason="They are in the public domain.", by=cast.officer, now=now)
    table = next(one for one in own_data().tables if one.label == "registry.Report")
    officers, reporters = (json.loads(b"".join(_rows(who, table))) for who in (cast.officer, cast.mate))
    assert [one.get("text") for one in (officers, reporters)] == [None, "My poems stand in it."]
    assert officers["reason"] == "They are in the public domain."
