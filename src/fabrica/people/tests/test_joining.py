"""Joining an organisation: by invitation, by domain, and by no other way."""

from datetime import timedelta
from smtplib import SMTPServerDisconnected

import dns.rcode
import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.mail import EmailMessage
from django.test import Client
from fabrica.audit.queries import about
from fabrica.conftest import make_organisation, make_person
from fabrica.kit.errors import NotAllowed, Refused, Unreachable
from fabrica.kit.time import utcnow
from fabrica.notices.models import Notice
from fabrica.people import queries, rules, services
from fabrica.people.adapters import letters, name_servers
from fabrica.people.adapters.name_servers import txt_records
from fabrica.people.engine.domains import checked_domain, domain_of
from fabrica.people.models import Domain, Invitation
from fabrica.people.states import Proof, Role
from fabrica.people.tests.name_server import NameServer

pytestmark = pytest.mark.django_db
MINE = "/account/joining/"


def entered(person):
    client = Client()
    client.force_login(person)
    return client


def page_of(organisation):
    return f"/organisations/{organisation.uid}/joining/"


def invite(cast, now, email="otto@example.org", by=None):
    return services.invite(organisation=cast.startup, email=email, by=by or cast.applicant, now=now)


def join(invitation, person, now):
    return services.join_by_invitation(invitation=invitation, by=person, now=now)


@pytest.fixture
def name_server(settings):
    server = NameServer()
    settings.FABRICA_DNS_SERVER = server.address
    yield server
    server.stop()


def test_an_invited_address_gets_a_letter_and_its_owner_joins_once(cast):
    page = entered(cast.applicant).post(page_of(cast.startup), {"action": "invite", "email": " OTTO@example.org "})
    assert page["Location"] == page_of(cast.startup)
    assert [(one.to, one.subject) for one in mail.outbox] == [
        (["otto@example.org"], "You are invited to join Novalis Labs at Fabrica")
    ]
    assert "http://127.0.0.1:8000/account/joining/" in mail.outbox[0].body
    invitation, client = Invitation.objects.get(), entered(cast.outsider)
    assert list(client.get(MINE).context["invitations"]) == [invitation]
    answer = client.post(MINE, {"invitation": invitation.pk})
    assert answer["Location"] == f"/organisations/{cast.startup.uid}/"
    assert cast.startup.members.get(person=cast.outsider).role == "member"
    assert client.post(MINE, {"invitation": invitation.pk}).status_code == 404
    assert Notice.objects.get(person=cast.applicant).subject == "Otto joined Novalis Labs"
    assert [one.verb for one in about(f"organisation:{cast.startup.uid}")][-2:] == [
        "organisation.invite", "organisation.join",
    ]  # fmt: skip


def test_the_audit_never_holds_an_address(cast, now):
    join(invite(cast, now), cast.outsider, now)
    assert "otto@" not in str([one.facts for one in about(f"organisation:{cast.startup.uid}")])


def test_an_invitation_is_for_its_address_alone(cast, now):
    invitation = invite(cast, now)
    with pytest.raises(NotAllowed, match="for another address"):
        join(invitation, cast.provider, now)
    assert entered(cast.provider).post(MINE, {"invitation": invitation.pk}).status_code == 404
    assert Invitation.objects.get().used_at is None


def test_an_address_that_is_only_claimed_joins_nothing(cast, now):
    invitation = invite(cast, now, "boss@novalis.example")
    EmailAddress.objects.create(user=cast.outsider, email="boss@novalis.example", verified=False)
    with pytest.raises(NotAllowed):
        join(invitation, cast.outsider, now)
    EmailAddress.objects.update(verified=True)
    assert join(invitation, cast.outsider, now).person == cast.outsider


def test_an_invitation_ends_after_two_weeks(cast, now):
    invitation = invite(cast, now)
    with pytest.raises(Refused, match="is over"):
        join(invitation, cast.outsider, now + timedelta(days=14))
    assert join(invitation, cast.outsider, now + timedelta(days=14, seconds=-1))


def test_an_invitation_is_used_once_even_by_one_who_left(cast, now):
    invitation = invite(cast, now)
    join(invitation, cast.outsider, now).delete()
    with pytest.raises(Refused, match="is over"):
        join(invitation, cast.outsider, now)


def test_a_revoked_invitation_lets_nobody_in(cast, now):
    invitation = invite(cast, now)
    services.revoke_invitation(invitation=invitation, by=cast.applicant, now=now)
    with pytest.raises(Refused, match="is over"):
        join(invitation, cast.outsider, now)
    assert list(queries.invitations_for(cast.outsider, now)) == []
    assert invite(cast, now).pk != invitation.pk  # the address may be invited anew


def test_a_letter_is_sent_again_and_holds_anew_but_not_at_once(cast, now):
    invitation = invite(cast, now)
    with pytest.raises(Refused, match="Wait ten minutes"):
        services.resend_invitation(invitation=invitation, by=cast.applicant, now=now + timedelta(minutes=9))
    later = now + timedelta(days=20)
    services.resend_invitation(invitation=invitation, by=cast.applicant, now=later)
    invitation.refresh_from_db()
    assert invitation.expires_at == later + timedelta(days=14)
    join(invitation, cast.outsider, later)
    with pytest.raises(Refused, match="used or revoked"):
        services.resend_invitation(invitation=invitation, by=cast.applicant, now=later + timedelta(days=1))


def test_the_page_sends_again_and_revokes(cast, now):
    invitation, client = invite(cast, now), entered(cast.applicant)
    client.post(page_of(cast.startup), {"action": "resend", "invitation": invitation.pk})
    assert [one.to for one in mail.outbox] == [["otto@example.org"]]
    client.post(page_of(cast.startup), {"action": "revoke", "invitation": invitation.pk})
    assert Invitation.objects.get().revoked_at is not None


def test_an_invitation_of_another_organisation_is_out_of_reach(cast, now):
    invitation = invite(cast, now)
    entered(cast.outsider).post(page_of(cast.stranger), {"action": "revoke", "invitation": invitation.pk})
    assert Invitation.objects.get().revoked_at is None


@pytest.mark.parametrize("email", ["", "no address", "a@b\nBcc: all@example.org", "x" * 300 + "@example.org"])
def test_what_is_no_address_is_not_invited(cast, email):
    entered(cast.applicant).post(page_of(cast.startup), {"action": "invite", "email": email})
    assert (Invitation.objects.count(), mail.outbox) == (0, [])


def test_nobody_is_invited_twice_or_as_a_member(cast, now):
    invite(cast, now)
    with pytest.raises(Refused, match="invited already"):
        invite(cast, now, "OTTO@example.org")
    with pytest.raises(Refused, match="a member already"):
        invite(cast, now, cast.mate.email)


def test_fifty_invitations_may_wait(cast, now):
    for number in range(50):
        invite(cast, now, f"p{number}@example.org")
    with pytest.raises(Refused, match="Revoke some first"):
        invite(cast, now)


@pytest.mark.parametrize("who", ["mate", "outsider", "assessor", "operator"])
def test_only_administrators_and_officers_invite(cast, now, who):
    person = getattr(cast, who)
    with pytest.raises(NotAllowed):
        invite(cast, now, by=person)
    assert entered(person).get(page_of(cast.startup)).status_code == 404
    assert invite(cast, now, by=cast.officer).invited_by == cast.officer


@pytest.mark.parametrize("role", [Role.OFFICER, Role.ASSESSOR, Role.EXPERT, Role.PANEL, Role.ETHICS, Role.BOARD])
def test_who_judges_applications_joins_no_applicant(cast, now, role):
    judge = make_person("judith", now, role)
    invitation = invite(cast, now, judge.email)
    with pytest.raises(Refused, match="You judge applications here"):
        join(invitation, judge, now)
    assert not rules.works_for(judge, cast.startup)
    assert Invitation.objects.get().used_at is None


def test_a_letter_that_cannot_be_sent_is_told(cast, now, monkeypatch):
    def fails(*_):
        raise SMTPServerDisconnected("gone")

    monkeypatch.setattr(EmailMessage, "send", fails)
    with pytest.raises(Unreachable, match="its letter could not be sent"):
        letters.send_invitation(invite(cast, now))


def test_a_domain_is_proved_by_its_record_and_lets_in_who_has_an_address_there(cast, now, name_server):
    client = entered(cast.applicant)
    client.post(page_of(cast.startup), {"action": "claim", "name": " Example.ORG. "})
    domain = Domain.objects.get()
    assert (domain.name, domain.proof, domain.record_name) == ("example.org", "none", "_fabrica-challenge.example.org")
    assert domain.record_text in client.get(page_of(cast.startup)).content.decode()
    assert list(queries.open_domains_for(cast.outsider, utcnow())) == []
    client.post(page_of(cast.startup), {"action": "check", "domain": domain.pk})
    assert Domain.objects.get().proof == Proof.NONE
    name_server.records["_fabrica-challenge.example.org"] = ["v=spf1 -all", domain.record_text]
    client.post(page_of(cast.startup), {"action": "check", "domain": domain.pk})
    assert Domain.objects.get().proof == Proof.DNS
    assert name_server.asked == ["_fabrica-challenge.example.org."] * 2
    other = entered(cast.outsider)
    assert list(other.get(MINE).context["domains"]) == [domain]
    assert other.post(MINE, {"domain": domain.pk})["Location"] == f"/organisations/{cast.startup.uid}/"
    assert rules.works_for(cast.outsider, cast.startup)


def proved(cast, now, name="example.org"):
    domain = services.claim_domain(organisation=cast.startup, name=name, by=cast.applicant, now=now)
    services.prove_domain(domain=domain, records=[domain.record_text], by=cast.applicant, now=now)
    return domain


@pytest.mark.parametrize(
    "records", [[], ["fabrica-verification="], ["fabrica-verification=x"], ["FABRICA-VERIFICATION=x"], [""]]
)
def test_another_record_proves_nothing(cast, now, records):
    domain = services.claim_domain(organisation=cast.startup, name="example.org", by=cast.applicant, now=now)
    with pytest.raises(Refused, match="The record is not there yet"):
        services.prove_domain(domain=domain, records=records, by=cast.applicant, now=now)
    assert Domain.objects.get().proof == Proof.NONE


def test_each_organisation_has_a_record_of_its_own(cast, now):
    mine = services.claim_domain(organisation=cast.startup, name="example.org", by=cast.applicant, now=now)
    theirs = services.claim_domain(organisation=cast.stranger, name="example.org", by=cast.outsider, now=now)
    assert mine.record_text != theirs.record_text
    with pytest.raises(Refused):
        services.prove_domain(domain=theirs, records=[mine.record_text], by=cast.outsider, now=now)


def test_a_proved_domain_is_one_organisation_s_until_its_proof_is_old(cast, now):
    domain = proved(cast, now)
    theirs = services.claim_domain(organisation=cast.stranger, name="example.org", by=cast.outsider, now=now)
    records = [theirs.record_text]
    with pytest.raises(Refused, match="Another organisation proved this domain"):
        services.prove_domain(domain=theirs, records=records, by=cast.outsider, now=now)
    later = now + timedelta(days=365)
    assert list(queries.open_domains_for(cast.provider, later)) == []
    with pytest.raises(NotAllowed):
        services.join_by_domain(domain=domain, by=cast.provider, now=later)
    services.prove_domain(domain=theirs, records=records, by=cast.outsider, now=later)
    assert list(queries.open_domains_for(cast.provider, later)) == [theirs]


@pytest.mark.parametrize("address", ["otto@evil-example.org", "otto@sub.example.org", "otto@example.org.evil.net"])
def test_a_domain_lets_in_no_address_that_only_looks_like_it(cast, now, address):
    domain = proved(cast, now)
    EmailAddress.objects.filter(user=cast.outsider).update(email=address)
    with pytest.raises(NotAllowed):
        services.join_by_domain(domain=domain, by=cast.outsider, now=now)


def test_a_domain_lets_in_no_address_that_is_not_confirmed(cast, now):
    domain = proved(cast, now)
    EmailAddress.objects.filter(user=cast.outsider).update(verified=False)
    with pytest.raises(NotAllowed):
        services.join_by_domain(domain=domain, by=cast.outsider, now=now)
    assert entered(cast.outsider).post(MINE, {"domain": domain.pk}).status_code == 404


def test_an_officer_confirms_a_domain_but_not_of_where_they_work(cast, now):
    domain = services.claim_domain(organisation=cast.startup, name="example.org", by=cast.applicant, now=now)
    for who in ("applicant", "operator", "assessor"):
        with pytest.raises(NotAllowed):
            services.confirm_domain(domain=domain, by=getattr(cast, who), now=now)
    entered(cast.officer).post(page_of(cast.startup), {"action": "confirm", "domain": domain.pk})
    assert Domain.objects.get().proof == Proof.OFFICER
    own = make_organisation("Olga and Sons", cast.officer, now)
    theirs = services.claim_domain(organisation=own, name="olga.example", by=cast.officer, now=now)
    with pytest.raises(NotAllowed, match="does not work there"):
        services.confirm_domain(domain=theirs, by=cast.officer, now=now)


def test_a_member_names_and_proves_no_domain(cast, now):
    with pytest.raises(NotAllowed):
        services.claim_domain(organisation=cast.startup, name="example.org", by=cast.mate, now=now)
    domain = services.claim_domain(organisation=cast.startup, name="example.org", by=cast.applicant, now=now)
    with pytest.raises(NotAllowed):
        services.prove_domain(domain=domain, records=[domain.record_text], by=cast.mate, now=now)


def test_a_domain_that_is_removed_lets_nobody_in(cast, now):
    domain = proved(cast, now)
    entered(cast.applicant).post(page_of(cast.startup), {"action": "remove", "domain": domain.pk})
    assert list(queries.open_domains_for(cast.outsider, now)) == []
    assert [one.verb for one in about(f"organisation:{cast.startup.uid}")][-3:] == [
        "organisation.claim_domain", "organisation.prove_domain", "organisation.remove_domain",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["", "localhost", "fr", "a b.org", "*.example.org", "-a.org", "a..org", "x" * 64 + ".org"]
)
def test_what_is_no_domain_is_refused(text):
    with pytest.raises(Refused, match="is not a domain"):
        checked_domain(text)


def test_a_domain_where_anybody_gets_an_address_is_refused():
    with pytest.raises(Refused, match="Anybody gets an address at gmail.com"):
        checked_domain("GMail.com.")


def test_a_domain_is_written_as_the_dns_writes_it():
    assert checked_domain("Bücher.example") == domain_of("otto@bücher.example") == "xn--bcher-kva.example"


def test_ten_domains_are_enough(cast, now):
    for number in range(10):
        services.claim_domain(organisation=cast.startup, name=f"d{number}.org", by=cast.applicant, now=now)
    with pytest.raises(Refused, match="Remove one first"):
        services.claim_domain(organisation=cast.startup, name="d10.org", by=cast.applicant, now=now)


def test_a_name_without_a_record_has_none(name_server):
    name_server.records["empty.example"] = []
    assert (txt_records("empty.example", name_server.address), txt_records("no.example", name_server.address)) == (
        (),
        (),
    )


def test_a_name_server_that_fails_or_is_silent_is_told_in_bounded_time(monkeypatch):
    monkeypatch.setattr(name_servers, "PATIENCE_SECONDS", 1.0)
    for server in (NameServer(rcode=dns.rcode.SERVFAIL), NameServer(is_silent=True)):
        with pytest.raises(Unreachable, match="do not answer"):
            txt_records("example.org", server.address)
        server.stop()


def test_a_page_of_another_organisation_does_not_exist(cast):
    assert entered(cast.outsider).get(page_of(cast.startup)).status_code == 404
    assert (
        entered(cast.outsider).post(page_of(cast.startup), {"action": "invite", "email": "a@b.org"}).status_code == 404
    )
    assert entered(cast.applicant).post(page_of(cast.startup), {"action": "delete"}).status_code == 404
