"""Tariffs of sites, the price that an award is made at, the most it may cost, and where its invoices go."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from stdnum.eu import vat as eu_vat

from fabrica.allocations import queries, rules
from fabrica.allocations.engine.pricing import gpus_behind
from fabrica.allocations.engine.tariffs import PriceRule, kept, read_tariff
from fabrica.allocations.models import Award, Customer, PricedAward, Tariff
from fabrica.allocations.queries.invoices import priced_of, tariff_on
from fabrica.allocations.queries.papers import euros
from fabrica.allocations.saying import told_hours
from fabrica.allocations.services.planning import next_draft
from fabrica.audit.services import record
from fabrica.clusters.models import Machine, Site
from fabrica.clusters.queries import counting_of
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.people.engine.numbers import PREFIXES, compact
from fabrica.people.models import Organisation, Person

MOST_CENTS = 10**12
FURTHEST, OLDEST = timedelta(days=3 * 366), timedelta(days=366)
FIELDS = {"street": 160, "postcode": 20, "city": 80, "vat_number": 20, "reference": 100}


@transaction.atomic
def set_tariff(*, site: Site, raw: bytes | str, by: Person, now: datetime) -> Tariff:
    """Keep what a site sells by as its newest tariff; the same as the newest does nothing. Awards keep theirs.

    Raises NotAllowed for all but operators; Refused for a file that makes no sense, a machine of another site, and a
    unit that the machine counts otherwise.
    """
    if not rules.can_fund(by):
        raise NotAllowed(_("Only an operator sets what a site sells by."))
    rule = read_tariff(raw)
    today = timezone.localdate(now)
    if not today - OLDEST <= rule.starts_on <= today + FURTHEST:
        raise Refused(_("A tariff begins at most a year ago, and within three years."), todo=_("Mend `from`."))
    for one in rule.prices:
        _must_count_so(site, one)
    Site.objects.select_for_update(no_key=True).get(pk=site.pk)
    last = Tariff.objects.filter(site=site).order_by("-number").first()
    if last is not None and last.row == kept(raw):
        return last
    made = Tariff.objects.create(
        site=site, number=last.number + 1 if last else 1, starts_on=rule.starts_on, ends_on=rule.ends_on,
        row=kept(raw), by=by, created_at=now,
    )  # fmt: skip
    facts = {"number": made.number, "starts_on": rule.starts_on.isoformat()}
    record(verb="tariff.set", by=by, subject=f"site:{site.slug}", now=now, **facts)
    return made


def _must_count_so(site: Site, price: PriceRule) -> None:
    machine = Machine.objects.filter(site=site, slug=price.machine).first()
    if machine is None:
        raise Refused(
            _("%(site)s has no machine %(machine)s.") % {"site": site, "machine": price.machine},
            todo=_("See `fabrica-site doctor` for those there are."),
        )
    gpus = gpus_behind(price.unit, counting_of(machine))
    if gpus != price.gpus_per_unit:
        told = _("The price of %(machine)s is for a %(unit)s of %(gpus)s GPUs; the machine has no unit of its own.")
        if gpus is not None:
            told = _(
                "The price of %(machine)s is for a %(unit)s of %(gpus)s GPUs; the machine counts %(own)s GPUs for it."
            )
        raise Refused(
            told % {"machine": machine, "unit": price.unit, "gpus": price.gpus_per_unit, "own": gpus},
            why=_("Both must say the same, or everybody would be billed wrongly."),
            todo=_("Mend `gpus_per_unit`, or the units in the machine's file: docs/operator/clusters.md."),
        )


def fix_price(*, award: Award, limit_cents: int | None, by: Person, now: datetime) -> PricedAward | None:
    """Fix what an award of a mode at the market price pays; None for any other, which is free.

    Without a limit in money, what its hours cost is the limit, those of its later phases too. Raises Refused without a
    tariff that counts today or a price for the machine, for a limit on what is free, and for one below the price of
    its hours.
    """
    if award.application.call.terms.value("price") != "market":
        if limit_cents is not None:
            raise Refused(_("This mode is free of charge; there is nothing to limit."))
        return None
    tariff, rule = _price_of(award, now)
    counting = counting_of(award.machine) if rule.unit == "native" else None
    made = PricedAward(
        award=award, tariff=tariff, unit=rule.unit, unit_name=counting.native if counting else "",
        gpus_per_unit=str(rule.gpus_per_unit), micros_per_unit=rule.micros, limit_cents=0, fixed_at=now,
        next_draft_at=next_draft(award, now),
    )  # fmt: skip
    made.limit_cents = made.price.net(_granted(award)) if limit_cents is None else limit_cents
    _check_limit(made, _granted(award))
    made.save()
    record(
        verb="award.price", by=by, subject=award.subject, now=now, tariff=tariff.number, unit=made.unit,
        micros=made.micros_per_unit, limit_cents=made.limit_cents,
    )  # fmt: skip
    return made


def _price_of(award: Award, now: datetime) -> tuple[Tariff, PriceRule]:
    site = award.machine.site
    tariff = tariff_on(site, timezone.localdate(now))
    rule = tariff.rule.price_of(award.machine.slug) if tariff else None
    if tariff is None or rule is None:
        raise Refused(
            _("%(site)s has no price for %(machine)s today.") % {"site": site, "machine": award.machine},
            why=_("The mode is at the market price, and none is guessed."),
            todo=_("Ask an operator to set the tariff: docs/operator/invoices.md."),
        )
    return tariff, rule


def _granted(award: Award) -> int:
    """What an award may come to use: what it has, and what is promised to it."""
    return award.gpu_seconds + queries.promised(award) - award.returned_gpu_seconds


def _check_limit(priced: PricedAward, gpu_seconds: int) -> None:
    cost = priced.price.net(gpu_seconds)
    if not 0 < priced.limit_cents <= MOST_CENTS:
        raise Refused(_("A limit is from one cent to ten thousand million euros."))
    if cost > priced.limit_cents:
        fits = told_hours(priced.price.most(priced.limit_cents))
        raise Refused(
            _("%(hours)s GPU-hours cost %(cost)s; the limit is %(limit)s.")
            % {"hours": told_hours(gpu_seconds), "cost": euros(cost), "limit": euros(priced.limit_cents)},
            why=_("%(fits)s GPU-hours fit into it.") % {"fits": fits},
            todo=_("Give fewer hours, or raise the limit once the customer has ordered more."),
        )


def money(cents: int) -> str:
    """Cents as euros in a sentence."""
    return f"{cents / 100:,.2f} EUR"


def must_stay_within(*, award_id: int | None, more: int) -> None:
    """Raises Refused where so many GPU-seconds more would cost beyond an award's limit in money."""
    priced = PricedAward.objects.select_related("award").filter(award=award_id).first() if award_id else None
    if priced is not None:
        _check_limit(priced, _granted(priced.award) + more)


@transaction.atomic
def set_limit(*, award: Award, limit_cents: int, by: Person, now: datetime) -> PricedAward:
    """Change the most that an award may cost, as the customer has ordered. Raises NotAllowed, Refused."""
    if not rules.can_bill(by, award):
        raise NotAllowed(
            _("Only an officer or operator from outside the project and its organisation changes its limit.")
        )
    Award.objects.select_for_update(no_key=True).get(pk=award.pk)
    award.refresh_from_db(fields=["gpu_seconds", "returned_gpu_seconds"])
    priced = priced_of(award)
    if priced is None:
        raise Refused(_("The award is free of charge; there is nothing to limit."))
    if priced.limit_cents == limit_cents:
        return priced
    priced.limit_cents = limit_cents
    _check_limit(priced, _granted(award))
    priced.save(update_fields=["limit_cents"])
    record(verb="award.limit", by=by, subject=award.subject, now=now, limit_cents=limit_cents)
    return priced


@transaction.atomic
def save_customer(*, organisation: Organisation, by: Person, now: datetime, **told: str) -> Customer:
    """Keep where an organisation's invoices go: street, postcode, city, vat_number, reference.

    Raises NotAllowed for all but its administrators and officers; Refused for what is too long, missing, or no VAT
    number of its country.
    """
    if not rules.can_save_customer(by, organisation):
        raise NotAllowed(_("Only its administrators and officers say where an organisation's invoices go."))
    facts: dict[str, Any] = {name: _line(name, told.get(name, "")) for name in FIELDS}
    if facts["vat_number"]:
        facts["vat_number"] = _vat_number(facts["vat_number"], organisation.country)
    made, _is_new = Customer.objects.update_or_create(organisation=organisation, defaults={**facts, "saved_at": now})
    record(verb="organisation.billing", by=by, subject=f"organisation:{organisation.uid}", now=now)
    return made


def _line(name: str, value: str) -> str:
    found = value.strip()
    if len(found) > FIELDS[name] or not found.isprintable():
        raise Refused(
            _("%(name)s must be one line of at most %(most)s letters.") % {"name": name, "most": FIELDS[name]}
        )
    if not found and name in ("street", "postcode", "city"):
        raise Refused(
            _("%(name)s is missing.") % {"name": name}, why=_("An invoice must show the whole address of its customer.")
        )
    return found


def _vat_number(number: str, country: str) -> str:
    plain = compact(number)
    if not plain.startswith(PREFIXES.get(country, country)) or not eu_vat.is_valid(plain):
        raise Refused(
            _("%(number)s is not a VAT number of %(country)s.") % {"number": number, "country": country},
            why=_("It begins with the letters of the organisation's country, and its check digits must be right."),
            todo=_("Compare it with your papers, or leave it out."),
        )
    return plain
