"""The commands about names and keys, as an operator or sshd calls them."""

import json

import pytest
from fabrica.allocations.tests.factories import awarded, fund
from fabrica.clusters import queries, services
from fabrica.config import site_names, ssh_access
from fabrica.config.doctor import people as people_checks
from fabrica.config.site_clusters import app
from fabrica.people import services as people
from fabrica.people.tests.keys import new_line
from fabrica.projects import services as projects
from typer.testing import CliRunner


@pytest.fixture
def award(cast, call, machine, now):
    fund(cast, machine, now)
    return awarded(cast, call, now)


@pytest.fixture
def site(award):
    return award.machine.site


@pytest.fixture
def run(monkeypatch):
    """Run `fabrica-site clusters ...`; returns exit status and output."""
    monkeypatch.setattr(site_names, "start", lambda: None)

    def run(*arguments):
        result = CliRunner().invoke(app, arguments)
        return result.exit_code, result.output

    return run


@pytest.fixture
def entered(site, cast, now):
    """The applicant is called ada and has two keys."""
    services.change_unix_name(site=site, person=cast.applicant, name="ada", by=cast.operator, now=now)
    added = [people.add_ssh_key(name=f"key {n}", text=new_line(), by=cast.applicant, now=now) for n in range(2)]
    return [key.line for key in reversed(added)]


def test_names_are_listed_those_first_who_need_one(site, cast, now, run):
    services.assign_unix_name(site=site, person=cast.applicant, now=now)
    services.set_unix_name_template(site=site, template="{last}", by=cast.operator, now=now)
    site.refresh_from_db()
    cast.mate.name = "Root"
    cast.mate.save()
    services.assign_unix_name(site=site, person=cast.mate, now=now)
    name = f"u{cast.applicant.pk:05d}"
    assert run("names", "here") == (
        0,
        f"{'–':31} max@example.org root is the name of a system's account. Choose another.\n"
        f"{name:31} ada@example.org\n",
    )
    status, output = run("names", "here", "--json")
    assert [(one["unix_name"], one["email"], one["is_active"]) for one in json.loads(output)] == [
        ("", "max@example.org", True), (name, "ada@example.org", True),
    ]  # fmt: skip
    assert run("names", "nowhere")[0] == 1


def test_a_name_is_chosen_and_a_bad_one_refused(site, cast, run):
    assert run("name", "here", "ada@example.org", "ada")[0] == 0
    assert queries.unix_names(site, [cast.applicant.pk]) == {cast.applicant.pk: "ada"}
    assert run("name", "here", "max@example.org", "ada")[0] == 1
    assert run("name", "here", "nobody@example.org", "nina")[0] == 1
    assert run("name", "here", "max@example.org", "root")[0] == 1


def test_a_template_is_chosen(site, run):
    assert run("name-template", "here", "{initial}{last}")[0] == 0
    site.refresh_from_db()
    assert site.unix_name_template == "{initial}{last}"
    assert run("name-template", "here", "{email}")[0] == 1


def test_sshd_gets_the_keys_of_who_may_enter(entered, run, monkeypatch, now):
    monkeypatch.setattr("fabrica.kit.time.utcnow", lambda: now)
    assert run("authorized-keys", "here", "ada") == (0, "".join(f"{line}\n" for line in entered))
    assert run("authorized-keys", "here", "ada", "--principals") == (0, "ada\n")


def test_sshd_gets_nothing_for_anybody_else(entered, site, award, cast, now):
    for name in ("root", "max", "", "ADA", "ada\n", f"u{cast.applicant.pk:05d}", award.project.slug, "x" * 5_000):
        assert ssh_access.lines("here", name, now) == []
        assert ssh_access.lines("here", name, now, principals=True) == []
    services.change_unix_name(site=site, person=cast.outsider, name="otto", by=cast.operator, now=now)
    assert ssh_access.lines("here", "otto", now, principals=True) == []


def test_the_keys_are_gone_with_the_award_the_membership_and_the_person(entered, site, award, cast, now):
    services.change_unix_name(site=site, person=cast.mate, name="max", by=cast.operator, now=now)
    people.add_ssh_key(name="k", text=new_line(), by=cast.mate, now=now)
    projects.add_member(project=award.project, email=cast.mate.email, by=cast.applicant, now=now)
    assert len(ssh_access.lines("here", "max", now)) == 1
    assert ssh_access.lines("here", "max", award.ends_at) == []
    projects.remove_member(project=award.project, person=cast.mate, by=cast.applicant, now=now)
    assert ssh_access.lines("here", "max", now) == []
    people.set_active(uid=cast.applicant.uid, active=False, by=cast.operator, now=now)
    assert ssh_access.lines("here", "ada", now) == []


def test_a_name_that_was_given_up_opens_nothing(entered, site, cast, now):
    services.change_unix_name(site=site, person=cast.applicant, name="lovelace", by=cast.operator, now=now)
    assert [ssh_access.lines("here", name, now) for name in ("ada", "lovelace")] == [[], entered]


def test_nothing_that_a_login_is_called_becomes_an_option(entered, run):
    assert [run("authorized-keys", "here", "--", name) for name in ("--help", "--principals")] == [(0, ""), (0, "")]


def test_the_doctor_counts_those_who_need_a_name(site, cast, now):
    assert list(people_checks.unix_names()) == []
    for person in (cast.applicant, cast.mate):
        person.name = "Root"
        person.save()
    services.set_unix_name_template(site=site, template="{last}", by=cast.operator, now=now)
    site.refresh_from_db()
    for person in (cast.applicant, cast.mate):
        services.assign_unix_name(site=site, person=person, now=now)
    assert [(one.is_well, one.what) for one in people_checks.unix_names()] == [
        (False, "At the site here, 2 cannot sign in before you choose their UNIX name.")
    ]
