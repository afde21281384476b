"""More time for an award, as its mode allows."""

from datetime import timedelta

import pytest
from fabrica.allocations import queries, services
from fabrica.allocations.models import Cap, ClusterAccount, Extension, PricedAward
from fabrica.allocations.tests import billing
from fabrica.allocations.tests.factories import awarded
from fabrica.allocations.tests.years import HOUR, cap, parted
from fabrica.audit.models import Entry
from fabrica.calls.engine import rows
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.notices.models import Notice
from fabrica.projects.models import Report
from fabrica.projects.states import ReportKind, ReportState

OURS = {"caps": [cap("ours", 45)], "programme_caps": False}  # 45 of 100 hours


@pytest.fixture
def award(cast, call, machine, now):
    """Forty GPU-hours for a month, in a mode that is extended as AI for Science is."""
    theirs = [one for one in rows()["ai-for-science"]["facts"] if one["id"] == "extension"]
    others = [one for one in call.mode_row["facts"] if one["id"] != "extension"]
    call.mode_row = {**call.mode_row, "facts": [*others, *theirs]}
    call.save(update_fields=["mode_row"])
    parted(cast, machine, now, **OURS)
    made = awarded(cast, call, now, 40 * HOUR)
    facts = {"project": made.project, "kind": ReportKind.PROGRESS, "form": {}, "due_on": now.date()}
    Report.objects.create(**facts, state=ReportState.ACCEPTED)
    return made


def extend(award, by, now, **changes):
    facts = {"months": 3, "gpu_seconds": 4 * HOUR, "key": "a", "reason": "Interim report of 20 November.", **changes}
    return services.extend(award=award, by=by, now=now, **facts)


def test_an_extension_gives_time_and_hours_once(cast, award, now):
    for _ in range(2):
        made = extend(award, cast.officer, now)
    assert (made.ends_at.isoformat(), made.project.__class__.objects.get().ends_at) == (
        "2027-03-23T09:00:00+00:00", made.ends_at,
    )  # fmt: skip
    assert (made.gpu_seconds, queries.balance(made).free) == (44 * HOUR, 44 * HOUR)
    assert ClusterAccount.objects.get().gpu_seconds_wanted == 44 * HOUR
    assert (Cap.objects.get().taken_gpu_seconds, queries.check_ledger()) == (44 * HOUR, [])
    entry = Entry.objects.get(verb="award.extend")
    assert (entry.actor, entry.facts) == (cast.officer.uid, {
        "months": 3, "gpu_seconds": 4 * HOUR, "ends_at": "2027-03-23T09:00:00+00:00",
    })  # fmt: skip
    told = Notice.objects.get(kind="award_extended").body
    assert ("goes on until 23 March 2027" in told, "4.00 GPU-hours were added" in told, "Interim report" in told) == (
        True, True, True,
    )  # fmt: skip


def test_a_check_tells_of_the_limit_in_money_before_anybody_confirms(cast, award, machine, fake, now):
    PricedAward.objects.create(
        award=award, tariff=billing.set_tariff(cast, machine, now), unit="gpu_hour", gpus_per_unit="1",
        micros_per_unit=2_500_000, limit_cents=10_000, fixed_at=now,
    )  # fmt: skip
    facts = {"award": award, "months": 3, "key": "a", "reason": "So.", "now": now}
    services.check_extend(**facts, gpu_seconds=0)
    with pytest.raises(Refused, match="44.00 GPU-hours cost 110.00 EUR; the limit is 100.00 EUR"):
        services.check_extend(**facts, gpu_seconds=4 * HOUR)


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("open", "Progress report: To be written. Ask the project to hand it in"),
        ("submitted", "Progress report: Handed in. Read it on the project's page and accept it"),
        ("returned", "Progress report: Sent back. It was sent back"),
        (None, "This award owes no progress report. Ask the project to apply again"),
    ],
)
def test_an_extension_waits_for_the_accepted_report_and_says_where_it_stands(cast, award, now, state, told):
    Report.objects.update(state=state) if state else Report.objects.all().delete()
    with pytest.raises(Refused) as refused:
        extend(award, cast.officer, now)
    assert str(refused.value).startswith(f"Playground is extended only once the interim report is accepted. {told}")
    assert Extension.objects.count() == 0


def test_the_modes_limit_holds_for_all_extensions_together_and_tells_its_source(cast, award, now):
    extend(award, cast.officer, now, months=2, gpu_seconds=3 * HOUR)
    for changes in ({"months": 2, "gpu_seconds": 0}, {"months": 0, "gpu_seconds": HOUR + 1}):
        with pytest.raises(Refused) as refused:
            extend(award, cast.officer, now, key="b", **changes)
        assert refused.value.what.startswith(
            "Playground is extended by at most 3 months and 10 % of its hours, here 4.00 GPU-hours; 2 months and 3.00 were "
            "granted before, and you grant "
        )
        assert refused.value.what.endswith("(checked 2026-11-01, confidence B).")
    extend(award, cast.officer, now, key="b", months=1, gpu_seconds=HOUR)
    assert (queries.extended(award), queries.check_ledger()) == ((3, 4 * HOUR), [])


def test_a_mode_that_tells_nothing_of_extensions_gives_none(cast, call, machine, now):
    parted(cast, machine, now)
    with pytest.raises(Refused, match="Playground tells nothing of extensions. Looked for in: "):
        extend(awarded(cast, call, now, HOUR), cast.officer, now, gpu_seconds=0)


def test_an_extension_passes_no_cap(cast, award, call, now):
    awarded(cast, call, now, 3 * HOUR)
    with pytest.raises(Refused, match="The cap 'Union share for industrial innovation' has 2.00 GPU-hours left"):
        extend(award, cast.officer, now)
    award.refresh_from_db()
    assert (award.ends_at.month, Extension.objects.count(), queries.check_ledger()) == (12, 0, [])


def test_the_same_key_with_another_extension_is_refused(cast, award, now):
    extend(award, cast.officer, now)
    with pytest.raises(Refused, match="The key a was used"):
        extend(award, cast.officer, now, months=2)


def test_what_has_ended_is_not_extended_but_told_again(cast, award, now):
    late = award.ends_at
    with pytest.raises(Refused, match="ended on 23 December 2026"):
        extend(award, cast.officer, late)
    made = extend(award, cast.officer, late - timedelta(seconds=1))
    assert extend(award, cast.officer, made.ends_at) == made


@pytest.mark.parametrize("who", ["applicant", "mate", "assessor", "provider", "outsider"])
def test_others_extend_nothing(cast, award, now, who):
    with pytest.raises(NotAllowed):
        extend(award, getattr(cast, who), now)


@pytest.mark.parametrize(
    "changes",
    [{"reason": " "}, {"reason": "x" * 3_001}, {"months": 0, "gpu_seconds": 0}, {"months": -1}, {"gpu_seconds": -1},
     {"key": ""}, {"months": 1_000}],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(cast, award, now, changes):
    with pytest.raises(Refused):
        extend(award, cast.officer, now, **changes)
    assert Extension.objects.count() == 0
