"""The chain: what was written cannot be changed, removed, added to or reordered unnoticed."""

import json
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from fabrica.audit import engine, queries, services, tasks
from fabrica.audit.engine import GENESIS, chain
from fabrica.audit.models import Entry, Seal
from fabrica.kit.signing import create_key, sign
from hypothesis import given
from hypothesis import strategies as st

pytestmark = pytest.mark.django_db


@pytest.fixture
def key(tmp_path):
    return create_key(tmp_path / "site.pem")


@pytest.fixture
def anchor(tmp_path):
    return tmp_path / "anchors" / "audit.jsonl"


@pytest.fixture
def write(now):
    def write(count, start=0):
        for number in range(start, start + count):
            services.record(verb="x.do", by=None, subject=f"n:{number}", now=now, number=number)

    return write


@pytest.fixture
def seal(key, anchor, now):
    return lambda: services.seal(key=key, anchor=anchor, now=now)


@pytest.fixture
def problems(key, anchor):
    return lambda: list(queries.verify(key=key.public_key(), anchor=anchor).problems)


@pytest.fixture
def sealed(write, seal):
    """Two seals of three entries each."""
    write(3)
    seal()
    write(3, start=3)
    seal()


BROKEN = "an entry was changed, added or removed."


def test_an_entry_keeps_who_when_verb_subject_and_facts(cast, now):
    services.record(verb="x.do", by=cast.applicant, subject="thing:1", now=now, count=2)
    entry = queries.about("thing:1").get()
    assert (entry.at, entry.actor, entry.verb, entry.facts) == (now, cast.applicant.uid, "x.do", {"count": 2})


def test_an_entry_is_gone_with_the_change_it_tells_of(now):
    with pytest.raises(RuntimeError), transaction.atomic():
        services.record(verb="x.do", by=None, subject="thing:1", now=now)
        raise RuntimeError
    assert not queries.about("thing:1").exists()


def test_an_untouched_chain_holds(sealed, write, key, anchor):
    write(2, start=6)
    verdict = queries.verify(key=key.public_key(), anchor=anchor)
    assert verdict == queries.Verdict(2, 6, 2, 2, ())
    assert verdict.holds


def test_nothing_at_all_holds_too(problems):
    assert problems() == []


@pytest.mark.parametrize(
    "change",
    [
        {"verb": "x.undo"}, {"subject": "n:9"}, {"actor": "somebody"}, {"facts": {"number": 9}}, {"facts": {}},
    ],
)  # fmt: skip
def test_a_changed_entry_breaks_its_seal(sealed, problems, change):
    Entry.objects.filter(subject="n:1").update(**change)
    assert problems() == [f"Seal 1: {BROKEN}"]


def test_an_entry_moved_in_time_breaks_its_seal(sealed, problems, now):
    Entry.objects.filter(subject="n:4").update(at=now + timedelta(microseconds=1))
    assert problems() == [f"Seal 2: {BROKEN}"]


@pytest.mark.parametrize("subject", ["n:0", "n:1", "n:2"])
def test_a_removed_entry_breaks_its_seal(sealed, problems, subject):
    Entry.objects.filter(subject=subject).delete()
    assert problems() == [f"Seal 1: {BROKEN}"]


def test_an_entry_added_to_a_seal_breaks_it(sealed, problems, now):
    Entry.objects.create(at=now, verb="x.do", subject="n:late", seal=Seal.objects.get(number=1))
    assert problems() == [f"Seal 1: {BROKEN}"]


def test_two_entries_that_change_places_break_the_seal(sealed, problems):
    first, second = Entry.objects.filter(seal__number=1)[:2]
    told = (first.subject, first.facts)
    Entry.objects.filter(pk=first.pk).update(subject=second.subject, facts=second.facts)
    Entry.objects.filter(pk=second.pk).update(subject=told[0], facts=told[1])
    assert problems() == [f"Seal 1: {BROKEN}"]


def test_an_entry_moved_to_another_seal_breaks_both(sealed, problems):
    Entry.objects.filter(subject="n:2").update(seal=Seal.objects.get(number=2))
    assert problems() == [f"Seal 1: {BROKEN}", f"Seal 2: {BROKEN}"]


def test_an_entry_taken_out_of_its_seal_to_be_sealed_again_breaks_it(sealed, problems, seal):
    Entry.objects.filter(subject="n:2").update(seal=None)
    seal()
    assert problems() == [f"Seal 1: {BROKEN}"]


def test_a_missing_seal_at_the_front_is_noticed_everywhere(sealed, problems):
    Entry.objects.filter(seal__number=1).delete()
    Seal.objects.filter(number=1).delete()
    assert problems() == ["Seal 1 is missing.", f"Seal 2: {BROKEN}", "Seal 1 differs from the anchor file."]


def test_a_missing_seal_at_the_end_is_noticed_by_the_anchor(sealed, problems):
    Entry.objects.filter(seal__number=2).delete()
    Seal.objects.filter(number=2).delete()
    assert problems() == ["Seal 2 differs from the anchor file."]


def rewrite(key):
    """What somebody with the database and the key can do: change an entry and seal everything anew."""
    Entry.objects.filter(subject="n:1").update(facts={"number": 1_000_000})
    previous = GENESIS
    for one in Seal.objects.order_by("number"):
        one.digest = chain(previous, (e.canonical() for e in Entry.objects.filter(seal=one).order_by("pk")))
        one.signature = sign(key, one.digest.encode())
        one.save()
        previous = one.digest


def test_a_chain_rewritten_with_the_key_is_caught_by_the_anchor_file(sealed, problems, key):
    rewrite(key)
    assert problems() == ["Seal 1 differs from the anchor file.", "Seal 2 differs from the anchor file."]


def test_a_chain_rewritten_without_the_key_is_caught_by_its_signatures(sealed, problems, tmp_path):
    rewrite(create_key(tmp_path / "other.pem"))
    wrong = [f"Seal {number}: the signature is not this site's." for number in (1, 2)]
    assert problems() == [*wrong, "Seal 1 differs from the anchor file.", "Seal 2 differs from the anchor file."]


def test_the_anchor_file_tells_each_head_once_in_order(sealed, anchor):
    rows = [json.loads(line) for line in anchor.read_text().splitlines()]
    seals = list(Seal.objects.order_by("number"))
    assert [(row["number"], row["digest"], row["signature"]) for row in rows] == [
        (one.number, one.digest, one.signature) for one in seals
    ]


def test_a_long_anchor_file_is_not_read_again_for_each_seal(sealed, write, seal, anchor, monkeypatch, problems):
    read = []
    monkeypatch.setattr(services, "END_BYTES", 300)  # one line and a part of the one before
    monkeypatch.setattr(services, "read_anchors", lambda *args: read.append(args) or engine.read_anchors(*args))
    write(1, start=6)
    seal()
    assert read == [(anchor, 300)]
    assert [json.loads(line)["number"] for line in anchor.read_text().splitlines()] == [1, 2, 3]
    assert problems() == []


def test_a_crash_before_the_anchor_is_made_good_at_the_next_seal(write, seal, anchor, problems):
    write(1)
    seal()
    anchor.unlink()
    write(1, start=1)
    seal()
    assert [json.loads(line)["number"] for line in anchor.read_text().splitlines()] == [1, 2]
    assert problems() == []


def test_an_anchor_written_half_is_told_and_does_not_stop_the_sealer(sealed, write, seal, anchor, problems):
    anchor.write_text(anchor.read_text() + '{"number": 3, "dig')
    assert problems() == ["A line of the anchor file cannot be read: line 3."]
    write(1, start=6)
    assert seal().number == 3
    assert problems() == ["A line of the anchor file cannot be read: line 3."]
    assert services.last_anchored(anchor) == 3


def test_an_entry_that_commits_late_with_a_lower_key_goes_into_the_next_seal(seal, now, problems):
    Entry.objects.create(pk=10, at=now, verb="x.do", subject="n:10")
    Entry.objects.create(pk=12, at=now, verb="x.do", subject="n:12")
    seal()
    Entry.objects.create(pk=11, at=now, verb="x.do", subject="n:late")
    assert seal().entry_count == 1
    assert problems() == []


def test_of_two_sealers_at_once_one_seals(write, seal, monkeypatch, problems):
    """The second looked for the last seal before the first committed; the unique number decides."""
    write(2)
    assert seal().number == 1
    write(1, start=2)
    with monkeypatch.context() as stale:
        stale.setattr(Seal.objects, "order_by", lambda *_: Seal.objects.none())
        assert seal() is None
    assert list(Seal.objects.values_list("number", "entry_count")) == [(1, 2)]
    assert problems() == []
    assert seal().number == 2


def test_a_line_appended_to_the_anchor_file_does_not_overrule_the_first(sealed, problems, key, anchor):
    rewrite(key)
    with anchor.open("a") as out:
        for one in Seal.objects.order_by("number"):
            out.write(json.dumps({"number": one.number, "digest": one.digest}) + "\n")
    assert problems() == ["Seal 1 differs from the anchor file.", "Seal 2 differs from the anchor file."]


def test_no_number_of_a_seal_is_given_twice(sealed, now):
    with pytest.raises(IntegrityError), transaction.atomic():
        Seal.objects.create(number=2, entry_count=0, digest="", signature="", sealed_at=now)


def test_nothing_new_is_nothing_sealed(sealed, seal):
    assert seal() is None


def test_a_batch_is_bounded_and_the_worker_looks_again(write, settings, tmp_path, now, monkeypatch):
    settings.FABRICA_KEYS, settings.FABRICA_ANCHOR_FILE = tmp_path, tmp_path / "anchors.jsonl"
    create_key(tmp_path / "site.pem")
    monkeypatch.setattr(services, "BATCH", 2)
    write(5)
    assert [tasks.seal(now) for _ in range(4)] == [True, True, True, False]
    assert list(Seal.objects.values_list("entry_count", flat=True)) == [2, 2, 1]


def test_a_sealed_entry_cannot_lose_its_seal_by_deletion(sealed):
    with pytest.raises(Exception, match="protected foreign keys"):
        Seal.objects.get(number=1).delete()


@given(st.lists(st.binary(max_size=4), min_size=1, max_size=5), st.data())
def test_any_change_of_any_entry_changes_the_head(entries, data):
    place = data.draw(st.integers(0, len(entries) - 1))
    other = data.draw(st.binary(max_size=4).filter(lambda one: one != entries[place]))
    changed = [*entries[:place], other, *entries[place + 1 :]]
    assert chain(GENESIS, changed) != chain(GENESIS, entries)


@given(st.binary(min_size=2, max_size=8), st.integers(1, 7))
def test_an_entry_cut_in_two_is_another_chain(entry, place):
    place = min(place, len(entry) - 1)
    assert chain(GENESIS, [entry[:place], entry[place:]]) != chain(GENESIS, [entry])


def test_the_head_byte_for_byte():
    assert chain(GENESIS, [b"a"]) == ("8c374a53782642f7514d087d26a3e733f1b806009a03e04a43b288ef2fa9f9c0")
