"""The pages and the API of invoices: who sees them, what is done on them, what they answer to nonsense."""

import json
from datetime import UTC, datetime

import pytest
from fabrica.allocations.models import Customer, Invoice, PricedAward
from fabrica.allocations.tests import billing, factories
from fabrica.allocations.tests.conftest import fake  # noqa: F401 - a fixture
from fabrica.allocations.tests.billing import HOUR
from fabrica.portal.api import invoices as api
from fabrica.portal.pages import invoices as pages

DECEMBER, IN_NOVEMBER = datetime(2026, 12, 4, 9, tzinfo=UTC), datetime(2026, 11, 25, tzinfo=UTC)


@pytest.fixture(autouse=True)
def a_month_later(monkeypatch):
    """Pages and API look at this clock."""
    for edge in (pages, api):
        monkeypatch.setattr(edge, "utcnow", lambda: DECEMBER)


@pytest.fixture
def award(cast, machine, fake, now):  # noqa: F811
    """An award with two hours used in the month before."""
    factories.fund(cast, machine, now)
    billing.set_tariff(cast, machine, now)
    made = billing.sold(cast, billing.open_pay_per_use(cast, machine, now), now).award
    billing.used(made, "1", 2 * HOUR, IN_NOVEMBER)
    return made


@pytest.fixture
def page(award):
    return f"/projects/{award.project.slug}/price/"


@pytest.fixture
def draft(award, cast, browser, page, now):
    """Drawn up on the page; the customer's address is known."""
    billing.addressed(cast, now)
    browser("officer").post(page, {"decision": "draft"})
    return Invoice.objects.get()


def test_an_empty_list_says_what_comes(browser, cast):
    for who in ("officer", "applicant", "outsider"):
        answer = browser(who).get("/invoices/")
        assert (answer.status_code, answer.context["rows"]) == (200, [])
        assert "No invoice here" in answer.content.decode()


@pytest.mark.parametrize(
    ("who", "status"),
    [("applicant", 200), ("officer", 200), ("operator", 200), ("mate", 404), ("assessor", 404), ("outsider", 404)],
)
def test_who_sees_what_a_project_pays(browser, page, who, status):
    assert browser(who).get(page).status_code == status


def test_the_page_shows_cost_limit_price_and_use(browser, page):
    answer = browser("applicant").get(page)
    assert (answer.context["cost"], answer.context["limit"]) == ("5.00 EUR", "25.00 EUR")
    assert [row[1:] for row in answer.context["rows"]] == [["2.0000", "GPU-hour", "5.00 EUR"]]
    assert "Tariff 1: Decision of the board" in answer.content.decode()
    assert set(answer.context["forms"]) == {"customer"}


def test_a_project_that_pays_nothing_has_no_such_page(browser, cast, call, machine, now):
    factories.fund(cast, machine, now)
    free = factories.awarded(cast, call, now)
    assert browser("officer").get(f"/projects/{free.project.slug}/price/").status_code == 404
    assert "/price/" not in browser("officer").get(f"/projects/{free.project.slug}/").content.decode()


def test_the_project_leads_there(browser, award, page):
    for who, leads in (("applicant", True), ("officer", True), ("operator", True)):
        found = page in browser(who).get(f"/projects/{award.project.slug}/").content.decode()
        assert (who, found) == (who, leads)


def test_the_customers_administrator_gives_the_address(browser, page):
    told = {"decision": "customer", "street": "2 Place", "postcode": "75001", "city": "Paris", "vat_number": "FR123"}
    answer = browser("applicant").post(page, told)
    assert "is not a VAT number of FR" in str(answer.context["forms"]["customer"].errors)
    assert browser("applicant").post(page, told | {"vat_number": ""}).status_code == 302
    assert Customer.objects.get().city == "Paris"


def test_a_draft_without_vat_says_that_nobody_verified_the_number(browser, cast, machine, award, page, now):
    abroad = billing.SELLER | {"country": "IT", "vat_number": "IT00743110157"}
    billing.set_tariff(cast, machine, now, seller=abroad)
    cast.startup.vat_number = "FR40303265045"
    cast.startup.save(update_fields=["vat_number"])
    assert browser("applicant").get(page).context["forms"]["customer"].initial == {"vat_number": "FR40303265045"}
    billing.addressed(cast, now)
    browser("officer").post(page, {"decision": "draft"})
    shown = browser("officer").get(f"/invoices/{Invoice.objects.get().uid}/")
    assert (shown.context["is_unverified"], shown.context["gaps"]) == (True, [])
    billing.addressed(cast, now, vat_number="FR23334175221")
    browser("officer").post(page, {"decision": "draft"})
    (gap,) = browser("officer").get(f"/invoices/{Invoice.objects.get().uid}/").context["gaps"]
    assert gap.startswith("The customer's VAT number is not the one of the organisation's page, FR40303265045")


def test_an_officer_changes_the_limit_and_others_cannot(browser, award, page):
    assert browser("applicant").post(page, {"decision": "limit", "euros": "99"}).status_code == 404
    answer = browser("officer").post(page, {"decision": "limit", "euros": "24.99"})
    assert "10.00 GPU-hours cost 25.00 EUR" in str(answer.context["forms"]["limit"].errors)
    assert browser("officer").post(page, {"decision": "limit", "euros": "30.50"}).status_code == 302
    assert PricedAward.objects.get().limit_cents == 3_050


def test_from_draft_to_paid_on_the_pages(browser, draft):
    officer, address = browser("officer"), f"/invoices/{draft.uid}/"
    assert browser("applicant").get(address).status_code == 404
    assert officer.post(address, {"decision": "issue", "version": "2"}).context["problems"] != []
    assert officer.post(address, {"decision": "issue", "version": "1"}).status_code == 302
    assert browser("applicant").get(address).status_code == 200
    assert browser("outsider").get(address).status_code == 404
    listed = browser("applicant").get("/invoices/?state=issued").context["rows"]
    assert [row[-1] for row in listed] == ["6.00 EUR"]
    assert officer.post(address, {"decision": "pay", "paid_on": "", "reference": ""}).context["pay"].errors
    assert officer.post(address, {"decision": "pay", "paid_on": "2026-12-04", "reference": "B-1"}).status_code == 302
    draft.refresh_from_db()
    assert (draft.state, draft.paid_reference) == ("paid", "B-1")
    assert officer.post(address, {"decision": "cancel", "reason": "Twice."}).status_code == 302
    assert sorted(Invoice.objects.values_list("kind", "state")) == [
        ("credit_note", "issued"), ("invoice", "cancelled"), ("invoice", "draft"),
    ]  # fmt: skip


def test_what_is_missing_is_told_and_the_button_is_not_there(browser, award, page):
    browser("officer").post(page, {"decision": "draft"})
    answer = browser("officer").get(Invoice.objects.get().page)
    assert len(answer.context["gaps"]) == 3
    assert 'value="issue"' not in answer.content.decode()


@pytest.mark.parametrize("decision", ["", "burn"])
def test_no_other_button_does_anything(browser, draft, decision):
    assert browser("officer").post(draft.page, {"decision": decision}).status_code == 409


def test_the_files(browser, draft):
    pdf, csv = (browser("officer").get(f"{draft.page}{kind}/") for kind in ("pdf", "csv"))
    assert (pdf["Content-Type"], pdf.content[:5]) == ("application/pdf", b"%PDF-")
    assert (csv["Content-Type"], csv["Content-Disposition"]) == (
        "text/csv; charset=utf-8", f'attachment; filename="draft-{draft.uid}.csv"',
    )  # fmt: skip
    assert browser("applicant").get(f"{draft.page}pdf/").status_code == 404


def test_everything_by_the_api(browser, award, cast, now):
    officer, applicant, slug = browser("officer"), browser("applicant"), award.project.slug

    def put(client, path, body):
        return client.put(f"/api/{path}", body, "application/json")

    def post(client, path, body=None):
        return client.post(f"/api/{path}", json.dumps(body or {}), "application/json")

    address = {"street": "2 Place", "postcode": "75001", "city": "Paris"}
    assert put(applicant, f"organisations/{cast.startup.uid}/billing", json.dumps(address)).status_code == 200
    assert put(browser("outsider"), f"organisations/{cast.startup.uid}/billing", json.dumps(address)).status_code == 404
    assert put(applicant, f"projects/{slug}/price", '{"limit_cents": 3000}').status_code == 403
    assert put(officer, f"projects/{slug}/price", '{"limit_cents": 3000}').json()["limit_cents"] == 3_000
    assert applicant.get(f"/api/projects/{slug}/price").json()["cost_cents"] == 500
    assert put(officer, "sites/here/tariff", billing.tariff()).status_code == 403
    assert put(browser("operator"), "sites/here/tariff", billing.tariff(payment_days=14)).json()["number"] == 2
    assert [one["number"] for one in officer.get("/api/sites/here/tariffs").json()["rows"]] == [2, 1]
    assert applicant.get("/api/sites/here/tariffs").status_code == 403
    drawn = post(officer, f"projects/{slug}/invoice").json()
    assert (drawn["state"], drawn["gross_cents"], drawn["missing"]) == ("draft", 600, [])
    assert post(applicant, f"projects/{slug}/invoice").status_code == 403
    assert post(officer, f"invoices/{drawn['uid']}/issue", {"version": 9}).status_code == 409
    made = post(officer, f"invoices/{drawn['uid']}/issue", {"version": 1}).json()
    assert made["lines"] == [{"month": "2026-11", "gpu_seconds": 7_200, "units": "2.0000",
                              "net_cents": 500, "corrects": "", "vat": made["lines"][0]["vat"]}]  # fmt: skip
    assert post(officer, f"projects/{slug}/invoice").status_code == 204
    assert [one["number"] for one in applicant.get("/api/invoices").json()["rows"]] == [made["number"]]
    assert applicant.get(f"/api/invoices/{made['uid']}/pdf").content[:5] == b"%PDF-"
    assert applicant.get(f"/api/invoices/{made['uid']}/csv").status_code == 200
    paid = {"paid_on": "2026-12-04", "reference": "B-1"}
    assert post(officer, f"invoices/{made['uid']}/paid", paid).json()["state"] == "paid"
    note = post(officer, f"invoices/{made['uid']}/cancel", {"reason": "Twice."}).json()
    assert (note["kind"], note["gross_cents"], note["cancels"]) == ("credit_note", -600, made["number"])


def test_the_list_pages_by_keys(browser, award, cast, now):
    billing.addressed(cast, now)
    made = billing.issued(award, cast, DECEMBER)
    for number in range(30):
        made.pk, made.uid, made.serial = None, f"copy-{number}", 100 + number
        made.save()
    first = browser("officer").get("/api/invoices").json()
    rest = browser("officer").get(f"/api/invoices?cursor={first['next_cursor']}").json()
    assert (len(first["rows"]), len(rest["rows"]), rest["next_cursor"]) == (25, 6, "")
    assert len(browser("officer").get("/invoices/").context["rows"]) == 25


def test_the_decision_takes_a_limit_in_euros_where_hours_are_sold(cast, machine, fake, now, browser):  # noqa: F811
    factories.fund(cast, machine, now)
    billing.set_tariff(cast, machine, now)
    sold = billing.open_pay_per_use(cast, machine, now)
    application = factories.assessed(cast, sold, now, gpu_seconds_requested=10 * HOUR)
    told = {"decision": "award", "gpu_hours": "10", "months": "1", "first_percent": "100", "note": "As ordered."}
    answer = browser("officer").post(f"/desk/{application.code}/", {**told, "limit_euros": "0.01"})
    assert "the limit is" in answer.content.decode()
    assert (answer.status_code, PricedAward.objects.count()) == (200, 0)
    answer = browser("officer").post(f"/desk/{application.code}/", {**told, "limit_euros": "1234.56"})
    assert (answer.status_code, PricedAward.objects.get().limit_cents) == (302, 123456)


def test_where_hours_are_free_there_is_no_limit_to_fill_in(cast, machine, now, browser, call):
    application = factories.assessed(cast, call, now)
    assert "limit_euros" not in browser("officer").get(f"/desk/{application.code}/").context["form"].fields
