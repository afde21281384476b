"""The pages of signing in and joining in a real browser: accessible, within 320 px, without a complaint."""

import os
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from fabrica.kit.time import utcnow
from fabrica.people import services
from fabrica.people.engine import Told
from fabrica.people.models import Identity
from fabrica.people.tests.signing_in import there  # noqa: F401 - fixture

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PICTURES = os.environ.get("FABRICA_PICTURES", "")  # a folder for pictures of the pages, to look at


def test_each_page_is_accessible_fits_and_is_quiet(visit, cast, there):
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
        ("/accounts/login/", ""), ("/accounts/oidc/campus/login/", ""), ("/account/sign-in-methods/", "applicant"),
        (f"/account/sign-in-methods/{Identity.objects.get().pk}/unlink/", "applicant"),
        (f"/people/{cast.applicant.uid}/identities/", "officer"), ("/account/joining/", "outsider"),
        (joining, "applicant"), (joining, "officer"), ("/account/", "applicant"),
    ]  # fmt: skip
    wrong = []
    for number, (address, who) in enumerate(pages):
        for width, scheme in ((320, "dark"), (1000, "light")):
            page = visit(address, who, color_scheme=scheme, viewport={"width": width, "height": 900})
            found = [
                one["id"] for one in Axe().run(page).response["violations"] if one["impact"] in ("serious", "critical")
            ]
            wide = page.evaluate("document.documentElement.scrollWidth")
            if PICTURES:
                page.screenshot(path=Path(PICTURES) / f"{number}-{who or 'nobody'}-{width}.png", full_page=True)
            if found or wide != width or page.complaints:
                wrong.append((address, who, width, found, wide, page.complaints))
    assert wrong == []
