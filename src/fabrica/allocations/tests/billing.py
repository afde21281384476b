"""A site that sells hours: its tariff, a pay-per-use award, what its jobs used. All through the services themselves."""

import json
from datetime import timedelta

from fabrica.allocations import services
from fabrica.allocations.models import PricedAward
from fabrica.allocations.services import invoices, pricing
from fabrica.allocations.tests import factories
from fabrica.calls import engine as modes
from fabrica.calls import services as calls
from fabrica.calls.engine.own import told_by
from fabrica.clusters.models import JobUsage
from fabrica.reviews.tests.factories import assessed

HOUR = 3_600
SELLER = {
    "name": "Centre de calcul", "street": "1 rue du Lac", "postcode": "38000", "city": "Grenoble", "country": "FR",
    "vat_number": "FR40303265045", "iban": "FR7630006000011234567890189",
}  # fmt: skip
REVERSE = {"note": "Reverse charge", "article": "Article 196 of Directive 2006/112/EC"}
ADDRESS = {"street": "2 Place", "postcode": "75001", "city": "Paris"}


def tariff(**changes):
    """A file: 2.5 euros for a GPU-hour, 20 % of VAT, reverse charge."""
    told = {
        "format": "fabrica-tariff/1", "from": "2026-11-01", "source": "Decision of the board of 2 October 2026",
        "checked_on": "2026-11-01", "confidence": "A", "payment_days": 30, "seller": SELLER,
        "vat": {"percent": "20", "reverse_charge": REVERSE},
        "prices": [{"machine": "one", "unit": "gpu_hour", "gpus_per_unit": "1", "euros": "2.5"}],
    }  # fmt: skip
    return json.dumps(told | changes)


def set_tariff(cast, machine, now, **changes):
    return pricing.set_tariff(site=machine.site, raw=tariff(**changes), by=cast.operator, now=now)


def open_pay_per_use(cast, machine, now):
    """The shipped mode with the figures that nobody published, and a call of it."""
    figures = {
        "unit": "gpu_hour", "size_at_most": 5_000, "months": [1, 2, 3], "systems": 1, "opening": FIRST_COME,
        "steps": ["eligibility", "technical"], "clock": {"at_most": 5, "unit": "working_day", "from": "submission"},
    }  # fmt: skip
    row = modes.rows()["pay-per-use"]
    figured = [{**one, "value": figures.get(one["id"], one["value"]), "source": "The site’s board",
                "confidence": "A"} if one["id"] in figures else one for one in row["facts"]]  # fmt: skip
    calls.keep_mode(row=told_by({**row, "facts": figured}), by=cast.operator, now=now, after=1)
    return calls.open_call(
        slug="paid", title="Pay per use", mode="pay-per-use", machine=machine, by=cast.operator, now=now
    )


FIRST_COME = {"how": "first_come"}


def sold(cast, call, now, hours=10, limit_cents=None, phases=()):
    """An award of ten hours in a call of the mode. The pool must be filled."""
    application = assessed(cast, call, now, gpu_seconds_requested=hours * HOUR)
    made = services.award(
        application=application, gpu_seconds=hours * HOUR, months=1, by=cast.officer, now=now, limit_cents=limit_cents,
        phases=phases,
    )  # fmt: skip
    return PricedAward.objects.get(award=made)


def used(award, key, seconds, ended_at, length=timedelta(hours=1)):
    """The machine's accounting says so, and it is booked; again, with another figure, it is corrected."""
    JobUsage.objects.update_or_create(
        machine=award.machine, key=key,
        defaults={
            "job_id": key, "account": award.account_name, "devices": 1, "started_at": ended_at - length,
            "ended_at": ended_at, "gpu_seconds": seconds, "state": "completed", "seen_at": ended_at,
        },
    )  # fmt: skip
    services.book_metered(machine=award.machine, account=award.account_name, now=ended_at + timedelta(minutes=1))


def addressed(cast, now, organisation=None, **changes):
    """The customer's address is known."""
    told = ADDRESS | changes
    return pricing.save_customer(organisation=organisation or cast.startup, by=cast.officer, now=now, **told)


def issued(award, cast, now):
    """What is due, drawn up and issued by an officer; None where nothing is."""
    made = invoices.draft(award=award, by=cast.officer, now=now)
    return made and invoices.issue(invoice=made, version=made.version, by=cast.officer, now=now)


__all__ = ["HOUR", "addressed", "factories", "issued", "open_pay_per_use", "set_tariff", "sold", "tariff", "used"]
