"""The lists of projects and applications: everything can be reached, nothing of others, and the same SQL for 1 and 25."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from fabrica.allocations.models import Award, LedgerAccount
from fabrica.allocations.tests.factories import awarded, fund
from fabrica.applications import services as applications
from fabrica.applications.tests.factories import draft, submitted
from fabrica.portal.queries.home import home_of
from fabrica.portal.queries.lists import ENDED, LATE, RUNNING, projects
from fabrica.projects.models import Member, Project, Report
from fabrica.projects.states import Role

MANY = 31
DAY = timedelta(days=1)


@pytest.fixture
def many(cast, now):
    """31 projects of the applicant's: the first three are over, and the oldest of these owes a report."""
    made = Project.objects.bulk_create(
        Project(
            slug=f"many-{n:02d}", title=f"Steel {n}" if n % 2 else f"Proteins {n}", organisation=cast.startup,
            opened_at=now - 90 * DAY, ends_at=now + (-DAY if n < 3 else 30 * DAY),
        )
        for n in range(MANY)
    )  # fmt: skip
    Member.objects.bulk_create(Member(project=one, person=cast.applicant, role=Role.PI, joined_at=now) for one in made)
    Report.objects.create(project=made[0], kind="final", form={}, due_on=(now - 3 * DAY).date())
    return made


def walk(browser, address, parameter="cursor"):
    """The pages of a list from the first to the last, by the links on them."""
    pages = [browser.get(address)]
    while found := re.search(rf'rel="next" href="([^"#]*{parameter}=[^"]*)"', pages[-1].content.decode()):
        pages.append(browser.get(address.partition("?")[0] + found[1].partition("#")[0].replace("&amp;", "&")))
    return pages


def lines(pages):
    return [line for page in pages for line in page.context["lines"]]


def test_a_member_of_many_projects_reaches_each_and_home_keeps_the_most_urgent(cast, many, browser, now):
    home = browser("applicant").get("/home/")
    slugs = [one.project.slug for one in home.context["home"].standings]
    assert slugs == ["many-00", *(f"many-{n:02d}" for n in range(30, 11, -1))]
    assert '<a href="/projects/">All 31 projects</a>' in home.content.decode()
    shown = lines(walk(browser("applicant"), "/projects/"))
    assert [one.project.slug for one in shown] == [f"many-{n:02d}" for n in range(30, -1, -1)]
    assert [(str(words), tone) for words, tone in shown[-1].badges] == [("Final report: 3 days late", "bad")]
    assert lines(walk(browser("outsider"), "/projects/")) == []


@pytest.mark.parametrize(
    ("state", "words", "expected"),
    [
        (LATE, "", ["many-00"]), (ENDED, "", ["many-02", "many-01", "many-00"]),
        (ENDED, "steel", ["many-01"]), (RUNNING, "MANY-0", [f"many-{n:02d}" for n in range(9, 2, -1)]),
        (LATE, "novalis", ["many-00"]), ("", "any-0", []), ("", "100%", []), ("nonsense", "steel 29", ["many-29"]),
    ],
)  # fmt: skip
def test_projects_are_found_by_state_code_title_and_organisation(cast, many, now, state, words, expected):
    assert [one.slug for one in projects(cast.operator, now, state=state, words=words)] == expected


def test_a_list_costs_the_same_for_one_and_for_many(cast, many, browser):
    client, asked = browser("officer"), []
    Report.objects.bulk_create(
        Report(project=one, kind="final", form={}, due_on=one.ends_at.date()) for one in many[1:]
    )
    client.get("/projects/")
    for words in ("many-30", ""):
        with CaptureQueriesContext(connection) as queries:
            client.get("/projects/", {"q": words} if words else {"q": "many"})
        asked.append(len(queries))
    assert asked[0] == asked[1]


def test_what_was_decided_stands_in_the_list_with_its_hours(cast, call, machine, now, browser):
    fund(cast, machine, now, gpu_seconds=10_000_000)
    award = awarded(cast, call, now)
    LedgerAccount.objects.filter(award=award, kind="used").update(balance_gpu_seconds=7_200)
    waits, begun = submitted(cast, call, now), draft(cast, call, now)
    shown = {who: lines(walk(browser(who), "/applications/")) for who in ("officer", "assessor", "mate", "outsider")}
    codes = {who: [one.application.code for one in found] for who, found in shown.items()}
    decided = award.application.code
    staff = [waits.code, decided]
    assert codes == {"officer": staff, "assessor": staff, "mate": [begun.code, *staff], "outsider": []}
    assert [one.path for one in shown["officer"]] == [f"/desk/{one}/" for one in staff]
    assert shown["mate"][0].path == f"/applications/{begun.code}/"
    assert shown["officer"][1].balance.used == 7_200
    assert [one.balance for one in shown["mate"]] == [None, None, None]  # a colleague outside the project
    found = lines(walk(browser("officer"), f"/applications/?state=awarded&q={decided.lower()}"))
    assert [one.application.code for one in found] == [decided]
    assert lines(walk(browser("officer"), "/applications/?state=refused")) == []


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("applicant", ["You have not applied yet", "You belong to no project yet"]),
        ("officer", ["No application yet", "No project yet"]),
        ("assessor", ["No application yet", "You belong to no project yet"]),
        ("operator", ["Nothing for you to read", "No project yet"]),
    ],
)
def test_an_empty_list_says_what_to_do(cast, call, browser, who, expected):
    client = browser(who)
    found = [
        re.findall(r'class="empty-title">([^<]+)<', client.get(one).content.decode())
        for one in ("/applications/", "/projects/", "/projects/?q=nothing", "/applications/?state=refused")
    ]
    assert found == [[one] for one in (*expected, "No project fits", "No application fits")]


def test_an_operator_finds_every_list_from_home_and_no_link_is_forbidden(cast, call, browser):
    client = browser("operator")
    told = re.search(r'aria-labelledby="lists".*?</nav>', client.get("/home/").content.decode(), re.DOTALL)[0]
    links = re.findall(r'href="([^"]+)"', told)
    assert links == ["/projects/", "/desk/projects/", "/desk/compute/", "/desk/figures/", "/desk/pools/", "/invoices/"]
    for one in links:
        answer = client.get(one)
        back = re.search(r'class="breadcrumbs".*?href="([^"]+)"', answer.content.decode(), re.DOTALL)[1]
        assert (answer.status_code, back) == (200, "/home/")


def test_overdue_reports_are_paged_by_their_day(cast, many, browser):
    days = [many[0].opened_at.date() + timedelta(days=n // 2) for n in range(MANY - 1)]
    Report.objects.bulk_create(
        Report(project=one, kind="final", form={}, due_on=day) for one, day in zip(many[1:], days, strict=True)
    )
    pages = walk(browser("operator"), "/desk/projects/", "late")
    found = [[one.report.project.slug for one in page.context["list"].late] for page in pages]
    assert [len(one) for one in found] == [25, 6]
    assert sum(found, []) == [f"many-{n:02d}" for n in (*range(1, MANY), 0)]
    assert Award.objects.count() == 0


def test_a_draft_is_nobodys_but_its_organisations(cast, call, now, browser):
    made = draft(cast, call, now)
    assert lines(walk(browser("officer"), f"/applications/?q={made.code}")) == []
    applications.withdraw(application=made, by=cast.applicant, now=now)
    assert home_of(cast.applicant, now).has_more_applications is False
