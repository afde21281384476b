"""How people are written to: at once or all in one letter, and about what not."""

from datetime import UTC, datetime, timedelta
from smtplib import SMTPException
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from fabrica.audit.models import Entry
from fabrica.kit.claims import TTL
from fabrica.kit.errors import Refused
from fabrica.notices import queries, services, tasks
from fabrica.notices.engine import next_letter_at
from fabrica.notices.models import Notice
from fabrica.notices.states import Rhythm

HOUR = timedelta(hours=1)
BRUSSELS = ZoneInfo("Europe/Brussels")


@pytest.fixture
def tell(db, cast, now, settings, tmp_path):
    (tmp_path / "notices").mkdir()
    (tmp_path / "notices" / "hello.txt").write_text("Hello {{ thing }}\n\nIt is {{ thing }}.\n")
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [str(tmp_path)]}]
    settings.FABRICA_URL, settings.FABRICA_SITE_NAME = "https://f.example", "Factory"
    settings.TIME_ZONE = "Europe/Brussels"

    def tell(thing, person=cast.applicant, at=now, **more):
        services.tell(person=person, kind="hello", event=f"e:{thing}", now=at, thing=thing, **more)

    return tell


def send_all(at):
    while tasks.send(at):
        pass


@pytest.mark.parametrize(
    ("now", "daily", "weekly"),
    [
        (datetime(2026, 11, 26, 5, 59, tzinfo=UTC), datetime(2026, 11, 26, 6), datetime(2026, 11, 30, 6)),
        (datetime(2026, 11, 26, 6, 0, tzinfo=UTC), datetime(2026, 11, 27, 6), datetime(2026, 11, 30, 6)),
        (datetime(2026, 11, 30, 5, 0, tzinfo=UTC), datetime(2026, 11, 30, 6), datetime(2026, 11, 30, 6)),
        (datetime(2026, 11, 30, 6, 1, tzinfo=UTC), datetime(2026, 12, 1, 6), datetime(2026, 12, 7, 6)),
        (datetime(2026, 3, 28, 6, 0, tzinfo=UTC), datetime(2026, 3, 29, 5), datetime(2026, 3, 30, 5)),  # summer begins
    ],
)
def test_a_letter_leaves_at_seven_in_the_morning_whatever_the_clocks_do(now, daily, weekly):
    assert next_letter_at(now, BRUSSELS) == daily.replace(tzinfo=UTC)
    assert next_letter_at(now, BRUSSELS, is_weekly=True) == weekly.replace(tzinfo=UTC)


def test_who_wants_one_letter_a_day_gets_all_of_the_day_in_it(tell, cast, now):
    services.set_rhythm(rhythm="daily", by=cast.applicant, now=now)
    tell("one", path="/calls/")
    tell("two", at=now + HOUR)
    tell("other", person=cast.mate)
    send_all(now + HOUR)
    assert [one.to for one in mail.outbox] == [[cast.mate.email]]
    morning = next_letter_at(now, BRUSSELS)
    send_all(morning - timedelta(seconds=1))
    assert len(mail.outbox) == 1
    tell("three", at=morning + HOUR)
    send_all(morning + HOUR)
    assert (mail.outbox[1].subject, len(mail.outbox)) == ("Factory: 2 messages", 2)
    assert mail.outbox[1].body == (
        "1. Hello one\n\nIt is one.\n\nhttps://f.example/calls/\n\n\n2. Hello two\n\nIt is two.\n\n"
        "-- \nFactory\nHow often we write to you, and about what: https://f.example/notices/\n"
    )
    send_all(morning + timedelta(days=1))
    assert [one.subject for one in mail.outbox[2:]] == ["Hello three"]


def test_no_event_is_in_two_letters_however_often_it_is_told(tell, cast, now):
    services.set_rhythm(rhythm="daily", by=cast.applicant, now=now)
    for hours in range(60):
        for thing in ("one", "two", f"at {hours}"):
            tell(thing, at=now + hours * HOUR)
        send_all(now + hours * HOUR)
    send_all(now + timedelta(days=9))
    told = [line for one in mail.outbox for line in one.body.splitlines() if line.startswith("It is")]
    assert len(told) == len(set(told)) == 62
    assert len(mail.outbox) == 3  # at seven of two mornings, and of the third for the rest


def test_more_than_fifty_notices_are_two_letters(tell, cast, now):
    services.set_rhythm(rhythm="weekly", by=cast.applicant, now=now)
    for number in range(51):
        tell(str(number))
    send_all(now + timedelta(days=8))
    assert [one.subject for one in mail.outbox] == ["Factory: 50 messages", "Hello 50"]


def test_a_letter_that_failed_is_tried_again_under_its_name_with_what_it_held(tell, cast, now, monkeypatch):
    services.set_rhythm(rhythm="daily", by=cast.applicant, now=now)
    tell("one")
    tell("two")
    morning, seen, refuse = next_letter_at(now, BRUSSELS), [], [True]
    send = mail.EmailMessage.send

    def sometimes(self, **how):
        seen.append((self.extra_headers["Message-ID"], self.body))
        if refuse:
            raise SMTPException("busy")
        return send(self, **how)

    monkeypatch.setattr(mail.EmailMessage, "send", sometimes)
    send_all(morning)
    tell("three", at=morning - HOUR)
    refuse.clear()
    send_all(morning + HOUR)
    assert seen[0] == seen[1]
    assert seen[2][0] != seen[0][0]
    assert [one.subject for one in mail.outbox] == ["Factory: 2 messages", "Hello three"]


def test_a_worker_that_died_over_a_letter_leaves_it_whole_to_the_next(tell, cast, now, monkeypatch):
    services.set_rhythm(rhythm="daily", by=cast.applicant, now=now)
    tell("one")
    tell("two")
    morning = next_letter_at(now, BRUSSELS)

    def die(_self):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(mail.EmailMessage, "send", die)
        with pytest.raises(KeyboardInterrupt):
            tasks.send(morning)
    (name,) = set(Notice.objects.values_list("letter", flat=True))
    assert tasks.send(morning + TTL - timedelta(seconds=1)) is False
    send_all(morning + TTL)
    assert [(one.subject, one.extra_headers) for one in mail.outbox] == [
        ("Factory: 2 messages", {"Message-ID": f"<{name}@f.example>"})
    ]


def test_a_change_of_mind_moves_what_waits(tell, cast, now):
    services.set_rhythm(rhythm="weekly", by=cast.applicant, now=now)
    tell("one")
    services.set_rhythm(rhythm="at_once", by=cast.applicant, now=now + HOUR)
    services.set_rhythm(rhythm="at_once", by=cast.applicant, now=now + HOUR)
    send_all(now + HOUR)
    assert [one.subject for one in mail.outbox] == ["Hello one"]
    assert Entry.objects.filter(verb="person.set_rhythm").count() == 2
    with pytest.raises(Refused, match="Use one of: at_once, daily, weekly"):
        services.set_rhythm(rhythm="hourly", by=cast.applicant, now=now)
    assert queries.rhythm_of(cast.applicant) is Rhythm.AT_ONCE


def test_what_must_be_known_at_once_waits_for_no_morning(tell, cast, now):
    services.set_rhythm(rhythm="weekly", by=cast.applicant, now=now)
    tell("a lecture")
    tell("a new key", at_once=True)
    services.set_rhythm(rhythm="daily", by=cast.applicant, now=now)
    send_all(now)
    assert [one.subject for one in mail.outbox] == ["Hello a new key"]


def mute(by, now, about="project:a"):
    services.mute(about=about, title="A", path="/projects/a/", by=by, now=now)


def test_what_is_muted_stands_on_the_portal_and_is_not_mailed(tell, cast, now):
    tell("before", about="project:a")
    mute(cast.applicant, now)
    mute(cast.applicant, now)
    tell("after", about="project:a")
    tell("another", about="project:b")
    tell("nothing")
    tell("mine", person=cast.mate, about="project:a")
    send_all(now)
    assert sorted(one.subject for one in mail.outbox) == ["Hello another", "Hello mine", "Hello nothing"]
    assert queries.visible_to(cast.applicant).count() == 4
    services.unmute(about="project:a", by=cast.applicant, now=now)
    tell("again", about="project:a")
    send_all(now)
    assert [one.subject for one in mail.outbox[3:]] == ["Hello again"]
    verbs = Entry.objects.filter(verb__endswith="mute").order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["person.mute", "person.unmute"]


def test_what_can_be_muted_is_bounded(cast, now, monkeypatch):
    monkeypatch.setattr(services, "MOST_MUTED", 1)
    mute(cast.applicant, now)
    for about in ("project:b", "", "x" * 200):
        with pytest.raises(Refused, match="Unmute another first"):
            mute(cast.applicant, now, about)
    assert [one.about for one in queries.mutes_of(cast.applicant)] == ["project:a"]
