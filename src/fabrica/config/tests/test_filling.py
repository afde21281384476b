from datetime import date

import pytest
from django.db import transaction

from fabrica.allocations.models import Award
from fabrica.allocations.queries import check_ledger
from fabrica.applications.models import Application
from fabrica.applications.services import recount
from fabrica.applications.states import WITH_THE_FACTORY, State
from fabrica.audit.models import Entry
from fabrica.audit.queries import verify
from fabrica.audit.services import seal
from fabrica.config import filling
from fabrica.config.filling import Size
from fabrica.kit.errors import Refused
from fabrica.kit.signing import create_key, load_key, load_public_key
from fabrica.notices.models import Notice
from fabrica.people.models import Organisation, Person
from fabrica.projects.models import Member, Project

pytestmark = [pytest.mark.django_db, pytest.mark.long]
DAY = date(2026, 11, 23)
SMALL = Size(projects=30, open_applications=10, people=33)
CLOCK = ("step_due_at", "clock_rings_at", "clock_calendar", "clock_lengths", "due_on", "days_taken")


def ignore(name, done, total):
    pass


def fill(size=SMALL, tell=ignore, batch=7):
    filling.fill(size, DAY, tell, batch)


def seen():
    """What was made, without the database's own keys."""
    return {
        "people": list(Person.objects.order_by("uid").values_list("uid", "email", "name", "terms_version")),
        "firms": list(
            Organisation.objects.order_by("uid", "members__person__uid").values_list(
                "uid", "name", "country", "members__person__uid"
            )
        ),
        "applications": list(
            Application.objects.order_by("code").values_list("code", "state", "applicant__uid", "title", *CLOCK)
        ),
        "awards": list(Award.objects.order_by("project__slug").values_list("project__slug", "gpu_seconds", "ends_at")),
        "members": sorted(Member.objects.values_list("project__slug", "person__uid", "role")),
        "entries": sorted(map(str, Entry.objects.values_list("at", "actor", "verb", "subject", "facts"))),
        "notices": sorted(Notice.objects.values_list("person__uid", "event", "sent_at")),
    }


def test_there_are_as_many_as_were_asked_for():
    fill()
    open_now = Application.objects.filter(state__in=(*WITH_THE_FACTORY, State.RETURNED))
    counts = (Project.objects.count(), Award.objects.count(), open_now.count(), Person.objects.count())
    assert counts == (30, 30, 10, 33)


def test_the_ledger_holds_and_is_used():
    fill()
    assert check_ledger() == []
    assert Entry.objects.filter(verb="hours.spend").count() == 24


def test_the_audit_chain_holds(tmp_path, now):
    fill()
    create_key(tmp_path / "site.pem")
    while seal(key=load_key(tmp_path / "site.pem"), anchor=tmp_path / "anchor", now=now):
        pass
    verdict = verify(key=load_public_key(tmp_path / "site.pub"), anchor=tmp_path / "anchor")
    assert (verdict.problems, verdict.unsealed_count) == ((), 0)


def test_every_clock_is_what_its_moves_say():
    fill()
    kept = list(Application.objects.order_by("pk").values(*CLOCK))
    for one in Application.objects.select_related("call__machine__site"):
        recount(application=one)
    assert list(Application.objects.order_by("pk").values(*CLOCK)) == kept
    assert {one["step_due_at"] is None for one in kept} == {True, False}


def test_nobody_is_mailed_of_what_was_invented():
    fill()
    assert Notice.objects.filter(sent_at=None).count() == 0


def test_nobody_has_a_password():
    fill()
    assert [one.email for one in Person.objects.all() if one.has_usable_password()] == []


@pytest.mark.parametrize("stops_at", [("people", 14), ("organisations", 7), ("projects", 21), ("open applications", 7)])
def test_what_was_broken_off_goes_on_to_the_same_rows(stops_at):
    with transaction.atomic():
        fill()
        whole = seen()
        transaction.set_rollback(True)
    assert Person.objects.count() == 0

    def stop(name, done, total):
        if (name, done) == stops_at:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fill(tell=stop)
    fill()
    assert seen() == whole


def test_filling_again_changes_nothing():
    fill()
    before, told = seen(), []
    fill(tell=lambda *one: told.append(one))
    assert (seen(), told) == (before, [])


def test_progress_is_told_after_each_batch():
    told = []
    fill(Size(projects=3, open_applications=2, people=17), tell=lambda *one: told.append(one), batch=10)
    assert told == [
        ("people", 10, 17),
        ("people", 17, 17),
        ("organisations", 4, 4),
        ("projects", 3, 3),
        ("open applications", 2, 2),
    ]


def test_a_database_with_anybody_real_in_it_is_refused(cast):
    with pytest.raises(Refused, match="7 people who were not invented here"):
        fill()
    assert Person.objects.count() == 7


@pytest.mark.parametrize("size", [Size(people=12), Size(projects=1_000_001), Size(open_applications=-1)])
def test_a_size_that_makes_no_sense_is_refused(size):
    with pytest.raises(Refused):
        fill(size)
    assert Person.objects.count() == 0
