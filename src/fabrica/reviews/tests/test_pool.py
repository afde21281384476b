"""The pool of experts: invitations, profiles, and who may ask."""

from datetime import timedelta
from functools import partial

import pytest
from fabrica.applications import services as applications
from fabrica.applications.models import Application
from fabrica.applications.services import SavedMeanwhile
from fabrica.applications.states import State
from fabrica.applications.tests.factories import draft
from fabrica.audit.models import Entry
from fabrica.conftest import make_person
from fabrica.kit.errors import NotAllowed, NotFound, Refused
from fabrica.notices.models import Notice
from fabrica.people.models import Member, Organisation, Person
from fabrica.people.states import Role
from fabrica.people import services as people
from fabrica.people import shown
from fabrica.reviews import queries, services
from fabrica.reviews.models import Conflict, Expert, Review
from fabrica.reviews.services.experts import Profile
from fabrica.reviews.states import Stage
from fabrica.reviews.tests.factories import (
    SCORES, assessed, expert, handed_in, large, large_call, opened, panel_member, reviewed,
)  # fmt: skip

PROFILE = Profile(affiliation="Uni", fields=["code"], languages=["en"], most_reviews=2)


def test_an_expert_is_invited_says_what_they_know_and_gets_the_role(cast, now):
    person = make_person("erik", now)
    services.invite(email="Erik@example.org", by=cast.officer, now=now)
    assert queries.invitation_for(person, now).person == person
    made = services.answer_invitation(by=person, now=now, profile=PROFILE, keeps_confidential=True)
    assert (made.fields, made.languages, made.most_reviews) == (["code"], ["en"], 2)
    assert Person.objects.get(pk=person.pk).role_grants.get().role == Role.EXPERT
    assert queries.invitation_for(person, now) is None


def test_who_declines_the_invitation_is_not_in_the_pool_and_may_be_asked_again(cast, now):
    person = make_person("erik", now)
    services.invite(email=person.email, by=cast.officer, now=now)
    with pytest.raises(Refused, match="invited already"):
        services.invite(email=person.email, by=cast.officer, now=now)
    assert services.answer_invitation(by=person, now=now, profile=None) is None
    assert not person.role_grants.exists()
    services.invite(email=person.email, by=cast.officer, now=now)


def test_an_invitation_ends(cast, now):
    person = make_person("erik", now)
    services.invite(email=person.email, by=cast.officer, now=now)
    later = now + timedelta(days=14)
    with pytest.raises(NotFound, match="still open"):
        services.answer_invitation(by=person, now=later, profile=PROFILE, keeps_confidential=True)
    services.invite(email=person.email, by=cast.officer, now=later)
    services.answer_invitation(by=person, now=later, profile=PROFILE, keeps_confidential=True)


@pytest.mark.parametrize("who", ["applicant", "assessor", "operator", "outsider"])
def test_only_officers_invite(cast, now, who):
    with pytest.raises(NotAllowed, match="Only an officer"):
        services.invite(email=cast.mate.email, by=getattr(cast, who), now=now)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"affiliation": " "}, "has an employer"),
        ({"fields": []}, "at least one field"),
        ({"fields": ["alchemy"]}, "at least one field"),
        ({"languages": ["xx"]}, "at least one language"),
        ({"most_reviews": 0}, "takes 1 to 20"),
        ({"most_reviews": 21}, "takes 1 to 20"),
        ({"orcid": "0000-0002-1825-0098"}, "no ORCID"),
        ({"orcid": "0000000218250097"}, "no ORCID"),
    ],
)
def test_a_profile_that_says_nothing_is_refused(cast, now, changes, told):
    person = make_person("erik", now)
    services.invite(email=person.email, by=cast.officer, now=now)
    with pytest.raises(Refused, match=told):
        services.answer_invitation(
            by=person, now=now, profile=Profile(**{**vars(PROFILE), **changes}), keeps_confidential=True
        )
    assert not Expert.objects.exists()


def test_an_orcid_is_kept_when_its_check_digit_is_right(cast, now):
    assert expert_row(expert(cast, "erik", now, orcid="0000-0002-1694-233x")).orcid == "0000-0002-1694-233X"


def expert_row(person):
    return Expert.objects.get(person=person)


def test_nobody_makes_an_expert_a_member_to_be_rid_of_them(cast, now):
    person = expert(cast, "erik", now)
    with pytest.raises(NotFound, match="Nobody can be added"):
        people.add_member(organisation=cast.startup, email=person.email, by=cast.applicant, now=now)
