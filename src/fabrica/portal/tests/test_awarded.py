"""The public list of awarded projects: only with consent, gone at once without, filtered, paged, as files."""

import csv
import io
import json

import pytest
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.test import Client
from fabrica.allocations.models import Award
from fabrica.allocations.tests.factories import awarded, fund
from fabrica.audit.models import Entry
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.notices.models import Notice
from fabrica.people.models import Organisation
from fabrica.portal.queries.awarded import COLUMNS, Filters, listed, page
from fabrica.portal.tasks import look_after
from fabrica.projects import services
from fabrica.projects.engine import consents
from fabrica.projects.models import Listing

VERSION = "2026-11"


@pytest.fixture(autouse=True)
def no_limit_used():
    cache.clear()


@pytest.fixture
def award(cast, call, machine, now):
    fund(cast, machine, now, gpu_seconds=10_000_000)
    return awarded(cast, call, now)


def agree(award, by, now, sector="health", abstract="Finds tumours.", version=VERSION):
    return services.list_project(
        project=award.project, sector=sector, abstract=abstract, version=version, by=by, now=now
    )


def titles(answer):
    return [row["title"] for row in answer.json()["rows"]]


def test_an_award_is_listed_only_after_its_leader_agreed_and_leaves_at_once(cast, award, now, browser):
    anybody = Client()
    assert anybody.get("/awarded.json").json() == {"rows": [], "next_cursor": ""}
    assert "No project is listed yet" in anybody.get("/awarded/").content.decode()
    agree(award, cast.applicant, now)
    assert titles(anybody.get("/awarded.json")) == [award.project.title]
    services.unlist_project(project=award.project, sector="", abstract="", by=cast.applicant, now=now)
    answers = [anybody.get(one) for one in ("/awarded/", "/awarded.json", "/awarded.csv", "/awarded-all.json")]
    told = [b"".join(one.streaming_content) if one.streaming else one.content for one in answers]
    assert [award.project.title.encode() in one for one in told] == [False] * 4
    assert {one["Cache-Control"] for one in answers} == {"no-store"}
    verbs = Entry.objects.filter(verb__in=("project.list", "project.unlist")).order_by("pk")
    assert [(one.verb, one.facts) for one in verbs] == [
        ("project.list", {"consent": VERSION, "sector": "health"}), ("project.unlist", {}),
    ]  # fmt: skip


def test_it_shows_what_was_agreed_to_and_names_nobody(cast, award, now):
    agree(award, cast.applicant, now)
    (row,) = Client().get("/awarded.json").json()["rows"]
    assert row == {
        "title": award.project.title, "organisation": "Novalis Labs", "country": "FR", "sector": "health",
        "sector_title": "Health and life sciences", "mode": "playground", "mode_title": "Playground",
        "system": "Machine One", "site": "Here", "gpu_hours_awarded": 10.0, "begins_on": "2026-11-23",
        "ends_on": award.ends_at.date().isoformat(), "abstract": "Finds tumours.",
    }  # fmt: skip
    assert tuple(row) == COLUMNS
    assert cast.applicant.name not in Client().get("/awarded/").content.decode()


@pytest.mark.parametrize("who", ["mate", "officer", "operator", "outsider"])
def test_nobody_else_agrees_for_the_project(cast, award, now, who, browser):
    services.add_member(project=award.project, email=cast.mate.email, by=cast.applicant, now=now)
    with pytest.raises(NotAllowed):
        agree(award, getattr(cast, who), now)
    with pytest.raises(NotAllowed):
        services.unlist_project(project=award.project, sector="", abstract="", by=getattr(cast, who), now=now)
    data = {"decision": "list", "version": VERSION, "sector": "health", "abstract": "x"}
    answer = browser(who).post(f"{award.project.page}listing/", data)
    assert (answer.status_code, Listing.objects.count()) == (404 if who == "outsider" else 403, 0)


@pytest.mark.parametrize(
    "wrong", [{"sector": ""}, {"sector": "zoo"}, {"abstract": " "}, {"abstract": "x" * 1_501}, {"version": "2020-01"}]
)
def test_consent_is_whole_or_none_and_to_the_wording_of_today(cast, award, now, wrong):
    with pytest.raises(Refused):
        agree(award, cast.applicant, now, **wrong)
    assert not Listing.objects.exists()


def test_the_database_lists_nothing_without_a_wording(cast, award, now):
    with pytest.raises(IntegrityError), transaction.atomic():
        Listing.objects.create(
            project=award.project,
            sector="health",
            abstract="x",
            listed_at=now,
            answered_by=cast.applicant,
            answered_at=now,
        )


def test_filters_choose_and_what_makes_no_sense_counts_as_nothing_chosen(cast, call, award, now):
    other = awarded(cast, call, now)
    Organisation.objects.filter(pk=cast.startup.pk).update(country="FR")
    abroad = Organisation.objects.create(name="B", country="BE", kind="sme", registration_number="B", registered_at=now)
    other.project.organisation = abroad
    other.project.save()
    Award.objects.filter(pk=other.pk).update(starts_at=now.replace(year=2025))
    agree(award, cast.applicant, now)
    agree(other, cast.applicant, now, sector="industry")
    found = {
        query: [row["country"] for row in Client().get(f"/awarded.json?{query}").json()["rows"]]
        for query in ("", "country=FR", "country=BE", "sector=industry", "mode=playground", "mode=fast-lane", "year=2026",
                      "year=x&sector=Z&country='&mode=1", "country=FR&sector=industry")
    }  # fmt: skip
    assert found == {
        "": ["BE", "FR"], "country=FR": ["FR"], "country=BE": ["BE"], "sector=industry": ["BE"],
        "mode=playground": ["BE", "FR"], "mode=fast-lane": [], "year=2026": ["FR"],
        "year=x&sector=Z&country='&mode=1": ["BE", "FR"], "country=FR&sector=industry": [],
    }  # fmt: skip


def test_the_file_holds_no_formula_and_both_files_hold_every_row(cast, award, now):
    agree(award, cast.applicant, now, abstract='=HYPERLINK("http://x")')
    told = Client().get("/awarded.csv")
    (heading, row) = csv.reader(io.StringIO(b"".join(told.streaming_content).decode()))
    assert (tuple(heading), row[-1], told["Content-Type"]) == (
        COLUMNS, '\'=HYPERLINK("http://x")', "text/csv; charset=utf-8",
    )  # fmt: skip
    (same,) = json.loads(b"".join(Client().get("/awarded-all.json").streaming_content))
    assert same == Client().get("/awarded.json").json()["rows"][0]


def test_an_award_that_the_site_took_back_is_not_shown(cast, award, now):
    agree(award, cast.applicant, now)
    Award.objects.filter(pk=award.pk).update(revoked_at=now)
    assert not listed(now).exists()


def test_what_the_site_took_back_is_not_said_to_be_listed(cast, award, now, browser):
    agree(award, cast.applicant, now)
    client, slug = browser("applicant"), award.project.slug

    def said():
        page = client.get(f"/projects/{slug}/listing/")
        whole = client.get(f"/projects/{slug}/").content.decode()
        told = client.get(f"/api/projects/{slug}/listing").json()["is_listed"]
        return page.context["is_shown"], page.context["is_left_out"], ">not listed<" in whole, told

    assert said() == (True, False, False, True)
    Award.objects.filter(pk=award.pk).update(revoked_at=now)
    assert said() == (False, True, True, False)


def test_it_pages_and_asks_the_same_of_the_database_however_long_it_is(
    cast, call, award, now, django_assert_num_queries
):
    agree(award, cast.applicant, now)
    with django_assert_num_queries(3):
        page(now, Filters())
    for _ in range(26):
        agree(awarded(cast, call, now), cast.applicant, now)
    with django_assert_num_queries(3):
        first, rows = page(now, Filters())
    assert (len(rows), len(page(now, Filters(), first.next_cursor)[1])) == (25, 2)


def test_a_program_that_asks_too_often_is_told_so(award, settings):
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "public_list": "2/m/ip"}
    assert [Client().get("/awarded.json").status_code for _ in range(3)] == [200, 200, 429]
    assert Client().get("/awarded.csv").status_code == 429
    assert Client().get("/awarded/").status_code == 429


def test_the_leader_is_asked_once_and_answers_on_the_page_or_over_the_api(cast, award, now, browser):
    look_after(now)
    look_after(now.replace(hour=23))
    assert [(one.person, one.path) for one in Notice.objects.filter(kind="project_listing")] == [
        (cast.applicant, f"{award.project.page}listing/")
    ]
    pi = browser("applicant")
    assert "May this project be named in public?" in pi.get(award.project.page).content.decode()
    data = {"decision": "list", "version": VERSION, "sector": "health", "abstract": "Finds tumours."}
    assert pi.post(f"{award.project.page}listing/", {**data, "sector": ""}).context["form"].errors
    assert pi.post(f"{award.project.page}listing/", data).status_code == 302
    page_now = pi.get(award.project.page).content.decode()
    assert "May this project be named in public?" not in page_now
    told = pi.put(
        f"/api/projects/{award.project.slug}/listing", {**data, "decision": "unlist"}, content_type="application/json"
    ).json()
    assert (told["is_listed"], told["abstract"], told["agreed_to"]) == (False, "Finds tumours.", VERSION)
    assert not listed(now).exists()


def test_every_wording_is_said_in_both_languages():
    assert {one.version for one in consents()} == {VERSION}
    assert all(one.said("fr") != one.said("en") for one in consents())
