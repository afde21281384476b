from datetime import timedelta
from smtplib import SMTPException

import pytest
from django.core import mail
from fabrica.kit.claims import TTL
from fabrica.notices import queries, services, tasks
from fabrica.notices.models import Notice

FOOT = "How often we write to you, and about what: https://f.example/notices/\n"
pytestmark = pytest.mark.django_db


@pytest.fixture
def words(settings, tmp_path):
    """Templates of the test's own, instead of another context's."""
    folder = tmp_path / "notices"
    folder.mkdir()
    (folder / "hello.txt").write_text("Hello {{ thing|safe }}\n\nDear {{ person.name }},\nit is here.\n")
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [str(tmp_path)]}]


@pytest.fixture
def tell(cast, words, now):
    def tell(event="e:1", **changes):
        services.tell(
            **{"person": cast.applicant, "kind": "hello", "event": event, "now": now, "thing": "x", **changes}
        )

    return tell


def test_the_first_line_is_the_subject_and_the_rest_the_body(tell, cast, now):
    tell(path="/calls/")
    notice = Notice.objects.get()
    assert (notice.subject, notice.body, notice.path) == ("Hello x", "Dear Ada,\nit is here.", "/calls/")
    assert (notice.created_at, notice.next_try_at, notice.sent_at, notice.read_at) == (now, now, None, None)


def test_the_same_event_is_told_once_to_each(tell, cast):
    tell()
    tell(thing="again")
    tell(person=cast.mate)
    assert [(one.person, one.subject) for one in Notice.objects.order_by("pk")] == [
        (cast.applicant, "Hello x"), (cast.mate, "Hello x"),
    ]  # fmt: skip


def test_a_long_subject_is_cut(tell):
    tell(thing="y" * 500)
    assert len(Notice.objects.get().subject) == 200


def test_a_subject_is_one_line_whatever_a_title_holds(tell, now):
    tell(thing="a\rBcc: b@example.org")
    assert tasks.send(now)
    assert [one.subject for one in mail.outbox] == ["Hello a Bcc: b@example.org"]


def test_a_notice_that_cannot_be_mailed_at_all_is_given_up_too(tell, now, monkeypatch):
    def fail(*_):
        raise UnicodeError("label too long")

    monkeypatch.setattr(mail.EmailMessage, "send", fail)
    tell()
    assert tasks.send(now) is True
    assert Notice.objects.values_list("tries", "sent_at", "next_try_at").get() == (1, None, now + timedelta(minutes=1))


def test_a_notice_is_mailed_once_with_its_link(tell, now, settings):
    settings.FABRICA_URL, settings.FABRICA_SITE_NAME = "https://f.example", "Factory"
    tell(path="/calls/")
    assert [tasks.send(now), tasks.send(now)] == [True, False]
    (sent,) = mail.outbox
    assert (sent.subject, sent.to) == ("Hello x", ["ada@example.org"])
    assert sent.body == "Dear Ada,\nit is here.\n\nhttps://f.example/calls/\n\n-- \nFactory\n" + FOOT
    assert Notice.objects.values_list("sent_at", "tries").get() == (now, 1)


def test_a_failed_try_waits_twice_as_long_as_the_one_before_and_stops_after_eight(tell, now, monkeypatch):
    def refuse(*_):
        raise SMTPException("busy")

    monkeypatch.setattr(mail.EmailMessage, "send", refuse)
    tell()
    moment, waits = now, []
    while tasks.send(moment):
        following = Notice.objects.get().next_try_at
        waits.append(int((following - moment).total_seconds() // 60))
        assert tasks.send(following - timedelta(seconds=1)) is False
        moment = following
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128]
    assert len(waits) == queries.MAX_TRIES
    assert Notice.objects.get().sent_at is None


def test_a_mailer_that_died_leaves_the_notice_to_the_next(tell, now):
    tell()
    assert Notice.claim(queries.due(now), now) is not None
    assert tasks.send(now) is False
    assert tasks.send(now + TTL) is True
    assert len(mail.outbox) == 1


def test_mine_are_mine_and_read_when_i_say_so(tell, cast, now):
    tell()
    tell(person=cast.mate)
    services.mark_read(by=cast.applicant, now=now)
    services.mark_read(by=cast.applicant, now=now + timedelta(days=1))
    assert [one.read_at for one in queries.visible_to(cast.applicant)] == [now]
    assert [one.read_at for one in queries.visible_to(cast.mate)] == [None]
