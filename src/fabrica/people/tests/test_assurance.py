"""Assurance: what is asked for at a sign-in, what was shown, and who is asked again."""

from datetime import timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from fabrica.config import oidc
from fabrica.kit.errors import NotAllowed
from fabrica.kit.time import utcnow
from fabrica.people import rules, services
from fabrica.people.engine.assurance import MFA, Assurance, proofing_of, read_needs
from fabrica.people.models import Identity, Person
from fabrica.people.states import Role
from fabrica.people.tests.signing_in import come_back, know, leave, sign_in_here, there  # noqa: F401 - fixture

PAGE = "/account/assurance/"
SHOW = f"{PAGE}campus/"
LINK = "/account/sign-in-methods/link/campus/"
MEDIUM = "https://refeds.org/assurance/IAP/medium"


@pytest.fixture
def officer(there, cast, settings):
    """An officer whose identity at the provider is linked, on a site that asks officers for both kinds of assurance."""
    there.lies["acr"] = ""
    come_back(sign_in_here(cast.officer), there, path=LINK)
    settings.FABRICA_ASSURANCE = {"role.officer": Assurance(mfa=True, proofing="medium")}
    return cast.officer


def query_of(client, there, path, **form):
    """What goes along to the provider."""
    there.sign_in(leave(client, path=path, **form))
    return there.asked[-1]


@pytest.mark.django_db
def test_each_sign_in_asks_for_the_assurance_that_the_site_names_and_for_nothing_else(there, settings):
    assert "acr_values" not in query_of(Client(), there, "")
    know(settings, acr_values=(MFA, "urn:other"), campus=there.issuer)
    asked = query_of(Client(), there, "/accounts/oidc/campus/login/?auth_params=acr_values%3Dnone%26prompt%3Dnone")
    assert (asked["acr_values"], "prompt" in asked, "max_age" in asked) == (f"{MFA} urn:other", False, False)


@pytest.mark.django_db
def test_a_role_that_needs_more_leads_to_the_page_that_says_what_and_why(there, officer):
    client = sign_in_here(officer)
    answer = client.get("/desk/?state=open")
    assert answer["Location"] == f"{PAGE}?next=%2Fdesk%2F%3Fstate%3Dopen"
    page = client.get(answer["Location"])
    assert page.context["missing"] == [
        "A second factor is needed, here or at your provider.",
        "Your provider must have checked who you are, at the level medium or above.",
    ]
    assert [one.slug for one in page.context["again"]] == ["campus"]
    assert client.get("/account/sign-in-methods/").status_code == 200
    assert client.get("/api/me").status_code == 403


@pytest.mark.django_db
def test_who_shows_what_was_missing_goes_on_to_where_they_wanted(there, officer):
    client = sign_in_here(officer)
    there.lies["acr"] = MFA
    there.person["eduperson_assurance"] = [MEDIUM]
    answer = come_back(client, there, path=SHOW, next="/desk/")
    asked = there.asked[-1]
    assert (asked["acr_values"], asked["prompt"], asked["max_age"]) == (MFA, "login", "0")
    assert answer["Location"] == "/desk/"
    assert client.get("/desk/").status_code == 200
    assert client.get("/api/me").status_code == 200
    assert client.get(f"{PAGE}?next=/desk/")["Location"] == "/desk/"
    assert client.get(f"{PAGE}?next=//evil.example").status_code == 200


@pytest.mark.django_db
def test_a_second_factor_there_counts_for_the_session_it_was_told_of_alone(there, officer):
    there.person["eduperson_assurance"] = [MEDIUM]
    stolen, fresh = sign_in_here(officer), Client()
    there.lies["acr"] = MFA
    come_back(fresh, there)
    assert (fresh.get("/desk/").status_code, stolen.get("/desk/").status_code) == (200, 302)


@pytest.mark.django_db
@pytest.mark.parametrize("lies", [{"auth_time": 1_000}, {"auth_time": None}, {"auth_time": "now"}])
def test_a_window_left_open_at_the_provider_shows_nothing_again(there, officer, lies):
    client = sign_in_here(officer)
    there.lies |= {"acr": MFA, **lies}
    answer = come_back(client, there, path=SHOW, next="/desk/")
    assert answer.status_code == 409
    assert answer.context["problem"].what == "Campus did not say that you proved there, just now, who you are."
    assert client.get("/desk/").status_code == 302


@pytest.mark.django_db
def test_what_was_told_too_long_ago_is_asked_for_again(there, officer, settings):
    settings.FABRICA_ASSURANCE = {"role.officer": Assurance(proofing="low")}
    client = sign_in_here(officer)
    there.person["eduperson_assurance"] = [MEDIUM]
    come_back(client, there, path=SHOW)
    assert client.get("/desk/").status_code == 200
    Identity.objects.update(told_at=utcnow() - timedelta(days=366))
    assert client.get("/desk/").status_code == 302
    come_back(client, there, path=SHOW)
    assert client.get("/desk/").status_code == 200


@pytest.mark.django_db
def test_showing_needs_a_post_with_its_token_and_a_provider_of_the_site(there, officer):
    client = Client(enforce_csrf_checks=True)
    client.force_login(officer)
    assert (client.post(SHOW).status_code, client.get(SHOW).status_code) == (403, 405)
    assert sign_in_here(officer).post(f"{PAGE}elsewhere/").status_code == 404


@pytest.mark.django_db
def test_nobody_is_asked_where_the_site_asks_for_nothing(cast, django_assert_num_queries):
    cast.officer.role_grants.count()
    rules.roles(cast.officer)
    with django_assert_num_queries(0):
        rules.must_be_assured(
            cast.officer, *rules.role_purposes(cast.officer), "data", "mode.large-scale", now=utcnow()
        )


@pytest.mark.django_db
def test_data_and_a_mode_ask_whoever_uses_them_and_say_where_to_show_it(cast, settings, now):
    settings.FABRICA_ASSURANCE = {"data": Assurance(proofing="low"), "mode.large-scale": Assurance(mfa=True)}
    for purpose, path in (("data", "data"), ("mode.large-scale", "mode.large-scale")):
        with pytest.raises(NotAllowed) as problem:
            rules.must_be_assured(cast.applicant, purpose, now=now)
        assert problem.value.facts == {"path": f"{PAGE}?for={path}"}
    rules.must_be_assured(cast.applicant, "mode.playground", now=now)
    page = sign_in_here(cast.applicant).get(f"{PAGE}?for=data")
    assert page.context["needs"] == [
        ("to use data under terms", ["Your provider must have checked who you are, at the level low or above."])
    ]
    assert sign_in_here(cast.applicant).get(f"{PAGE}?for=role.officer").context["needs"] == []


@pytest.mark.django_db
def test_a_token_is_worth_what_its_person_was_last_told_of(there, officer, client):
    Identity.objects.update(acr=MFA, assurance=[MEDIUM])
    token, secret = services.create_token(name="t", scopes=["read"], days=9, by=officer, now=utcnow())
    ask = {"headers": {"Authorization": f"Bearer {secret}"}}
    assert client.get("/api/me", **ask).status_code == 200
    Identity.objects.update(told_at=utcnow() - timedelta(days=366))
    answer = client.get("/api/me", **ask)
    assert (answer.status_code, answer.json()["path"]) == (403, f"{PAGE}?for=role.officer")
    assert Person.objects.get(pk=officer.pk).is_active


def test_the_highest_proofing_counts_and_what_is_unknown_does_not():
    told = ["https://refeds.org/assurance/IAP/low", MEDIUM, "https://refeds.org/assurance/IAP/superb", "IAP/high", ""]
    assert (proofing_of(told), proofing_of(told[:1]), proofing_of(told[2:])) == ("medium", "low", "")
    assert Assurance(mfa=True, proofing="high") - Assurance(proofing="medium") == Assurance(mfa=True, proofing="high")
    assert not Assurance(proofing="low") - Assurance(proofing="high")


def test_what_the_site_asks_for_is_read_whole_or_not_at_all(monkeypatch):
    assert read_needs(["role.officer=mfa+medium", "data=low"], Role.values) == {
        "role.officer": Assurance(mfa=True, proofing="medium"), "data": Assurance(proofing="low"),
    }  # fmt: skip
    for wrong in ("officer=mfa", "data", "data=", "data=best", "data=mfa+", "data=low,data=mfa", "role.=mfa",
                  "role.oficer=mfa", "mode.=low", "mode.Large Scale=low"):  # fmt: skip
        monkeypatch.setenv("FABRICA_ASSURANCE", wrong)
        with pytest.raises(ImproperlyConfigured, match="FABRICA_ASSURANCE"):
            oidc.assurance()
