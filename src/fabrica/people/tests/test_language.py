"""The language a person is written to in."""

import pytest
from fabrica.audit.models import Entry
from fabrica.kit.errors import Refused
from fabrica.notices.models import Notice
from fabrica.people import services


def test_switching_the_pages_switches_the_letters(cast, client):
    client.force_login(cast.applicant, "allauth.account.auth_backends.AuthenticationBackend")
    assert client.post("/i18n/setlang/", {"language": "fr", "next": "/"}).status_code == 302
    cast.applicant.refresh_from_db()
    assert cast.applicant.language == "fr"
    assert Entry.objects.get(verb="person.set_language").facts == {"language": "fr"}


def test_a_visitor_switches_too_and_nothing_is_kept(db, client):
    assert client.post("/i18n/setlang/", {"language": "fr", "next": "/"}).status_code == 302
    assert not Entry.objects.filter(verb="person.set_language").exists()


def test_a_language_the_portal_does_not_speak_is_refused(cast, now):
    with pytest.raises(Refused, match="Use one of: en, fr"):
        services.set_language(language="tlh", by=cast.applicant, now=now)


def test_a_letter_is_in_the_language_of_its_reader(cast, call, now):
    from fabrica.applications.tests.factories import submitted

    services.set_language(language="fr", by=cast.applicant, now=now)
    cast.applicant.refresh_from_db()
    submitted(cast, call, now)
    subject = Notice.objects.get(person=cast.applicant).subject
    assert "AIF-2026PG-0001" in subject
    assert subject != "We have your application AIF-2026PG-0001"
