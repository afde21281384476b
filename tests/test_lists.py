"""Every list is short whatever the size of the site: held against every address there is, so that none is forgotten."""

from datetime import UTC, date, datetime
from urllib.parse import urlsplit

import pytest
from django.db import connection, reset_queries, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import resolve
from fabrica.config import bench_lists, filling
from fabrica.config.api import api
from fabrica.config.filling import Size, names
from fabrica.kit.paging import PAGE_SIZE
from fabrica.people.models import Member as Employee
from fabrica.people.models import Person
from fabrica.projects.models import Member, Project

from tests.routes import keys, operations, pages

pytestmark = [pytest.mark.long, pytest.mark.django_db]
SMALL = Size(projects=150, open_applications=120, people=29)
LARGE = Size(projects=300, open_applications=240, people=29)
CROWDS = (2 * PAGE_SIZE, 4 * PAGE_SIZE)  # so many more people work for one organisation, and in one project
PEOPLE = {"operator": 0, "officer": 1, "assessor": 4, "provider": 8, "member": 9}
SAMPLES = {
    ("projects", "slug"): "filled-000001",
    ("applications", "code"): "AIF-FILLA-000001",
    ("organisations", "uid"): names.uid("organisation", 0),
    ("trust", "key"): "civilian",
    ("desk", "code"): "AIF-FILLO-000001",
    ("calls", "slug"): "playground-filled-one",
    ("machines", "slug"): "filled-one",
    ("sites", "slug"): "filled",
    ("admin", "app_label"): "people",
}
FILTERED = {
    "portal:queue": [f"?state={one}" for one in ("mine", "late", "submitted", "screened", "assessed", "returned")],
    "GET api/queue": [f"?state={one}" for one in ("mine", "late", "submitted", "screened", "assessed", "returned")],
    "GET api/applications": [f"?state={one}" for one in ("submitted", "returned", "awarded", "refused", "withdrawn")],
}  # fmt: skip
# Lists of the API that come whole, and what keeps each short. A new list pages by cursor, or gets its reason here.
WHOLE = {
    "api/recipes": "the recipes that are installed",
    "api/models/<slug>/<number>/evaluations": "a hundred at most",
    "api/machines": "the machines of the federation, put up by hand",
    "api/me/unix-names": "one for each site",
    "api/calls": "calls that are not closed, opened by hand",
    "api/modes": "a data file",
    "api/trust/questions": "a data file",
    "api/pools": "the pools of a machine's year, declared by hand",
    "api/kpis": "one row for each mode, country, sector and kind",
    "api/applications/<code>/gaps": "one for each field of the form",
    "api/applications/<code>/advice": "three sentences at most",
    "api/applications/<code>/versions": "one for each submission",
    "api/applications/<code>/timeline": "the moves of one application",
    "api/applications/<code>/assessments": "one for each assessor",
    "api/organisations/<uid>/alike": "five at most",
    "api/organisations/<uid>/sme/declarations": "the twenty newest",
    "api/projects/<slug>/invitations": "50 at most",
    "api/projects/<slug>/publications": "500 at most",
    "api/projects/<slug>/reports": "as many as the mode asks for",
    "api/projects/<slug>/runs/<number>/points": "5,000 at most, after a step",
    "api/datasets/<slug>/versions/<number>/files": "one version, whose files are bounded",
    "api/tokens": "20 at most",
    "api/me/ssh-keys": "10 at most",
    "api/people/<uid>/identities": "10 at most",
    "api/keys": "the site's signing keys",
}


def answers():
    """(address, schema of its good answer, names of what may stand in the query) of each GET of the API."""
    told = api.get_openapi_schema()
    for path, methods in told["paths"].items():
        if "get" not in methods:
            continue
        content = methods["get"]["responses"].get(200, {}).get("content", {})
        schema = content.get("application/json", {}).get("schema", {})
        name = schema.get("$ref", "").rsplit("/", 1)[-1]
        query = {one["name"] for one in methods["get"].get("parameters", []) if one["in"] == "query"}
        pattern = path.strip("/").replace("{", "<").replace("}", ">")
        yield pattern.replace("int:", "").replace("path:", ""), told["components"]["schemas"].get(name, schema), query


def test_every_list_of_the_api_pages_by_cursor_or_says_what_keeps_it_short():
    whole, paged = set(), set()
    for pattern, schema, query in answers():
        if schema.get("type") == "array":
            whole.add(pattern)
        elif "rows" in schema.get("properties", {}):
            assert "next_cursor" in schema["properties"], pattern
            assert "cursor" in query, pattern
            paged.add(pattern)
    assert whole == set(WHOLE)
    assert {"api/applications", "api/awards", "api/projects", "api/queue", "api/notices"} <= paged


def test_every_list_that_needs_no_name_is_measured():
    measured = {urlsplit(path).path.strip("/") for _, _, path in bench_lists.LISTS}
    paged = {one for one, schema, _ in answers() if "rows" in schema.get("properties", {}) and "<" not in one}
    assert paged - measured == set()


@pytest.mark.parametrize("path", [path for _, _, path in (*bench_lists.LISTS, *bench_lists.REPORTS)])
def test_every_address_that_is_measured_exists(path):
    assert resolve(urlsplit(path).path)


def addresses():
    """(name, address) of what one can read without more than the samples."""
    for one in (*pages(), *operations()):
        if getattr(one, "method", "GET") != "GET" or set(keys(one.pattern)) - set(SAMPLES):
            continue
        name = str(one) if hasattr(one, "method") else one.name
        yield name, one.path(SAMPLES)
        yield from ((f"{name}{more}", f"{one.path(SAMPLES)}{more}") for more in FILTERED.get(name, ()))


def read(number):
    """(statements, bytes, rows) of everything that a person can read, by its name."""
    client = Client(raise_request_exception=True)
    client.force_login(Person.objects.get(email=f"person-{number}@filled.example"))
    found = {}
    for name, path in addresses():
        if "logout" in name:
            continue
        reset_queries()  # the log keeps 9,000
        with CaptureQueriesContext(connection) as asked:
            answer = client.get(path)
        if answer.status_code != 200:
            continue
        is_json = answer.headers["Content-Type"].startswith("application/json")
        rows = answer.json() if is_json and not answer.streaming else None
        shown = rows.get("rows") if isinstance(rows, dict) else rows
        size = 0 if answer.streaming else len(answer.content)
        found[name] = (len(asked), size, len(shown) if isinstance(shown, list) else 0)
    return found


def join(total):
    """Let so many people in all, besides those who were invented, work for one organisation and in a project of it."""
    project, at = Project.objects.get(slug=SAMPLES["projects", "slug"]), datetime(2026, 11, 23, 12, tzinfo=UTC)
    numbers = range(Person.objects.filter(email__startswith="joined-").count(), total)
    people = Person.objects.bulk_create(
        Person(uid=names.uid("joined", one), email=f"joined-{one}{names.DOMAIN}", name=names.person(one))
        for one in numbers
    )
    Employee.objects.bulk_create(
        Employee(organisation=project.organisation, person=one, role="member", joined_at=at) for one in people
    )
    Member.objects.bulk_create(Member(project=project, person=one, role="member", joined_at=at) for one in people)


@pytest.fixture(scope="module")
def both(django_db_setup, django_db_blocker, tmp_path_factory):
    """What each person reads on a small site, and on the same site twice as large."""
    with django_db_blocker.unblock(), transaction.atomic(), override_settings(FABRICA_DEMO=True):
        found = []
        for size, crowd in zip((SMALL, LARGE), CROWDS, strict=True):
            filling.fill(size, date(2026, 11, 23), lambda *_: None)
            join(crowd)
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")  # as the database does by itself where rows stay
            Person.objects.filter(email="person-0@filled.example").update(is_staff=True, is_superuser=True)
            found.append({who: read(number) for who, number in PEOPLE.items()})
        transaction.set_rollback(True)
    return found


@pytest.mark.parametrize("who", PEOPLE)
def test_no_page_asks_the_database_more_on_a_larger_site(both, who):
    small, large = (one[who] for one in both)
    grown = {name: (small[name][0], large[name][0]) for name in small if large[name][0] > small[name][0]}
    assert grown == {}


@pytest.mark.parametrize("who", PEOPLE)
def test_no_page_is_longer_on_a_larger_site(both, who):
    """A list twice as long would be. Of the API the rows are counted, below."""
    small, large = (one[who] for one in both)
    grown = {name: (small[name][1], large[name][1]) for name in small if large[name][1] > 1.3 * small[name][1]}
    assert {name: sizes for name, sizes in grown.items() if not name.startswith(("admin:", "GET "))} == {}


@pytest.mark.parametrize("who", PEOPLE)
def test_no_list_of_the_api_holds_more_than_a_page(both, who):
    """But for two whose length the data of the house fixes: its figures, and the questions of the gate."""
    long = {name.removeprefix("GET ") for name, (_, _, rows) in both[1][who].items() if rows > PAGE_SIZE}
    assert {name for name in long if name.startswith("api/")} - {"api/kpis", "api/trust/questions"} == set()


def test_the_lists_that_matter_were_read(both):
    assert {"portal:queue", "GET api/queue", "GET api/applications", "GET api/awards"} <= set(both[1]["officer"])
    assert {"home", "GET api/projects", "GET api/notices", "portal:project"} <= set(both[1]["member"])
    assert both[1]["officer"]["GET api/awards"][2] == PAGE_SIZE
    assert {"people:organisation", "GET api/organisations/{uid}/members"} <= set(both[1]["member"])
    members = [both[1]["member"][f"GET api/{one}/members"][2] for one in ("organisations/{uid}", "projects/{slug}")]
    assert members == [PAGE_SIZE, PAGE_SIZE]
