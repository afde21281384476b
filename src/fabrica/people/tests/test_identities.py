"""Signing in elsewhere: who gets in, who is linked to whom, and what is kept of them."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.test import Client
from fabrica.audit.queries import about
from fabrica.kit.time import utcnow
from fabrica.notices.models import Notice
from fabrica.people.models import Identity, Person
from fabrica.people.tests.provider import Provider, callback
from fabrica.people.tests.signing_in import come_back, know, leave, sign_in_here, there, told, who  # noqa: F401 - fixture

pytestmark = pytest.mark.django_db
METHODS = "/account/sign-in-methods/"
LINK = f"{METHODS}link/campus/"


def test_somebody_new_gets_an_account_and_comes_back_to_it(there):
    first, second = Client(), Client()
    assert come_back(first, there)["Location"] == "/home/"
    assert (who(first), Person.objects.get().name) == ("eva@example.org", "Eva Elsewhere")
    assert list(EmailAddress.objects.values_list("email", "verified", "primary")) == [("eva@example.org", True, True)]
    assert come_back(second, there)["Location"] == "/home/"
    assert (who(second), Person.objects.count(), Identity.objects.count()) == ("eva@example.org", 1, 1)
    made = Person.objects.get()
    assert [one.verb for one in about(f"person:{made.uid}")] == ["person.register", "identity.link"]
    assert not made.has_usable_password()


def test_pkce_state_and_nonce_go_along_and_nothing_of_the_address_line_does(there):
    path = "/accounts/oidc/campus/login/?scope=admin&auth_params=redirect_uri%3Dhttps://evil.example&process=connect"
    come_back(Client(), there, path=path)
    assert Person.objects.count() == 1
    asked = there.asked[0]
    assert (asked["code_challenge_method"], asked["response_type"], sorted(asked["scope"].split())) == (
        "S256", "code", ["email", "openid"],
    )  # fmt: skip
    assert asked["redirect_uri"] == "http://testserver/accounts/oidc/campus/login/callback/"
    assert {len(asked[one]) for one in ("nonce",)} == {64}
    assert asked["code_challenge"] not in asked["nonce"]


def test_nothing_that_opens_the_provider_is_kept(there):
    come_back(Client(), there)
    assert list(SocialAccount.objects.values_list("extra_data", flat=True)) == [{}]
    assert not SocialToken.objects.exists()


def test_each_sign_in_has_a_nonce_of_its_own(there):
    for _ in range(2):
        come_back(Client(), there)
    assert len({one["nonce"] for one in there.asked}) == len({one["state"] for one in there.asked}) == 2


@pytest.mark.parametrize("verified", [False, None, "true", "false", 1])
def test_an_address_that_is_not_vouched_for_makes_no_account(there, verified):
    there.person["email_verified"] = verified
    client = Client()
    status, what, _ = told(come_back(client, there))
    assert (status, what) == (409, "Campus does not vouch for your e-mail address.")
    assert (who(client), Person.objects.count()) == (None, 0)


def test_an_address_that_is_not_vouched_for_takes_over_nobody(there, cast):
    there.person |= {"email": cast.applicant.email, "email_verified": False}
    client = Client()
    assert told(come_back(client, there))[0] == 409
    assert who(client) is None
    assert METHODS not in str(client.session.items())
    assert client.session.get("identity_to_link") is None


def test_a_vouched_address_of_somebody_here_signs_nobody_in_until_they_proved_it(there, cast):
    there.person["email"] = cast.applicant.email.upper()
    client = Client()
    answer = come_back(client, there)
    assert answer["Location"] == "/accounts/login/?next=%2Faccount%2Fsign-in-methods%2Fconfirm%2F"
    assert (who(client), Identity.objects.count()) == (None, 0)
    sign_in_here(cast.applicant, client)
    page = client.get(f"{METHODS}confirm/")
    assert (page.status_code, page.context["told"].email) == (200, cast.applicant.email)
    assert Identity.objects.count() == 0
    assert client.post(f"{METHODS}confirm/", {"answer": "yes"})["Location"] == METHODS
    assert Identity.objects.get().account.user == cast.applicant
    again = Client()
    come_back(again, there)
    assert who(again) == cast.applicant.email


def test_who_says_no_links_nothing_and_is_not_asked_again(there, cast):
    there.person["email"] = cast.applicant.email
    client = Client()
    come_back(client, there)
    sign_in_here(cast.applicant, client)
    client.post(f"{METHODS}confirm/", {"answer": "no"})
    assert client.post(f"{METHODS}confirm/", {"answer": "yes"})["Location"] == METHODS
    assert not Identity.objects.exists()


def test_an_identity_that_waits_is_for_the_owner_of_its_address_alone(there, cast):
    there.person["email"] = cast.applicant.email
    client = Client()
    come_back(client, there)
    sign_in_here(cast.outsider, client)
    client.post(f"{METHODS}confirm/", {"answer": "yes"})
    assert not Identity.objects.exists()


def test_an_identity_does_not_wait_for_ever(there, cast):
    there.person["email"] = cast.applicant.email
    client = Client()
    come_back(client, there)
    session = client.session
    session["identity_to_link"] |= {"ends_at": (utcnow() - timedelta(seconds=1)).isoformat()}
    session.save()
    sign_in_here(cast.applicant, client)
    client.post(f"{METHODS}confirm/", {"answer": "yes"})
    assert not Identity.objects.exists()


def test_an_address_that_somebody_only_claims_beside_theirs_blocks_nobody(there, cast):
    EmailAddress.objects.create(user=cast.outsider, email="eva@example.org", verified=False)
    client = Client()
    come_back(client, there)
    assert who(client) == "eva@example.org"


def test_a_second_identity_is_linked_in_the_session_that_asked(there, cast):
    client = sign_in_here(cast.applicant)
    there.person["email_verified"] = False
    assert come_back(client, there, path=LINK)["Location"] == METHODS
    identity = Identity.objects.get()
    assert (identity.account.user, identity.email) == (cast.applicant, "")
    assert [one.kind for one in Notice.objects.filter(person=cast.applicant)] == ["identity_linked"]
    other = Client()
    come_back(other, there)
    assert who(other) == cast.applicant.email


def test_several_identities_let_in_one_person(there, cast, settings):
    second = Provider()
    know(settings, campus=there.issuer, lab=second.issuer)
    client = sign_in_here(cast.applicant)
    come_back(client, there, path=LINK)
    come_back(client, second, slug="lab", path=f"{METHODS}link/lab/")
    second.stop()
    assert [one.provider_name for one in Identity.objects.order_by("pk")] == ["Campus", "Lab"]
    assert set(Identity.objects.values_list("account__user", flat=True)) == {cast.applicant.pk}


def test_the_same_subject_at_another_provider_is_another_person(there, settings):
    second = Provider()
    know(settings, campus=there.issuer, lab=second.issuer)
    second.person["email"] = "other@example.org"
    first, other = Client(), Client()
    come_back(first, there)
    come_back(other, second, slug="lab")
    second.stop()
    assert (who(first), who(other)) == ("eva@example.org", "other@example.org")


def test_a_slug_that_later_names_another_issuer_opens_no_account_of_the_first(there, settings):
    come_back(Client(), there)
    second = Provider()
    know(settings, campus=second.issuer)
    second.person["email_verified"] = False
    client = Client()
    assert told(come_back(client, second))[0] == 409
    second.stop()
    assert who(client) is None


def test_an_identity_is_not_taken_from_who_has_it(there, cast):
    come_back(sign_in_here(cast.applicant), there, path=LINK)
    client = sign_in_here(cast.outsider)
    assert told(come_back(client, there, path=LINK))[:2] == (409, "This identity is linked to another account here.")
    assert Identity.objects.get().account.user == cast.applicant


def test_a_link_begun_by_one_person_is_not_finished_for_another(there, cast):
    client = sign_in_here(cast.applicant)
    query = there.sign_in(leave(client, path=LINK))
    stolen = client.session["socialaccount_states"]
    victim = sign_in_here(cast.outsider)
    session = victim.session
    session["socialaccount_states"] = stolen
    session.save()
    assert victim.get(callback("campus", query)).status_code == 403
    assert not Identity.objects.exists()


def test_linking_needs_the_token_against_forgery_and_a_post(there, cast):
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.applicant)
    assert (client.post(LINK).status_code, client.get(LINK).status_code) == (403, 405)
    assert client.post("/accounts/oidc/campus/login/").status_code == 403
    assert client.get("/accounts/oidc/campus/login/?process=connect").context["provider"].name == "Campus"
    assert "socialaccount_states" not in client.session


def test_a_window_left_open_links_and_unlinks_nothing_until_the_password_is_told_again(there, cast):
    client = sign_in_here(cast.applicant)
    come_back(client, there, path=LINK)
    session = client.session
    session["account_authentication_methods"] = [{**one, "at": 0} for one in session["account_authentication_methods"]]
    session.save()
    unlink = f"{METHODS}{Identity.objects.get().pk}/unlink/"
    for path in (LINK, unlink):
        assert client.post(path)["Location"].startswith("/accounts/reauthenticate/?next=")
    assert Identity.objects.count() == 1


def test_who_has_no_password_signs_in_again_before_linking(there):
    client = Client()
    come_back(client, there)
    session = client.session
    session["account_authentication_methods"] = []
    session.save()
    Person.objects.update(terms_version="2026-11")
    assert told(client.post(LINK))[:2] == (409, "You signed in too long ago for this.")


def test_unlinking_is_asked_first_and_never_takes_the_last_way_in(there, cast):
    client = Client()
    come_back(client, there)
    Person.objects.filter(email="eva@example.org").update(terms_version="2026-11")
    path = f"{METHODS}{Identity.objects.get().pk}/unlink/"
    assert client.get(path).status_code == 200
    assert told(client.post(path))[:2] == (409, "This is your only way to sign in.")
    eva = Person.objects.get(email="eva@example.org")
    eva.set_password("correct horse battery")
    eva.save()
    sign_in_here(eva, client)
    assert client.post(path)["Location"] == METHODS
    assert not SocialAccount.objects.exists()
    assert "identity_unlinked" in Notice.objects.values_list("kind", flat=True)
    assert [one.verb for one in about(f"person:{eva.uid}")][-1] == "identity.unlink"


def test_another_s_identity_does_not_exist(there, cast):
    come_back(sign_in_here(cast.applicant), there, path=LINK)
    path = f"{METHODS}{Identity.objects.get().pk}/unlink/"
    outsider = sign_in_here(cast.outsider)
    assert (outsider.get(path).status_code, outsider.post(path).status_code) == (404, 404)


def test_allauth_s_own_page_of_links_leads_to_ours(there, cast):
    client = sign_in_here(cast.applicant)
    come_back(client, there, path=LINK)
    answer = client.post("/accounts/3rdparty/", {"account": SocialAccount.objects.get().pk})
    assert answer["Location"] == METHODS
    assert SocialAccount.objects.count() == 1


def test_who_is_locked_out_stays_out(there):
    come_back(Client(), there)
    Person.objects.update(is_active=False)
    client = Client()
    assert come_back(client, there)["Location"] == "/accounts/inactive/"
    assert who(client) is None


def test_the_second_factor_is_asked_for_after_a_sign_in_elsewhere(there):
    come_back(Client(), there)
    Authenticator.objects.create(user=Person.objects.get(), type=Authenticator.Type.TOTP, data={"secret": "x"})
    client = Client()
    assert come_back(client, there)["Location"] == "/accounts/2fa/authenticate/"
    assert who(client) is None


def test_assurance_and_affiliation_are_kept_with_their_time_and_end(there, cast, settings):
    there.person |= {
        "eduperson_assurance": ["https://refeds.org/assurance/IAP/medium", 5, "x" * 300],
        "voperson_external_affiliation": ["employee@uni.example", "no scope"],
        "eduperson_scoped_affiliation": "member@uni.example",
        "schac_home_organization": "uni.example",
    }
    client = Client()
    come_back(client, there)
    identity = Identity.objects.get()
    assert (identity.assurance, identity.affiliations, identity.home, identity.acr) == (
        ["https://refeds.org/assurance/IAP/medium"], ["employee@uni.example", "member@uni.example"],
        "uni.example", "https://refeds.org/profile/mfa",
    )  # fmt: skip
    settings.FABRICA_OIDC_CLAIM_DAYS = 30
    end = identity.told_at + timedelta(days=30)
    assert (identity.is_current(end - timedelta(seconds=1)), identity.is_current(end)) == (True, False)
    Identity.objects.update(told_at=utcnow() - timedelta(days=31))
    Person.objects.filter(email="eva@example.org").update(terms_version="2026-11")
    page = client.get(METHODS)
    assert [current for _, current in page.context["identities"]] == [False]
    assert "IAP/medium" not in page.content.decode()
    del there.person["eduperson_assurance"]
    come_back(Client(), there)
    assert Identity.objects.get().assurance == []
    assert Identity.objects.get().is_current(utcnow())


def test_officers_see_what_was_told_and_others_do_not(there, cast):
    there.person["eduperson_scoped_affiliation"] = "member@uni.example"
    come_back(sign_in_here(cast.applicant), there, path=LINK)
    path = f"/people/{cast.applicant.uid}/identities/"
    for reader, status in [(cast.officer, 200), (cast.operator, 200), (cast.applicant, 200), (cast.mate, 404)]:
        client = Client()
        client.force_login(reader)
        page = client.get(path)
        assert page.status_code == status, reader
        assert ("member@uni.example" in page.content.decode()) is (status == 200)
