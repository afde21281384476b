"""A project's letters: muted on its page, heard of again from there or from one's list, and the API of both."""

import ast
from pathlib import Path

import pytest
from fabrica.allocations.tests.factories import awarded, fund
from fabrica.notices import queries, services

import fabrica

SOURCE = Path(fabrica.__file__).parent
# A report of a model has its clock; and officers, who mute no project, read what they are to decide.
ANYWAY = {"trust/services/purposes.py", "registry/services/telling.py"}


@pytest.fixture
def award(cast, call, machine, now):
    fund(cast, machine, now)
    return awarded(cast, call, now)


@pytest.fixture
def ada(browser):
    return browser("applicant")


def test_a_project_is_muted_on_its_page_and_heard_of_again_from_the_list(ada, cast, award):
    path = f"/projects/{award.project.slug}/"
    assert ada.post(f"{path}mute/").status_code == 302
    assert "You get no letters about this project, except where the law sets a day." in ada.get(path).content.decode()
    (muted,) = queries.mutes_of(cast.applicant)
    assert (muted.title, muted.path) == (award.project.title, path)
    assert f'<a href="{path}">' in ada.get("/notices/").content.decode()
    assert ada.post(f"/notices/mutes/{muted.pk}/remove/").status_code == 302
    assert ada.post(f"/notices/mutes/{muted.pk}/remove/").status_code == 404
    assert not queries.mutes_of(cast.applicant)
    ada.post(f"{path}mute/")
    ada.post(f"{path}unmute/")
    assert not queries.mutes_of(cast.applicant)


def test_nobody_mutes_a_project_they_may_not_see_nor_unmutes_for_another(browser, cast, award, now):
    services.mute(about="project:a", title="A", path="/", by=cast.applicant, now=now)
    client = browser("outsider")
    assert client.post(f"/projects/{award.project.slug}/mute/").status_code == 404
    assert client.post(f"/notices/mutes/{queries.mutes_of(cast.applicant).get().pk}/remove/").status_code == 404
    assert queries.mutes_of(cast.applicant).count() == 1


def test_the_api_does_the_same(ada, cast, award):
    about = queries.about_project(award.project.slug)
    assert ada.get("/api/notices/letters").json() == {"rhythm": "at_once", "muted": []}
    put = {"content_type": "application/json"}
    assert ada.put("/api/notices/letters", {"rhythm": "daily"}, **put).status_code == 204
    assert ada.put("/api/notices/letters", {"rhythm": "hourly"}, **put).status_code == 422
    assert ada.put(f"/api/projects/{award.project.slug}/letters", {"muted": True}, **put).status_code == 204
    told = ada.get("/api/notices/letters").json()
    assert (told["rhythm"], [one["about"] for one in told["muted"]]) == ("daily", [about])
    assert ada.put(f"/api/projects/{award.project.slug}/letters", {"muted": False}, **put).status_code == 204
    assert ada.put("/api/projects/none/letters", {"muted": True}, **put).status_code == 404
    assert ada.get("/api/notices/letters").json() == {"rhythm": "daily", "muted": []}


def test_every_letter_about_a_project_keeps_to_its_muting():
    """Each call of `tell` that leads to a project's page names the project, but for those that are written anyway."""
    silent = {
        f"{path.relative_to(SOURCE)}:{call.lineno}"
        for path in SOURCE.glob("*/services/**/*.py")
        for call in told(path)
        if leads_to_project(call) and "about" not in {one.arg for one in call.keywords}
    }
    assert {one.partition(":")[0] for one in silent} == ANYWAY


def told(path):
    calls = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
    return [one for one in calls if isinstance(one.func, ast.Name) and one.func.id == "tell"]


def leads_to_project(call):
    path = next((ast.unparse(one.value) for one in call.keywords if one.arg == "path"), "")
    return "/desk/" not in path and any(word in path for word in ("project.page", "report.page", "/projects/"))
