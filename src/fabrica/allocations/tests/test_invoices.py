"""From use to a numbered document: what is billed, what changes it, what is refused, who may."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from fabrica.allocations import rules, services, tasks
from fabrica.allocations.models import Invoice, InvoiceSeries, PricedAward
from fabrica.allocations.queries import invoices as queries
from fabrica.allocations.services import invoices, pricing
from fabrica.allocations.tests import billing, factories
from fabrica.allocations.tests.billing import HOUR
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.notices.models import Notice
from fabrica.people.models import Member, Organisation
from fabrica.people.states import MemberRole
from fabrica.projects.models import Member as ProjectMember
from fabrica.projects.states import Role

JANUARY, FEBRUARY = datetime(2027, 1, 4, 9, tzinfo=UTC), datetime(2027, 2, 4, 9, tzinfo=UTC)
DECEMBER = datetime(2026, 12, 4, 9, tzinfo=UTC)
IN_NOVEMBER, IN_DECEMBER = datetime(2026, 11, 25, tzinfo=UTC), datetime(2026, 12, 10, tzinfo=UTC)


@pytest.fixture
def priced(cast, machine, fake, now):
    """Ten GPU-hours at 2.50 euros each; the customer's address is known."""
    factories.fund(cast, machine, now)
    billing.set_tariff(cast, machine, now)
    billing.addressed(cast, now)
    return billing.sold(cast, billing.open_pay_per_use(cast, machine, now), now)


@pytest.fixture
def award(priced):
    return priced.award


def told(invoice):
    return [(f"{one.month:%m}", one.gpu_seconds, one.net_cents) for one in invoice.lines.all()]


def test_an_award_of_the_mode_keeps_the_price_of_its_day(cast, machine, priced, now):
    billing.set_tariff(cast, machine, now, prices=[
        {"machine": "one", "unit": "gpu_hour", "gpus_per_unit": "1", "euros": "9"}
    ])  # fmt: skip
    kept = PricedAward.objects.get()
    assert (kept.tariff.number, kept.micros_per_unit, kept.limit_cents) == (1, 2_500_000, 2_500)


def test_without_a_price_nothing_is_awarded(cast, machine, fake, now):
    factories.fund(cast, machine, now)
    call = billing.open_pay_per_use(cast, machine, now)
    with pytest.raises(Refused, match="no price for Machine One today"):
        billing.sold(cast, call, now)


def test_a_free_mode_has_no_price(award, cast, call, now):
    free = factories.awarded(cast, call, now, 3_600)
    assert queries.priced_of(free) is None
    with pytest.raises(Refused, match="free of charge"):
        invoices.draft(award=free, by=cast.officer, now=JANUARY)


def test_a_limit_below_the_price_of_the_hours_says_how_many_fit(cast, machine, fake, now):
    factories.fund(cast, machine, now)
    billing.set_tariff(cast, machine, now)
    call = billing.open_pay_per_use(cast, machine, now)
    with pytest.raises(Refused) as refused:
        billing.sold(cast, call, now, limit_cents=1_250)
    assert refused.value.why == "5.00 GPU-hours fit into it."
    assert billing.sold(cast, call, now, limit_cents=2_500).limit_cents == 2_500


def test_more_hours_wait_for_a_higher_limit(award, cast, now):
    more = {"award": award, "gpu_seconds": HOUR, "key": "more", "by": cast.officer, "now": now}
    with pytest.raises(Refused, match="11.00 GPU-hours cost 27.50 EUR; the limit is 25.00 EUR"):
        services.top_up(**more)
    pricing.set_limit(award=award, limit_cents=2_750, by=cast.officer, now=now)
    assert services.top_up(**more).gpu_seconds == 11 * HOUR
    with pytest.raises(Refused, match="the limit is 27.49 EUR"):
        pricing.set_limit(award=award, limit_cents=2_749, by=cast.officer, now=now)


def test_the_worker_drafts_once_a_month_and_a_person_issues(award, cast, now):
    billing.used(award, "1", 2 * HOUR, IN_NOVEMBER)
    assert not tasks.draft_invoices(now)
    assert tasks.draft_invoices(DECEMBER)
    assert not tasks.draft_invoices(DECEMBER)
    draft = Invoice.objects.get()
    assert (draft.state, draft.number, told(draft)) == ("draft", "", [("11", 2 * HOUR, 500)])
    made = invoices.issue(invoice=draft, version=1, by=cast.officer, now=DECEMBER)
    assert (made.number, made.net_cents, made.vat_cents, made.due_on) == ("HERE-2026-00001", 500, 100, date(2027, 1, 3))
    assert Notice.objects.get(kind="invoice_issued").subject == "Invoice HERE-2026-00001"


def test_a_correction_after_an_invoice_is_a_line_of_the_next(award, cast):
    billing.used(award, "1", 2 * HOUR, IN_NOVEMBER)
    first = billing.issued(award, cast, DECEMBER)
    billing.used(award, "1", HOUR, IN_NOVEMBER)
    billing.used(award, "2", 4 * HOUR, IN_DECEMBER)
    second = billing.issued(award, cast, JANUARY)
    assert told(first) == [("11", 2 * HOUR, 500)]
    assert told(second) == [("11", -HOUR, -250), ("12", 4 * HOUR, 1_000)]
    assert [one.corrects for one in second.lines.all()] == [first, None]
    assert billing.issued(award, cast, FEBRUARY) is None


def test_less_use_alone_becomes_a_credit_note(award, cast):
    billing.used(award, "1", 2 * HOUR, IN_NOVEMBER)
    billing.issued(award, cast, DECEMBER)
    billing.used(award, "1", HOUR, IN_NOVEMBER)
    made = billing.issued(award, cast, JANUARY)
    assert (made.kind, made.net_cents, made.vat_cents, made.due_on) == ("credit_note", -250, -50, None)


def test_a_job_over_the_end_of_a_month_is_parted(award, cast):
    billing.used(award, "1", 2 * HOUR, datetime(2026, 12, 1, 1, tzinfo=UTC), timedelta(hours=2))
    assert told(billing.issued(award, cast, DECEMBER)) == [("11", HOUR, 250)]
    assert told(billing.issued(award, cast, JANUARY)) == [("12", HOUR, 250)]


def test_what_runs_beyond_the_limit_is_never_billed(award, cast):
    billing.used(award, "1", 9 * HOUR, IN_NOVEMBER)
    billing.used(award, "2", 9 * HOUR, IN_DECEMBER)
    assert billing.issued(award, cast, JANUARY).net_cents == 2_500


def test_cancelling_takes_everything_back_and_bills_it_anew(award, cast):
    billing.used(award, "1", 2 * HOUR, IN_NOVEMBER)
    first = billing.issued(award, cast, DECEMBER)
    note = invoices.cancel(invoice=first, by=cast.officer, now=DECEMBER, reason="The wrong address.")
    assert (note.number, note.kind, note.net_cents, note.vat_cents) == ("HERE-2026-00002", "credit_note", -500, -100)
    assert told(note) == [("11", -2 * HOUR, -500)]
    first.refresh_from_db()
    assert first.state == "cancelled"
    draft = Invoice.objects.get(state="draft")
    assert (told(draft), draft.lines.get().corrects) == ([("11", 2 * HOUR, 500)], None)
    for again in (first, note):
        with pytest.raises(Refused):
            invoices.cancel(invoice=again, by=cast.officer, now=DECEMBER, reason="Again.")


def test_cancelling_what_was_corrected_since_bills_what_is_right(award, cast):
    billing.used(award, "1", 2 * HOUR, IN_NOVEMBER)
    first = billing.issued(award, cast, DECEMBER)
    billing.used(award, "1", HOUR, IN_NOVEMBER)
    billing.issued(award, cast, JANUARY)
    invoices.cancel(invoice=first, by=cast.officer, now=JANUARY, reason="The wrong address.")
    last = billing.issued(award, cast, JANUARY)
    assert told(last) == [("11", 2 * HOUR, 500)]
    documents = Invoice.objects.values_list("net_cents", flat=True)
    assert (sorted(documents), sum(documents)) == ([-500, -250, 500, 500], 250)


def test_a_draft_that_changed_since_it_was_shown_is_not_issued(award, cast):
    billing.used(award, "1", 2 * HOUR, IN_NOVEMBER)
    draft = invoices.draft(award=award, by=cast.officer, now=DECEMBER)
    again = invoices.draft(award=award, by=cast.officer, now=DECEMBER)
    assert (again.pk, again.version) == (draft.pk, 2)
    with pytest.raises(Refused, match="not as it was shown"):
        invoices.issue(invoice=draft, version=1, by=cast.officer, now=DECEMBER)
    billing.addressed(cast, DECEMBER, city="Lyon")
    with pytest.raises(Refused, match="not as it was shown"):
        invoices.issue(invoice=draft, version=2, by=cast.officer, now=DECEMBER)
    assert not InvoiceSeries.objects.exists()


def test_what_a_directive_asks_and_is_missing_is_told_with_where_to_give_it(award, cast, machine):
    cut = {name: value for name, value in billing.SELLER.items() if name not in ("vat_number", "city")}
    billing.set_tariff(cast, machine, DECEMBER, seller=cut)
    billing.used(award, "1", 2 * HOUR, IN_NOVEMBER)
    with pytest.raises(Refused) as refused:
        billing.issued(award, cast, DECEMBER)
    assert refused.value.what == "It cannot be issued; it lacks: Seller: city, Seller: VAT number."
    assert "docs/operator/invoices.md" in refused.value.todo


def test_a_foreign_business_with_a_number_pays_no_vat_and_one_without_is_not_billed(award, cast, machine):
    abroad = billing.SELLER | {"country": "IT", "vat_number": "IT00743110157"}
    billing.set_tariff(cast, machine, DECEMBER, seller=abroad)
    billing.used(award, "1", 2 * HOUR, IN_NOVEMBER)
    with pytest.raises(Refused, match="Customer: VAT number"):
        billing.issued(award, cast, DECEMBER)
    billing.addressed(cast, DECEMBER, vat_number="FR 40 303 265 045")
    made = billing.issued(award, cast, DECEMBER)
    line = made.lines.get()
    assert (made.vat_cents, line.treatment["kind"], line.treatment["note"]) == (0, "reverse_charge", "Reverse charge")


def test_the_number_of_the_organisations_page_counts_and_another_one_is_not_issued(award, cast, machine):
    abroad = billing.SELLER | {"country": "IT", "vat_number": "IT00743110157"}
    billing.set_tariff(cast, machine, DECEMBER, seller=abroad)
    billing.used(award, "1", 2 * HOUR, IN_NOVEMBER)
    Organisation.objects.filter(pk=cast.startup.pk).update(vat_number="FR40303265045")
    billing.addressed(cast, DECEMBER, vat_number="FR23334175221")
    with pytest.raises(Refused, match="is not the one of the organisation's page, FR40303265045"):
        billing.issued(award, cast, DECEMBER)
    billing.addressed(cast, DECEMBER)
    made = billing.issued(award, cast, DECEMBER)
    assert (made.content["buyer"]["vat_number"], made.vat_cents) == ("FR40303265045", 0)


def test_a_correction_is_taxed_as_what_it_corrects(award, cast, machine):
    billing.used(award, "1", 2 * HOUR, IN_NOVEMBER)
    billing.issued(award, cast, DECEMBER)
    billing.set_tariff(cast, machine, DECEMBER, vat={"percent": "25"})
    billing.used(award, "1", 4 * HOUR, IN_NOVEMBER)
    billing.used(award, "2", HOUR, IN_DECEMBER)
    made = billing.issued(award, cast, JANUARY)
    assert [one.treatment["percent"] for one in made.lines.all()] == ["20", "25"]
    assert made.vat_cents == 100 + 62


def test_paid_is_noted_by_a_person_within_its_days(award, cast):
    billing.used(award, "1", 2 * HOUR, IN_NOVEMBER)
    made = billing.issued(award, cast, DECEMBER)
    for day in (date(2026, 12, 3), date(2027, 1, 5)):
        with pytest.raises(Refused, match="between the day of issue and today"):
            invoices.mark_paid(invoice=made, paid_on=day, reference="B-1", by=cast.officer, now=JANUARY)
    paid = invoices.mark_paid(invoice=made, paid_on=date(2026, 12, 4), reference="B-1", by=cast.officer, now=JANUARY)
    assert (paid.state, paid.paid_reference) == ("paid", "B-1")
    with pytest.raises(Refused, match="is Paid"):
        invoices.mark_paid(invoice=made, paid_on=date(2026, 12, 4), reference="B-2", by=cast.officer, now=JANUARY)


@pytest.mark.parametrize("tie", ["customer", "project"])
def test_an_operator_with_a_part_in_customer_or_project_decides_neither_on_its_hours_nor_on_its_money(award, cast, tie):
    by, facts = cast.operator, {"joined_at": DECEMBER}
    assert (rules.can_change(by, award), rules.can_bill(by, award)) == (True, True)
    if tie == "customer":
        Member.objects.create(organisation=cast.startup, person=by, role=MemberRole.MEMBER, **facts)
    else:
        ProjectMember.objects.create(project=award.project, person=by, role=Role.GUEST, **facts)
    assert (rules.can_change(by, award), rules.can_bill(by, award)) == (False, False)
    with pytest.raises(NotAllowed):
        pricing.set_limit(award=award, limit_cents=9_999, by=by, now=DECEMBER)


@pytest.mark.parametrize("who", ["applicant", "mate", "assessor", "provider", "outsider"])
def test_who_may_not(award, cast, who, now):
    billing.used(award, "1", 2 * HOUR, IN_NOVEMBER)
    by, made = getattr(cast, who), billing.issued(award, cast, DECEMBER)
    acts = [
        lambda: invoices.draft(award=award, by=by, now=now),
        lambda: invoices.issue(invoice=made, version=1, by=by, now=now),
        lambda: invoices.cancel(invoice=made, by=by, now=now, reason="x"),
        lambda: invoices.mark_paid(invoice=made, paid_on=date(2026, 12, 4), reference="x", by=by, now=now),
        lambda: pricing.set_limit(award=award, limit_cents=9_999, by=by, now=now),
        lambda: pricing.set_tariff(site=award.machine.site, raw=billing.tariff(), by=by, now=now),
    ]
    for act in acts:
        with pytest.raises(NotAllowed):
            act()


def test_who_sees_what(award, cast):
    billing.used(award, "1", 2 * HOUR, IN_NOVEMBER)
    draft = invoices.draft(award=award, by=cast.officer, now=DECEMBER)
    seen = lambda: {who for who in ("applicant", "mate", "officer", "operator", "assessor", "provider", "outsider")
                    if queries.invoices_visible_to(getattr(cast, who)).exists()}  # fmt: skip
    assert seen() == {"officer", "operator"}
    invoices.issue(invoice=draft, version=1, by=cast.officer, now=DECEMBER)
    assert seen() == {"officer", "operator", "applicant"}


def test_one_that_fails_takes_no_number(award, cast):
    billing.used(award, "1", 2 * HOUR, IN_NOVEMBER)
    draft = invoices.draft(award=award, by=cast.officer, now=DECEMBER)
    with pytest.raises(RuntimeError), transaction.atomic():
        assert invoices.issue(invoice=draft, version=1, by=cast.officer, now=DECEMBER).serial == 1
        raise RuntimeError
    assert invoices.issue(invoice=draft, version=1, by=cast.officer, now=DECEMBER).serial == 1


@pytest.mark.parametrize("wrong", [{"state": "issued"}, {"state": "paid", "serial": 1, "year": 2026}])
def test_the_database_itself_lets_nothing_be_issued_without_a_number_and_a_day(award, cast, wrong):
    billing.used(award, "1", 2 * HOUR, IN_NOVEMBER)
    draft = invoices.draft(award=award, by=cast.officer, now=DECEMBER)
    with pytest.raises(IntegrityError), transaction.atomic():
        Invoice.objects.filter(pk=draft.pk).update(**wrong)
