"""Who finds which entry, and that the header costs the same on every page."""

import pytest
from django.test import RequestFactory
from fabrica.config.context import navigation, person_menu, site

PUBLIC = ["Calls", "Data", "Models", "Awarded projects"]


def labels(entries):
    return [str(one["label"]) for one in entries]


def asked(path="/", person=None):
    request = RequestFactory().get(path)
    if person is not None:
        request.user, request.session = person, {}
    return request


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("applicant", ["Home", *PUBLIC]),
        ("officer", ["Home", *PUBLIC, "Queue", "Experts", "Panel"]),
        ("assessor", ["Home", *PUBLIC, "Queue"]),
        ("provider", ["Home", *PUBLIC, "My data"]),
        ("operator", ["Home", *PUBLIC, "Access modes"]),
    ],
)
def test_each_role_has_its_entries(cast, who, expected):
    assert labels(navigation(asked(person=getattr(cast, who)))) == expected


def test_before_anybody_was_looked_up_only_public_entries_stand_there():
    assert labels(navigation(asked())) == PUBLIC
    assert person_menu(asked()) == []


def test_the_most_particular_entry_is_the_current_one(cast):
    current = {
        path: [str(one["label"]) for one in navigation(asked(path, cast.provider)) if one["current"]]
        for path in ("/", "/home/", "/calls/playground/", "/data/", "/data/mine/", "/projects/x/")
    }
    assert current == {
        "/": [], "/home/": ["Home"], "/calls/playground/": ["Calls"], "/data/": ["Data"], "/data/mine/": ["My data"],
        "/projects/x/": [],
    }  # fmt: skip


def test_the_administration_stands_in_the_menu_of_those_who_may_enter(cast):
    cast.operator.is_staff = True
    assert labels(person_menu(asked(person=cast.operator))) == [
        "Applications",
        "Projects",
        "My account",
        "Record of processing activities",
        "Administration",
    ]
    assert labels(person_menu(asked(person=cast.applicant))) == ["Applications", "Projects", "My account"]


def test_a_site_without_a_context_has_no_entry_for_it(monkeypatch, settings):
    settings.ROOT_URLCONF = "fabrica.web.tests.urls"
    assert navigation(asked()) == []


def test_it_costs_one_query_at_most(cast, django_assert_num_queries):
    with django_assert_num_queries(1):
        site(asked(person=cast.officer))
    with django_assert_num_queries(0):
        site(asked())
