"""Experts who are invited before they have an account: by letter, for two weeks, and told of no application before."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from fabrica.audit.models import Entry
from fabrica.conftest import make_person
from fabrica.kit.errors import NotAllowed, NotFound, Refused
from fabrica.kit.time import utcnow
from fabrica.people.models import Person
from fabrica.reviews import queries, services
from fabrica.reviews.models import Expert, Newcomer
from fabrica.reviews.services.experts import Profile
from fabrica.reviews.tests.factories import large, large_call

ADDRESS = "nora@uni.example"
PROFILE = Profile(affiliation="Uni", fields=["code"], languages=["en"], most_reviews=2)


def entered(person):
    client = Client()
    client.force_login(person)
    return client


def signed_up(now, is_confirmed=True):
    made = make_person("nora", now)
    EmailAddress.objects.create(user=made, email=ADDRESS, verified=is_confirmed)
    return made


def invite(cast, now, **more):
    return services.invite(email=" NORA@uni.example", by=cast.officer, now=now, **more)


def test_from_the_letter_to_the_pool(cast, machine):
    now = utcnow()
    application = large(cast, large_call(machine, now), now)
    page = entered(cast.officer)
    told = {"email": ADDRESS, "fields_known": ["code"], "languages": ["fr"]}
    assert page.post("/experts/", told)["Location"] == "/experts/"
    (letter,) = mail.outbox
    assert (letter.to, letter.subject) == ([ADDRESS], "You are invited to review applications at Fabrica")
    assert (application.code in letter.body, application.title in letter.body) == (False, False)
    nora = signed_up(now)
    mine = entered(nora)
    assert mine.get("/home/").context["step"].kind == "join_pool"
    assert mine.get("/home/").context["home"].may_apply is False
    form = mine.get("/reviewing/profile/").context["form"]
    assert form.initial == {"fields_known": ["code"], "languages": ["fr"]}
    addresses = (f"/applications/{application.code}/", f"/evaluations/{application.code}/", "/experts/")
    assert [mine.get(one).status_code for one in addresses] == [404, 404, 403]
    profile = {"affiliation": "Uni", "fields_known": ["code"], "languages": ["fr"], "most_reviews": "2"}
    assert mine.post("/reviewing/profile/", profile).context["form"].errors.keys() == {"keeps_confidential"}
    assert not Expert.objects.exists()
    assert mine.post("/reviewing/profile/", {**profile, "keeps_confidential": "on"}).status_code == 302
    made = Expert.objects.get()
    assert (made.person, made.confidential_at is not None) == (nora, True)
    assert [one.role for one in nora.role_grants.all()] == ["expert"]
    assert list(queries.newcomers(cast.officer)) == []
    assert mine.get(f"/applications/{application.code}/").status_code == 404  # not asked for it yet


def test_an_address_that_is_only_claimed_answers_nothing(cast, now):
    invite(cast, now)
    nora = signed_up(now, is_confirmed=False)
    assert queries.invitation_for(nora, now) is None
    with pytest.raises(NotFound, match="still open"):
        services.answer_invitation(by=nora, now=now, profile=PROFILE, keeps_confidential=True)


def test_it_ends_and_the_address_can_be_invited_anew(cast, now):
    invite(cast, now)
    nora, later = signed_up(now), now + timedelta(days=14)
    assert (queries.invitation_for(nora, later - timedelta(seconds=1)) is None, queries.invitation_for(nora, later)) == (
        False, None,
    )  # fmt: skip
    EmailAddress.objects.filter(email=ADDRESS).delete()
    invite(cast, later)
    assert Newcomer.objects.filter(withdrawn_at=None).count() == 1


def test_it_is_sent_again_but_not_at_once_and_then_holds_anew(cast, now):
    made = invite(cast, now)
    with pytest.raises(Refused, match="invited already"):
        invite(cast, now)
    with pytest.raises(Refused, match="a moment ago"):
        services.invite_newcomer_again(newcomer=made, by=cast.officer, now=now)
    later = now + timedelta(days=1)
    services.invite_newcomer_again(newcomer=made, by=cast.officer, now=later)
    assert made.expires_at == later + timedelta(days=14)


def test_a_withdrawn_one_is_answered_by_nobody(cast, now):
    made, nora = invite(cast, now), signed_up(now)
    assert queries.invitation_for(nora, now) == made
    page = entered(cast.officer)
    page.post("/experts/", {"newcomer": made.pk, "act": "withdraw"})
    assert queries.invitation_for(nora, now) is None
    with pytest.raises(Refused, match="answered or withdrawn"):
        services.invite_newcomer_again(newcomer=made, by=cast.officer, now=now + timedelta(days=1))
    assert page.post("/experts/", {"newcomer": made.pk, "act": "again"}).status_code == 404


@pytest.mark.parametrize("who", ["applicant", "assessor", "operator", "outsider"])
def test_others_than_officers_neither_see_nor_change_it(cast, now, who):
    made, person = invite(cast, now), getattr(cast, who)
    assert list(queries.newcomers(person)) == []
    assert entered(person).post("/experts/", {"newcomer": made.pk, "act": "withdraw"}).status_code == 403
    for act in (services.invite_newcomer_again, services.withdraw_newcomer):
        with pytest.raises(NotAllowed, match="Only an officer"):
            act(newcomer=made, by=person, now=now)
    with pytest.raises(NotAllowed, match="Only an officer"):
        services.invite(email="x@example.org", by=person, now=now)


def test_who_is_in_the_pool_under_another_address_is_not_invited_again(cast, now):
    made, nora = invite(cast, now), signed_up(now)
    services.answer_invitation(by=nora, now=now, profile=PROFILE, keeps_confidential=True)
    with pytest.raises(Refused, match="in the pool already"):
        invite(cast, now)
    with pytest.raises(Refused, match="in the pool already"):
        services.answer_invitation(by=Person.objects.get(pk=nora.pk), now=now, profile=PROFILE, keeps_confidential=True)
    made.refresh_from_db()
    assert made.answered_at == now


def test_the_audit_never_holds_an_address(cast, now):
    made = invite(cast, now)
    services.withdraw_newcomer(newcomer=made, by=cast.officer, now=now)
    kept = [(one.verb, one.subject, one.facts) for one in Entry.objects.filter(verb__startswith="expert.")]
    subject = f"expert-invitation-by-address:{made.pk}"
    assert kept == [("expert.invite_address", subject, {}), ("expert.withdraw_invitation", subject, {})]


@pytest.mark.parametrize("wrong", [{"email": "nobody"}, {"email": ADDRESS, "fields": ["alchemy"]},
                                   {"email": ADDRESS, "languages": ["xx"]}])  # fmt: skip
def test_what_is_no_address_or_not_on_the_list_is_refused(cast, now, wrong):
    with pytest.raises(Refused):
        services.invite(by=cast.officer, now=now, **wrong)
    assert not Newcomer.objects.exists()
