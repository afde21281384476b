"""What use costs: rounding at its boundaries, units of machines, and that everything is billed once."""

from decimal import Decimal
from fractions import Fraction

import pytest
from fabrica.allocations.engine.papers import to_csv
from fabrica.allocations.engine.pricing import Billed, Price, Vat, bill, gpus_behind, taxed
from fabrica.allocations.engine.tariffs import read_tariff
from fabrica.allocations.tests import billing
from fabrica.clusters.engine import Counting
from fabrica.kit.errors import Refused
from hypothesis import given
from hypothesis import strategies as st

HOUR = 3_600
EURO = Price(1_000_000, Fraction(1))
NOBODY = 10**12  # a limit that is never reached


@pytest.mark.parametrize(
    ("micros", "gpus", "seconds", "cents"),
    [
        (10_000, 1, HOUR // 2, 0),  # half a cent: to the even 0
        (10_000, 1, HOUR * 3 // 2, 2),  # one and a half: to the even 2
        (10_000, 1, HOUR * 5 // 2, 2),  # two and a half: to the even 2
        (10_000, 1, HOUR // 2 + 1, 1),
        (10_000, 1, -HOUR * 3 // 2, -2),  # the same below zero
        (9_600_000, 4, 4 * HOUR, 960),  # a node of four GPUs
        (1_250_000, Fraction(1, 2), HOUR, 250),  # half a GPU: an hour of one is two units
        (31_250, Fraction(1, 8), HOUR, 25),  # a core-hour, eight of them to a GPU
        (1, 1, HOUR, 0),  # a millionth of a euro
    ],
)
def test_use_costs_whole_cents_half_to_even(micros, gpus, seconds, cents):
    assert Price(micros, Fraction(gpus)).net(seconds) == cents


@pytest.mark.parametrize(
    ("seconds", "shown"), [(HOUR, "1.0000"), (1, "0.0003"), (-1, "-0.0003"), (9 * HOUR // 50, "0.1800")]
)
def test_quantities_are_shown_with_four_decimals(seconds, shown):
    assert str(EURO.shown(seconds)) == shown


@given(micros=st.integers(1, 10**10), gpus=st.fractions(Fraction(1, 64), 64), cents=st.integers(0, 10**9))
def test_the_most_that_fits_is_the_last_that_fits(micros, gpus, cents):
    price = Price(micros, gpus)
    most = price.most(cents)
    assert price.units(most) * micros <= cents * 10_000 < price.units(most + 1) * micros
    assert price.net(most) <= cents


@pytest.mark.parametrize(
    ("net", "percent", "vat"),
    [(1_250, "20", 250), (250, "5.5", 14), (50, "5", 2), (150, "5", 8), (-50, "5", -2), (999, "0", 0), (1, "50", 0)],
)
def test_vat_is_of_the_sum_of_its_rate_half_to_even(net, percent, vat):
    (one,) = taxed([(Vat("standard", Decimal(percent)), net)])
    assert one.vat_cents == vat


def test_each_rate_is_taxed_apart():
    low, high = Vat("standard", Decimal(5)), Vat("standard", Decimal(20))
    assert [(one.net_cents, one.vat_cents) for one in taxed([(low, 10), (high, 50), (low, 20)])] == [(30, 2), (50, 10)]


def test_the_units_of_a_machine():
    counting = Counting(
        gpus_per_device=Fraction(1, 2), devices_per_node=8, native="core-hours", native_per_gpu_hour=Fraction(16)
    )
    found = {one: gpus_behind(one, counting) for one in ("gpu_hour", "device_hour", "node_hour", "native")}
    assert found == {"gpu_hour": 1, "device_hour": Fraction(1, 2), "node_hour": 4, "native": Fraction(1, 16)}
    assert gpus_behind("native", Counting()) is None


MONTH = st.sampled_from([(2026, 11), (2026, 12), (2027, 1)])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("use"), MONTH, st.integers(0, 100_000)),  # what a month's use is known to be now
        st.tuples(st.just("issue")),
        st.tuples(st.just("cancel"), st.integers(0, 5)),
        st.tuples(st.just("limit"), st.integers(0, 10_000)),
    ),
    max_size=25,
)


class Books:
    """Documents as the services keep them: lists of (month, GPU-seconds, cents)."""

    def __init__(self, price):
        self.price, self.used, self.documents, self.cancelled, self.limit = price, {}, [], set(), NOBODY

    def billed(self):
        found = {}
        for month, seconds, cents in (line for one in self.documents for line in one):
            had = found.get(month, Billed())
            found[month] = Billed(had.gpu_seconds + seconds, had.net_cents + cents)
        return found

    def use(self, month, seconds):
        self.used[month] = seconds

    def limit_to(self, cents):
        self.limit = cents

    def issue(self):
        lines = bill(self.used, self.billed(), self.price, self.limit)
        if lines:
            self.documents.append([(one.month, one.gpu_seconds, one.net_cents) for one in lines])

    def cancel(self, which):
        if which < len(self.documents) and which not in self.cancelled:
            self.cancelled.update((which, len(self.documents)))
            self.documents.append([(month, -seconds, -cents) for month, seconds, cents in self.documents[which]])


@given(steps=STEPS, micros=st.integers(1, 20_000_000), gpus=st.sampled_from([1, 4, Fraction(1, 2), Fraction(3, 7)]))
def test_whatever_happens_all_documents_together_are_the_price_of_all_use(steps, micros, gpus):
    books = Books(Price(micros, Fraction(gpus)))
    for verb, *facts in [*steps, ("issue",)]:
        {"use": books.use, "issue": books.issue, "cancel": books.cancel, "limit": books.limit_to}[verb](*facts)
    billed = books.billed()
    of_months = sum(books.price.net(seconds) for seconds in books.used.values())
    assert sum(one.net_cents for one in billed.values()) == min(of_months, books.limit)
    # nothing is left over that money would move for, and each GPU-second that is billed is billed once
    assert bill(books.used, billed, books.price, books.limit) == ()
    exactly = sum(books.price.units(seconds) * micros / 10_000 for seconds in books.used.values())
    assert abs(of_months - exactly) <= Fraction(len(books.used), 2)
    if books.limit == NOBODY:
        assert {month: one.net_cents for month, one in billed.items() if one.net_cents} == {
            month: cents for month, seconds in books.used.items() if (cents := books.price.net(seconds))
        }


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"format": "x"}, "format"), ({"prices": []}, "prices"), ({"from": "soon"}, "from"),
        ({"until": "2026-11-01"}, "until"), ({"payment_days": 0}, "payment_days"), ({"language": "tlh"}, "language"),
        ({"vat": {"percent": "20.001"}}, "vat.percent"), ({"vat": {"reverse_charge": {"note": "x"}}}, "vat.reverse_charge.article"),
        ({"seller": {"vat_number": "FR00"}}, "seller.vat_number"), ({"seller": {"fax": "1"}}, "seller.fax"),
        ({"prices": [{"machine": "one", "unit": "mile", "gpus_per_unit": "1", "euros": "1"}]}, "prices[0].unit"),
        ({"prices": [{"machine": "one", "unit": "gpu_hour", "gpus_per_unit": "0", "euros": "1"}]}, "prices[0].gpus_per_unit"),
        ({"prices": [{"machine": "one", "unit": "gpu_hour", "gpus_per_unit": "1", "euros": "0.0000001"}]}, "prices[0].euros"),
        ({"discount": 5}, "discount"),
    ],
)  # fmt: skip
def test_a_tariff_that_makes_no_sense_names_the_place(changes, place):
    with pytest.raises(Refused) as refused:
        read_tariff(billing.tariff(**changes))
    assert refused.value.what == f"{place} cannot be used."


@pytest.mark.parametrize(
    ("country", "number", "kind"),
    [
        ("FR", "", "standard"),
        ("IT", "IT00743110157", "reverse_charge"),
        ("IT", "", None),
        ("NO", "", None),
        ("NO", "NO974760673MVA", None),
        ("", "", None),
    ],
)
def test_vat_is_treated_as_the_site_says_and_never_guessed(country, number, kind):
    found = read_tariff(billing.tariff()).vat_for(country, number)
    assert (found.kind if found else None) == kind


def test_no_words_become_a_formula():
    rows = [{"name": text, "cents": -5} for text in ("=1+1", "+1", "-1", "@x", "\tx", "\rx", "plain")]
    names = [line.split(",")[0].strip('"') for line in to_csv(rows).split("\r\n")[1:-1]]
    assert [one[0] for one in names] == ["'"] * 6 + ["p"]
    assert to_csv(rows).split("\r\n")[1].endswith(",-5")
