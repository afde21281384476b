"""The pages of signing in and joining in a real browser: accessible, within 320 px, without a complaint."""

import os
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from fabrica.kit.time import utcnow
from fabrica.people import services, shown
from fabrica.people.engine import Assurance, Told
from fabrica.people.engine.sme.draft import empty, with_link, with_other, with_own
from fabrica.people.models import Identity
from fabrica.people.tests.signing_in import there  # noqa: F401 - fixture

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PICTURES = os.environ.get("FABRICA_PICTURES", "")  # a folder for pictures of the pages, to look at


def test_each_page_is_accessible_fits_and_is_quiet(visit, cast, there, settings):
    settings.FABRICA_ASSURANCE = {"data": Assurance(mfa=True, proofing="high")}
    way = {"provider": "campus", "device": "Firefox, Linux"}
    services.begin_session(person=cast.applicant, session_key="elsewhere", now=utcnow(), **way)
    now = utcnow()
    told = Told(
        "campus", there.issuer, "42", cast.applicant.email, is_email_verified=True, home="uni.example",
        acr="https://refeds.org/profile/mfa", affiliations=("member@uni.example",),
        assurance=("https://refeds.org/assurance/IAP/medium", "https://refeds.org/assurance/ATP/ePA-1m"),
    )  # fmt: skip
    services.link_identity(told=told, by=cast.applicant, now=now)
    services.invite(organisation=cast.startup, email=cast.outsider.email, by=cast.applicant, now=now)
    domain = services.claim_domain(organisation=cast.startup, name="example.org", by=cast.applicant, now=now)
    services.prove_domain(domain=domain, records=[domain.record_text], by=cast.applicant, now=now)
    services.claim_domain(organisation=cast.startup, name="novalis.example", by=cast.applicant, now=now)
    joining = f"/organisations/{cast.startup.uid}/joining/"
    pages = [
        ("/account/assurance/?for=data", "applicant"), (f"/people/{cast.applicant.uid}/identities/", "operator"),
        ("/accounts/login/", ""), ("/accounts/oidc/campus/login/", ""), ("/account/sign-in-methods/", "applicant"),
        (f"/account/sign-in-methods/{Identity.objects.get().pk}/unlink/", "applicant"),
        (f"/people/{cast.applicant.uid}/identities/", "officer"), ("/account/joining/", "outsider"),
        (joining, "applicant"), (joining, "officer"), ("/account/", "applicant"),
        ("/account/privacy/", "outsider"), (f"/people/{cast.mate.uid}/privacy/", "officer"),
    ]  # fmt: skip
    assert complaints(visit, pages) == []


def complaints(visit, pages, name=""):
    """What is wrong with each page, narrow and dark, wide and light."""
    wrong = []
    for number, (address, who) in enumerate(pages):
        for width, scheme in ((320, "dark"), (1000, "light")):
            page = visit(address, who, color_scheme=scheme, viewport={"width": width, "height": 900})
            found = [
                one["id"] for one in Axe().run(page).response["violations"] if one["impact"] in ("serious", "critical")
            ]
            wide = page.evaluate("document.documentElement.scrollWidth")
            if PICTURES:
                page.screenshot(path=Path(PICTURES) / f"{name}{number}-{who or 'nobody'}-{width}.png", full_page=True)
            if found or wide != width or page.complaints:
                wrong.append((address, who, width, found, wide, page.complaints))
    return wrong


def test_the_pages_of_an_organisation_are_too(visit, cast):
    now = utcnow()
    services.change_organisation(
        organisation=cast.startup, by=cast.applicant, now=now,
        values={"vat_number": "FR40303265045", "pic": "999999999", "legal_form": "SAS", "website": "novalis.example"},
    )  # fmt: skip
    services.register_organisation(
        name="Novallis Labs", country="FR", kind="sme", registration_number="B 7", by=cast.outsider, now=now
    )
    figures = {"years": [{"year": now.year - 1, "staff": "30", "turnover": "3000000", "balance": "2000000"}]}
    draft = with_own(empty(), {**figures, "dispersed": True}, {"category_before": "none"})
    other = {"id": "e1", "name": "Big Holding", "kind": "enterprise", "dispersed": True, **figures}
    draft = with_link(with_other(draft, other, ""), {"holder": "e1", "held": "self", "capital": "30", "votes": "30"})
    services.save_sme_draft(organisation=cast.startup, content=draft, by=cast.applicant, now=now)
    digest = shown.live(cast.startup, draft, now.date()).digest
    services.declare_sme(
        organisation=cast.startup,
        digest=digest,
        name="Ada Novalis",
        role="Managing director",
        by=cast.applicant,
        now=now,
    )
    one = f"/organisations/{cast.startup.uid}/"
    pages = [
        (one, "applicant"), (one, "officer"), (f"{one}change/", "applicant"), (f"{one}sme/", "applicant"),
        (f"{one}sme/", "officer"), (f"{one}sme/accounts/", "applicant"), (f"{one}sme/others/e1/", "applicant"),
        (f"{one}sme/holdings/", "applicant"), (f"{one}sme/declare/", "applicant"), (f"{one}sme/1/", "officer"),
        (f"/organisations/{cast.hospital.uid}/sme/", "provider"),
    ]  # fmt: skip
    assert complaints(visit, pages, "organisation-") == []
