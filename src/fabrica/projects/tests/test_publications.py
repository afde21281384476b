"""Publications by their DOI: its form, one for all its spellings, and who names them."""

import pytest
from fabrica.audit.queries import about
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.projects import services
from fabrica.projects.dois import doi_of
from fabrica.projects.states import Role
from fabrica.projects.tests.test_joining import join
from fabrica.projects.tests.test_services import open_project


@pytest.mark.parametrize(
    "text",
    ["10.1234/ABC.5", " 10.1234/abc.5\n", "https://doi.org/10.1234/abc.5", "http://dx.doi.org/10.1234/Abc.5",
     "doi: 10.1234/abc.5", "DOI:10.1234/abc.5"],
)  # fmt: skip
def test_each_spelling_is_the_same_doi(text):
    assert doi_of(text) == "10.1234/abc.5"


@pytest.mark.parametrize("text", ["10.1000.10/123(2026)<5>", "10.123456789/x"])
def test_what_registrars_give_out_has_the_form(text):
    assert doi_of(text) == text


@pytest.mark.parametrize(
    "text", ["", "10.1234", "10.1234/", "10.123/x", "11.1234/x", "10.1234/a b", "10.1234/é", "https://example.org/x",
             "10.1234/" + "x" * 200, "10.1234./x"],
)  # fmt: skip
def test_what_has_not_the_form_is_none(text):
    with pytest.raises(ValueError, match="not a DOI"):
        doi_of(text)


@pytest.fixture
def project(cast, now):
    return open_project(cast, now)


def test_the_same_one_again_adds_nothing_and_it_can_be_taken_away(cast, project, now):
    for text in ("10.1234/A", "https://doi.org/10.1234/a"):
        made = services.add_publication(project=project, doi=text, by=cast.applicant, now=now)
    assert [one.address for one in project.publications.all()] == ["https://doi.org/10.1234/a"]
    services.remove_publication(publication=made, by=cast.applicant, now=now)
    assert [one.verb for one in about("project:code-model")][1:] == [
        "project.add_publication", "project.remove_publication",
    ]  # fmt: skip


def test_an_address_carries_what_browsers_would_misread(cast, project, now):
    made = services.add_publication(project=project, doi="10.1234/a?b#<c>", by=cast.applicant, now=now)
    assert made.address == "https://doi.org/10.1234/a%3Fb%23%3Cc%3E"


def test_who_writes_no_reports_names_none_and_nonsense_is_refused(cast, project, now):
    join(project, cast.mate, Role.MEMBER, cast, now)
    for by in (cast.mate, cast.officer, cast.outsider):
        with pytest.raises(NotAllowed):
            services.add_publication(project=project, doi="10.1234/a", by=by, now=now)
    with pytest.raises(Refused, match="no DOI"):
        services.add_publication(project=project, doi="soon", by=cast.applicant, now=now)
