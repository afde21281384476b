"""Whatever happens in whatever order: the sums hold, and nothing is below zero."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Sum
from fabrica.allocations import queries, services
from fabrica.allocations.models import Cap, JobBooking, LedgerAccount, Transfer
from fabrica.allocations.tests.factories import awarded
from fabrica.allocations.tests.years import cap, parted
from fabrica.kit.errors import Refused
from fabrica.reviews.tests.factories import assessed
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SECONDS = st.integers(min_value=0, max_value=3_000)
KEYS = st.sampled_from(["a", "b", "c"])
WHOSE = st.integers(min_value=0, max_value=1)
WHICH = st.integers(min_value=0, max_value=4)
PERCENT = st.integers(min_value=0, max_value=100)
STEPS = st.one_of(
    st.tuples(st.just("fund"), SECONDS, KEYS),
    st.tuples(st.just("award"), st.integers(min_value=1, max_value=3_000)),
    st.tuples(st.just("phased"), st.integers(min_value=2, max_value=3_000), st.integers(min_value=1, max_value=2_000)),
    st.tuples(st.just("release_phase"), WHICH),
    st.tuples(st.just("move"), WHICH, WHICH, SECONDS, KEYS),
    st.tuples(st.just("drop_phase"), WHICH),
    st.tuples(st.just("hold"), WHOSE, SECONDS, KEYS),
    st.tuples(st.just("spend"), WHOSE, SECONDS, KEYS, KEYS),
    st.tuples(st.just("book"), WHOSE, SECONDS, KEYS, st.sampled_from(["", "a", "b", "c"])),
    st.tuples(st.just("book"), WHOSE, SECONDS, KEYS, st.just("")),
    st.tuples(st.just("top_up"), WHOSE, SECONDS, KEYS),
    st.tuples(st.just("release"), WHOSE, KEYS),
    st.tuples(st.just("end"), WHOSE),
    st.tuples(st.just("revoke"), WHOSE),
    st.tuples(st.just("return_unused"), WHOSE),
    st.tuples(st.just("part"), PERCENT, PERCENT, st.integers(min_value=1, max_value=4)),
)


class Site:
    """A small site whose verbs may each be refused."""

    def __init__(self, cast, call, machine, now):
        self.cast, self.call, self.machine, self.now = cast, call, machine, now
        self.totals = {}
        self.awards = [awarded(cast, call, now, 2_000), awarded(cast, call, now, 1_000)]

    def fund(self, gpu_seconds, key):
        services.fund(machine=self.machine, gpu_seconds=gpu_seconds, key=key, by=self.cast.operator, now=self.now)

    def award(self, gpu_seconds):
        self.awards.append(awarded(self.cast, self.call, self.now, gpu_seconds))

    def phased(self, gpu_seconds, later):
        """An award of which some is promised for later."""
        application = assessed(self.cast, self.call, self.now, gpu_seconds_requested=gpu_seconds)
        self.awards.append(services.award(
            application=application, gpu_seconds=gpu_seconds, months=1, by=self.cast.officer, now=self.now,
            phases=[services.Later(later)],
        ))  # fmt: skip

    def release_phase(self, which):
        self.decide(which, services.release_phase, {})

    def drop_phase(self, which):
        self.decide(which, services.drop_phase, {"reason": "No."})

    def move(self, which, other, gpu_seconds, key):
        pair = [at % len(self.awards) for at in (which, other)]
        giving, receiving = (self.awards[at] for at in pair)
        by = self.cast.officer
        services.move(
            giving=giving, receiving=receiving, gpu_seconds=gpu_seconds, key=key, by=by, now=self.now, reason="So."
        )
        for at in pair:
            self.awards[at].refresh_from_db()

    def decide(self, which, act, facts):
        at = which % len(self.awards)
        if queries.phases_of(self.awards[at]).exists():
            self.awards[at] = act(award=self.awards[at], number=2, by=self.cast.officer, now=self.now, **facts)

    def hold(self, whose, gpu_seconds, key):
        services.hold(award=self.awards[whose], gpu_seconds=gpu_seconds, hold_key=key, now=self.now)

    def spend(self, whose, gpu_seconds, hold_key, key):
        award = self.awards[whose]
        services.spend(award=award, gpu_seconds=gpu_seconds, hold_key=hold_key, key=f"usage:{key}", now=self.now)

    def book(self, whose, gpu_seconds, key, hold_key):
        award = self.awards[whose]
        services.book(
            award=award, machine=award.machine, key=f"{key}.{whose}", gpu_seconds=gpu_seconds, hold_key=hold_key,
            now=self.now,
        )  # fmt: skip
        self.totals[f"{key}.{whose}"] = gpu_seconds

    def top_up(self, whose, gpu_seconds, key):
        award, by = self.awards[whose], self.cast.officer
        self.awards[whose] = services.top_up(award=award, gpu_seconds=gpu_seconds, key=key, by=by, now=self.now)

    def release(self, whose, key):
        services.release(award=self.awards[whose], hold_key=key, now=self.now)

    def end(self, whose):
        self.now = max(self.now, self.awards[whose].ends_at + timedelta(seconds=1))

    def revoke(self, whose):
        award, by = self.awards[whose], self.cast.officer
        if award.revoked_at is None:
            self.awards[whose] = services.revoke(award=award, by=by, now=self.now, reason="It is over.")

    def return_unused(self, whose):
        late = self.awards[whose].ends_at + timedelta(days=1)
        services.return_unused(award=self.awards[whose], now=late)
        self.awards[whose].refresh_from_db()

    def part(self, industrial, percent, hours):
        """Declare the year, or change what was declared."""
        rules = [cap("all", percent), cap("first", percent // 2, modes=["playground"])]
        parts = {"union_aif_industrial": industrial, "national": 100 - industrial}
        parted(self.cast, self.machine, self.now, hours=hours, parts=parts, caps=rules, programme_caps=False)

    def balances(self):
        accounts = {one.pk: one.balance_gpu_seconds for one in LedgerAccount.objects.all()}
        return accounts, list(
            Cap.objects.order_by("name").values_list("name", "limit_gpu_seconds", "taken_gpu_seconds")
        )

    def take(self, step):
        """One step, and once more: a refusal changes nothing, a repetition neither (but for a second award)."""
        verb, *arguments = step
        before = self.balances()
        try:
            getattr(self, verb)(*arguments)
        except Refused:
            assert self.balances() == before
            return
        if verb not in ("award", "phased"):
            after, rows = self.balances(), Transfer.objects.count()
            getattr(self, verb)(*arguments)
            assert (self.balances(), Transfer.objects.count()) == (after, rows)

    def check(self):
        assert queries.check_ledger() == []
        assert all(one.taken_gpu_seconds <= one.limit_gpu_seconds for one in Cap.objects.all())
        assert LedgerAccount.objects.aggregate(total=Sum("balance_gpu_seconds")) == {"total": 0}
        assert not LedgerAccount.objects.exclude(kind="supply").filter(balance_gpu_seconds__lt=0).exists()
        for award in self.awards:
            now = queries.balance(award)
            assert now.awarded + now.written_off == now.free + now.held + now.used + now.returned
            assert now.promised == sum(
                one.gpu_seconds for one in queries.phases_of(award) if not (one.released_at or one.dropped_at)
            )
            assert now.written_off == sum(owed for _account, owed in queries.written_off_by(award))
        assert dict(JobBooking.objects.values_list("key", "gpu_seconds")) == self.totals


@pytest.mark.long
@pytest.mark.timeout(600)  # it may shrink an example for long
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(STEPS, max_size=14), is_parted=st.booleans())
def test_every_sequence_keeps_the_books(cast, call, pool, now, steps, is_parted):
    with transaction.atomic():
        site = Site(cast, call, pool, now)
        if is_parted:
            site.part(80, 80, 2)
        for step in steps:
            site.take(step)
            site.check()
        transaction.set_rollback(True)
