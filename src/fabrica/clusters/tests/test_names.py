"""Who is called what on the machines of a site."""

from datetime import timedelta

import pytest
from fabrica.audit.models import Entry
from fabrica.audit.queries import about
from fabrica.clusters import queries, services
from fabrica.clusters.engine import check_template, check_unix_name, unix_name
from fabrica.clusters.models import UnixName
from fabrica.kit.errors import NotAllowed, Refused


@pytest.fixture
def site(machine):
    return machine.site


@pytest.fixture
def by_name(site, cast, now):
    """The site makes names of initial and last name."""
    services.set_unix_name_template(site=site, template="{initial}{last}", by=cast.operator, now=now)
    site.refresh_from_db()
    return site


def called(person, name):
    person.name = name
    person.save()
    return person


@pytest.mark.parametrize(
    ("template", "name", "made"),
    [
        ("u{number:05d}", "Ada Lovelace", "u00042"),
        ("u{number:05d}", "Ωμέγα", "u00042"),
        ("{initial}{last}", "Ada King Lovelace", "alovelace"),
        ("{first}-{last}", "Émile O'Neill", "emile-oneill"),
        ("{initial}{last}", "Ωμέγα", ""),
        ("{first}.{number}", "Ada", "ada.42"),
        ("{last}", "Ada " + "x" * 50, "x" * 31),
    ],
)
def test_a_template_makes_plain_names(template, name, made):
    assert unix_name(template, name, 42) == made


@pytest.mark.parametrize("name", ["a", "ada", "u00001", "ada-king_2", "x" * 31, "fpa", "f1"])
def test_a_unix_name(name):
    assert check_unix_name(name) is None


@pytest.mark.parametrize(
    "name",
    ["", "Ada", "1ada", "-ada", "ada lovelace", "ada.king", "x" * 32, "ädä", "ada\n", "a:b", "root", "slurm", "munge",
     "nobody", "www-data", "systemd-network", "_apt", "fp0001", "fp1", "fabrica", "fabrica-web"],
)  # fmt: skip
def test_no_unix_name_or_a_systems(name):
    with pytest.raises(Refused):
        check_unix_name(name)


@pytest.mark.parametrize("template", ["u{number:05d}", "{initial}{last}", "{first}{number}"])
def test_a_template(template):
    assert check_template(template) is None


@pytest.mark.parametrize(
    "template",
    ["", "same", "{number}", "{email}", "{", "{}", "{0}", "{last.__class__}", "{last[0]}", "{last!r}", "u{number:999999d}",
     "u{number:{last}}", "fp{number:04d}", "{last}" + "x" * 40, "{last:5d}"],
)  # fmt: skip
def test_no_template(template):
    with pytest.raises(Refused):
        check_template(template)


def test_a_name_is_given_once_and_stays(site, cast, now):
    first = services.assign_unix_name(site=site, person=cast.applicant, now=now)
    called(cast.applicant, "Somebody Else")
    again = services.assign_unix_name(site=site, person=cast.applicant, now=now + timedelta(days=1))
    assert (first.name, again) == (f"u{cast.applicant.pk:05d}", first)
    entries = about(f"person:{cast.applicant.uid}").filter(verb__startswith="unix_name.")
    assert [(one.verb, one.facts, one.actor) for one in entries] == [("unix_name.assign", {"site": "here"}, "")]


def test_a_name_that_is_taken_or_none_waits_for_the_operator(by_name, cast, now):
    services.assign_unix_name(site=by_name, person=called(cast.applicant, "Ada Lovelace"), now=now)
    for person, name in ((cast.mate, "Alan Lovelace"), (cast.outsider, "Ωμέγα"), (cast.officer, "R Oot")):
        services.assign_unix_name(site=by_name, person=called(person, name), now=now)
    people = [cast.applicant.pk, cast.mate.pk, cast.outsider.pk, cast.officer.pk]
    assert queries.unix_names(by_name, people) == {cast.applicant.pk: "alovelace"}
    told = {one.person.name: one.trouble.partition(".")[0] for one in queries.current_names(by_name) if not one.name}
    assert told == {
        "Alan Lovelace": "alovelace is taken at Here, or was somebody's before",
        "Ωμέγα": "'' is no UNIX name",
        "R Oot": "root is the name of a system's account",
    }
    services.change_unix_name(site=by_name, person=cast.mate, name="alan", by=cast.operator, now=now)
    assert queries.unix_names(by_name, people) == {cast.applicant.pk: "alovelace", cast.mate.pk: "alan"}
    assert Entry.objects.filter(verb="unix_name.change").count() == 1


def test_a_name_given_up_is_nobody_elses_ever(site, cast, now):
    old = services.assign_unix_name(site=site, person=cast.applicant, now=now).name
    services.change_unix_name(site=site, person=cast.applicant, name="ada", by=cast.operator, now=now)
    assert [queries.person_named(site, name) for name in (old, "ada", "")] == [None, cast.applicant, None]
    with pytest.raises(Refused, match=f"{old} is taken at Here, or was somebody's before"):
        services.change_unix_name(site=site, person=cast.mate, name=old, by=cast.operator, now=now)
    services.change_unix_name(site=site, person=cast.applicant, name=old, by=cast.operator, now=now)
    assert queries.unix_names(site, [cast.applicant.pk]) == {cast.applicant.pk: old}
    assert UnixName.objects.count() == 2


def test_the_same_name_again_changes_nothing(site, cast, now):
    for _ in range(2):
        services.change_unix_name(site=site, person=cast.applicant, name="ada", by=cast.operator, now=now)
    assert (UnixName.objects.count(), Entry.objects.filter(verb="unix_name.change").count()) == (1, 1)


@pytest.mark.parametrize("who", ["applicant", "officer", "outsider"])
def test_only_operators_change_names(site, cast, now, who):
    by = getattr(cast, who)
    with pytest.raises(NotAllowed):
        services.change_unix_name(site=site, person=cast.applicant, name="ada", by=by, now=now)
    with pytest.raises(NotAllowed):
        services.set_unix_name_template(site=site, template="{last}", by=by, now=now)
    assert UnixName.objects.count() == 0


def test_another_template_is_for_those_without_a_name(by_name, cast, now):
    services.assign_unix_name(site=by_name, person=called(cast.applicant, "Ada Lovelace"), now=now)
    services.assign_unix_name(site=by_name, person=called(cast.mate, "Ωμέγα"), now=now)
    services.set_unix_name_template(site=by_name, template="u{number:05d}", by=cast.operator, now=now)
    by_name.refresh_from_db()
    services.assign_unix_name(site=by_name, person=cast.applicant, now=now)
    services.assign_unix_name(site=by_name, person=cast.mate, now=now)
    assert queries.unix_names(by_name, [cast.applicant.pk, cast.mate.pk]) == {
        cast.applicant.pk: "alovelace", cast.mate.pk: f"u{cast.mate.pk:05d}",
    }  # fmt: skip


def test_names_of_many_take_one_statement(site, cast, now, django_assert_num_queries):
    for person in (cast.applicant, cast.mate, cast.outsider):
        services.assign_unix_name(site=site, person=person, now=now)
    with django_assert_num_queries(1):
        assert len(queries.unix_names(site, [cast.applicant.pk, cast.mate.pk, cast.outsider.pk])) == 3


def test_everybody_reads_their_own_names_by_api(site, cast, now, client):
    services.change_unix_name(site=site, person=cast.applicant, name="ada", by=cast.operator, now=now)
    told = {}
    for person in (cast.applicant, cast.mate):
        client.force_login(person, "allauth.account.auth_backends.AuthenticationBackend")
        told[person.name] = client.get("/api/me/unix-names").json()
    assert told == {"Ada": [{"site": "here", "unix_name": "ada"}], "Max": []}
