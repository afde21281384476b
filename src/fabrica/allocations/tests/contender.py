"""A process of its own that moves hours: `python -m fabrica.allocations.tests.contender`.

It reads one command a line (JSON: verb and arguments), obeys, and answers with one line. Several of them on one
database are what several workers of a site are.
"""

import json
import os
import sys
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fabrica.config.settings_test")
django.setup()

from django.core.management import call_command  # noqa: E402

from fabrica.allocations import queries, services  # noqa: E402
from fabrica.allocations.models import Award, Cap, Invoice, LedgerAccount, Phase  # noqa: E402
from fabrica.allocations.tests import billing, factories, years  # noqa: E402
from fabrica.applications.models import Application  # noqa: E402
from fabrica.calls.models import Call  # noqa: E402
from fabrica.calls import services as calls  # noqa: E402
from fabrica.clusters import services as clusters  # noqa: E402
from fabrica.clusters import queries as cluster_queries  # noqa: E402
from fabrica.clusters.adapters.fake import FakeCluster  # noqa: E402
from fabrica.clusters.models import Machine  # noqa: E402
from fabrica.conftest import make_organisation, make_person  # noqa: E402
from fabrica.kit.errors import Refused  # noqa: E402
from fabrica.people.models import Organisation, Person  # noqa: E402
from fabrica.people.states import Role  # noqa: E402
from fabrica.reviews.tests.factories import assessed  # noqa: E402

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
CAST = {"applicant": "ada", "operator": "ingrid", "officer": "olga", "assessor": "tomas"}


def prepare(pool, award, waiting):
    """An empty database becomes a site: a pool, one award from it, and assessed applications for ten GPU-seconds."""
    call_command("migrate", verbosity=0)
    applicant = make_person("ada", NOW)
    operator = make_person("ingrid", NOW, Role.OPERATOR)
    cast = SimpleNamespace(
        applicant=applicant,
        operator=operator,
        officer=make_person("olga", NOW, Role.OFFICER),
        assessor=make_person("tomas", NOW, Role.ASSESSOR),
        startup=make_organisation("Novalis Labs", applicant, NOW),
    )
    site = clusters.register_site(slug="here", name="Here", country="FR", by=operator, now=NOW)
    machine = clusters.register_machine(
        site=site, slug="one", name="One", adapter="fake", device="cpu", devices_total=2, by=operator, now=NOW
    )
    call = calls.open_call(
        slug="pg", title="PG", mode="playground", machine=machine, by=operator, now=NOW - timedelta(days=1)
    )
    factories.fund(cast, machine, NOW, pool)
    factories.awarded(cast, call, NOW, award)
    return [assessed(cast, call, NOW, gpu_seconds_requested=10).code for _ in range(waiting)]


def tried(act, items):
    """How often an act was not refused."""
    done = 0
    for item in items:
        try:
            act(item)
        except Refused:
            continue
        done += 1
    return done


def the_award():
    return Award.objects.select_related("project", "machine").order_by("pk").first()


def hold(keys, gpu_seconds):
    award = the_award()
    return tried(lambda key: services.hold(award=award, gpu_seconds=gpu_seconds, hold_key=key, now=NOW), keys)


def spend(keys, hold_key, gpu_seconds):
    award = the_award()
    return tried(
        lambda key: services.spend(award=award, hold_key=hold_key, gpu_seconds=gpu_seconds, key=key, now=NOW), keys
    )


def book(keys, totals):
    """State each total for each key, one after the other."""
    award = the_award()
    wishes = [(key, total) for total in totals for key in keys]
    return tried(
        lambda wish: services.book(award=award, machine=award.machine, key=wish[0], gpu_seconds=wish[1], now=NOW),
        wishes,
    )


def release(keys):
    award = the_award()
    return tried(lambda key: services.release(award=award, hold_key=key, now=NOW), keys)


def fund(keys, gpu_seconds):
    machine, by = Machine.objects.get(), Person.objects.get(email="ingrid@example.org")
    return tried(lambda key: services.fund(machine=machine, gpu_seconds=gpu_seconds, key=key, by=by, now=NOW), keys)


def award(codes):
    by = Person.objects.get(email="olga@example.org")
    return tried(
        lambda code: services.award(
            application=Application.objects.get(code=code), gpu_seconds=10, months=1, by=by, now=NOW
        ),
        codes,
    )


def phased(codes, later):
    """Awards of ten GPU-seconds of which some are promised for later."""
    by = Person.objects.get(email="olga@example.org")
    return tried(
        lambda code: services.award(
            application=Application.objects.get(code=code), gpu_seconds=10, months=1, by=by, now=NOW,
            phases=[services.Later(later)],
        ),
        codes,
    )  # fmt: skip


def decide(codes, act):
    """Release or drop the phase of each award that was made."""
    codes = [one for one in codes if Award.objects.filter(application__code=one).exists()]
    by = Person.objects.get(email="olga@example.org")
    return tried(
        lambda code: getattr(services, act)(
            award=Award.objects.get(application__code=code), number=2, by=by, now=NOW, reason="It is time."
        ),
        codes,
    )


def move(keys, gpu_seconds, back):
    """Hours between the first two awards, one way or the other."""
    pair = list(Award.objects.select_related("project", "application__call").order_by("pk")[1:3])
    giving, receiving = pair[::-1] if back else pair
    by = Person.objects.get(email="olga@example.org")
    facts = {
        "giving": giving,
        "receiving": receiving,
        "gpu_seconds": gpu_seconds,
        "by": by,
        "now": NOW,
        "reason": "So.",
    }
    return tried(lambda key: services.move(**facts, key=key), keys)


def part(hours, percent):
    """A year whose one pool has all hours, and one cap on it."""
    cast = SimpleNamespace(operator=Person.objects.get(email="ingrid@example.org"))
    rules = {"caps": [years.cap("ours", percent)], "programme_caps": False}
    years.parted(cast, Machine.objects.get(), NOW, hours=hours, parts={"union_aif_industrial": 100}, **rules)


def offer(codes):
    """Offers of ten GPU-seconds, in a mode that from now on gives a day for an answer."""
    call, by = Call.objects.get(), Person.objects.get(email="olga@example.org")
    day = {"id": "answer_working_days", "value": 1, "source": "Us", "checked_on": "2026-11-01", "confidence": "A"}
    Call.objects.filter(pk=call.pk).update(mode_row={**call.mode_row, "facts": [*call.mode_row["facts"], day]})
    told = {"gpu_seconds": 10, "months": 1, "by": by, "now": NOW}
    return tried(lambda code: services.grant(application=Application.objects.get(code=code), **told), codes)


def answer(answers):
    """Accept or decline each offer as its applicant, or take it back as an officer."""

    def act(one):
        code, verb = one
        by = Person.objects.get(email="olga@example.org" if verb == "withdraw_offer" else "ada@example.org")
        told = {"by": by, "now": NOW} | ({} if verb == "accept" else {"reason": "So."})
        getattr(services, verb)(application=Application.objects.get(code=code), **told)

    return tried(act, answers)


def revoke(codes):
    by = Person.objects.get(email="olga@example.org")
    return tried(
        lambda code: services.revoke(
            award=Award.objects.get(application__code=code), by=by, now=NOW + timedelta(seconds=1), reason="Over."
        ),
        codes,
    )


def top_up(keys, gpu_seconds):
    found, by = the_award(), Person.objects.get(email="olga@example.org")
    return tried(lambda key: services.top_up(award=found, gpu_seconds=gpu_seconds, key=key, by=by, now=NOW), keys)


def sell(count):
    """Awards that pay, each with an hour used last month; their projects."""
    cluster_queries.serve("fake", lambda _machine: FakeCluster(NOW))
    people = {one: Person.objects.get(email=f"{name}@example.org") for one, name in CAST.items()}
    cast = SimpleNamespace(**people, startup=Organisation.objects.get())
    machine = Machine.objects.get()
    billing.set_tariff(cast, machine, NOW)
    billing.addressed(cast, NOW)
    call = billing.open_pay_per_use(cast, machine, NOW)
    awards = [billing.sold(cast, call, NOW, hours=1).award for _ in range(count)]
    for number, one in enumerate(awards):
        billing.used(one, str(number), 3_600, NOW + timedelta(days=1))
    return [one.project.slug for one in awards]


def bill(slugs):
    """Draw up and issue what each owes; how many. One that another officer drew up meanwhile is theirs."""
    cast, later = SimpleNamespace(officer=Person.objects.get(email="olga@example.org")), NOW + timedelta(days=14)
    made = []
    tried(lambda one: made.append(billing.issued(Award.objects.get(project__slug=one), cast, later)), slugs)
    return sum(one is not None for one in made)


def numbers():
    return list(Invoice.objects.order_by("serial").values_list("serial", flat=True))


def report():
    """Where the first award's hours are, what the machine has, what caps count, and what is wrong with the books."""
    balance = queries.balance(the_award())
    supply = LedgerAccount.objects.get(kind="supply").balance_gpu_seconds
    return {**vars(balance), "pool": queries.pool_of(Machine.objects.get()), "supply": supply,
            "caps": list(Cap.objects.values_list("taken_gpu_seconds", flat=True)),
            "phases": [Phase.objects.filter(**{f"{name}__isnull": False}).count() for name in ("released_at", "dropped_at")],
            "sizes": list(Award.objects.order_by("pk").values_list("gpu_seconds", flat=True)),
            "awards": Award.objects.count(), "problems": queries.check_ledger()}  # fmt: skip


WHAT = (
    prepare, hold, spend, book, release, fund, award, phased, decide, move, part, top_up, revoke, report, sell, bill,
    numbers, offer, answer,
)  # fmt: skip
VERBS = {one.__name__: one for one in WHAT}


def main():
    for line in sys.stdin:
        command = json.loads(line)
        answer = VERBS[command.pop("verb")](**command)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
