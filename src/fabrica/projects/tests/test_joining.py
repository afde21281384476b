"""Invitations: a link that works once, until a day; and what each role may do."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.core import mail
from fabrica.audit.queries import about
from fabrica.kit.errors import NotAllowed, NotFound, Refused
from fabrica.notices.models import Notice
from fabrica.projects import queries, rules, services, tasks
from fabrica.projects.models import Invitation
from fabrica.projects.states import MAY, HandoverState, InvitationState, Right, Role
from fabrica.projects.tests.test_services import open_project

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7)


@pytest.fixture
def project(cast, now):
    return open_project(cast, now)


def join(project, person, role, cast, now):
    made = services.invite(project=project, email=person.email, role=role, by=cast.applicant, now=now)
    services.accept_invitation(invitation=made, by=person, now=now)
    return project.members.get(person=person)


def invited(project, cast, now, email="new@example.org", role=Role.MEMBER):
    return services.invite(project=project, email=email, role=role, by=cast.applicant, now=now)


def verbs():
    return [one.verb for one in about("project:code-model")]


def test_the_letter_names_the_project_and_carries_a_link_that_lets_in(cast, project, now, settings):
    settings.FABRICA_URL = "https://factory.example"
    made = invited(project, cast, now, " New@Example.org ")
    assert [tasks.send_invitation(now), tasks.send_invitation(now)] == [True, False]
    (letter,) = mail.outbox
    assert (letter.to, letter.subject) == (["new@example.org"], "You are invited to the project Code model")
    code = letter.body.split("https://factory.example/invitations/")[1].split("/")[0]
    assert queries.invitation_by_code(code) == made
    assert [field for field, value in Invitation.objects.values().get().items() if code in str(value)] == []


def test_a_worker_that_dies_after_sending_leaves_the_same_letter_and_another_one_has_another_name(
    cast, project, now, monkeypatch, settings
):
    settings.FABRICA_URL = "https://factory.example"
    made = invited(project, cast, now)
    with monkeypatch.context() as patch:
        patch.setattr(services, "note_letter", lambda **_facts: None)
        assert tasks.send_invitation(now)
    assert tasks.send_invitation(now + timedelta(minutes=2))
    first, second = mail.outbox
    assert (first.extra_headers, first.body) == (second.extra_headers, second.body)
    assert first.extra_headers == {"Message-ID": f"<project-invitation-{made.uid}-1@factory.example>"}
    services.invite_again(invitation=made, by=cast.applicant, now=now + timedelta(hours=1))
    assert tasks.send_invitation(now + timedelta(hours=1))
    assert mail.outbox[2].extra_headers == {"Message-ID": f"<project-invitation-{made.uid}-2@factory.example>"}


def test_who_opens_it_joins_with_the_role_and_who_invited_is_told(cast, project, now):
    made = invited(project, cast, now, role=Role.FACILITATOR)
    services.accept_invitation(invitation=made, by=cast.outsider, now=now + timedelta(days=1))
    assert project.members.get(person=cast.outsider).role == Role.FACILITATOR
    assert [(one.person, one.subject) for one in Notice.objects.all()] == [(cast.applicant, "Otto joined Code model")]
    entry = list(about("project:code-model"))[-1]
    assert (entry.verb, entry.actor) == ("project.join", cast.outsider.uid)
    assert entry.facts == {"invitation": made.uid, "role": "facilitator"}


def test_a_link_works_once(cast, project, now):
    made = invited(project, cast, now)
    stale = Invitation.objects.get(pk=made.pk)
    services.accept_invitation(invitation=made, by=cast.outsider, now=now)
    for one in (stale, Invitation.objects.get(pk=made.pk)):
        with pytest.raises(Refused, match="no longer open"):
            services.accept_invitation(invitation=one, by=cast.mate, now=now)
    assert set(project.members.values_list("person__name", flat=True)) == {"Ada", "Otto"}


@pytest.mark.parametrize(("after", "joins"), [(WEEK - timedelta(microseconds=1), True), (WEEK, False)])
def test_it_lasts_a_week_to_the_instant(cast, project, now, after, joins):
    made = invited(project, cast, now)
    try:
        services.accept_invitation(invitation=made, by=cast.mate, now=now + after)
    except Refused as refused:
        assert (joins, refused.why) == (False, "Expired")
    assert rules.works_in(cast.mate, project) == joins


def test_another_letter_makes_the_link_before_it_worthless_and_lasts_a_week_again(cast, project, now):
    made = invited(project, cast, now)
    old = queries.code_of(made)
    later = now + timedelta(days=20)
    services.invite_again(invitation=made, by=cast.applicant, now=later)
    with pytest.raises(NotFound):
        queries.invitation_by_code(old)
    found = queries.invitation_by_code(queries.code_of(made))
    assert (found.state(later), found.expires_at) == (InvitationState.OPEN, later + WEEK)
    assert tasks.send_invitation(later)


def test_who_opened_the_page_before_another_letter_went_out_is_refused(cast, project, now):
    made = invited(project, cast, now)
    stale = Invitation.objects.get(pk=made.pk)
    services.invite_again(invitation=made, by=cast.applicant, now=now)
    with pytest.raises(Refused):
        services.accept_invitation(invitation=stale, by=cast.mate, now=now)


def test_a_revoked_one_lets_nobody_in_and_is_mailed_to_nobody(cast, project, now):
    made = invited(project, cast, now)
    services.revoke_invitation(invitation=made, by=cast.applicant, now=now)
    assert not tasks.send_invitation(now)
    with pytest.raises(Refused):
        services.accept_invitation(invitation=Invitation.objects.get(), by=cast.mate, now=now)
    assert verbs()[1:] == ["project.invite", "project.revoke_invitation"]


@pytest.mark.parametrize("code", ["", "x", "a.b", "a-1.b", "x" * 5000])
def test_a_made_up_link_leads_nowhere(code, db):
    with pytest.raises(NotFound, match="not known"):
        queries.invitation_by_code(code)


def test_an_address_is_invited_once_at_a_time_and_anew_when_it_expired(cast, project, now):
    invited(project, cast, now)
    with pytest.raises(Refused, match="invited already"):
        invited(project, cast, now, "NEW@example.org")
    assert invited(project, cast, now + WEEK).expires_at == now + 2 * WEEK


def test_a_letter_that_cannot_be_sent_is_tried_later_and_given_up_in_the_end(cast, project, now, settings):
    settings.EMAIL_BACKEND = "no.such.Backend"
    invited(project, cast, now)
    at, tries = now, 0
    while tasks.send_invitation(at):
        tries += 1
        assert not tasks.send_invitation(at)
        at += timedelta(days=1)
    assert tries == queries.MAX_LETTER_TRIES


def test_nobody_is_invited_as_principal_investigator_twice_or_into_what_has_ended(cast, project, now):
    for change in ({"role": Role.PI}, {"email": cast.applicant.email}):
        with pytest.raises(Refused):
            invited(project, cast, now, **change)
    with pytest.raises(Refused, match="has ended"):
        invited(project, cast, project.ends_at)
    made = invited(project, cast, project.ends_at - timedelta(days=1))
    with pytest.raises(Refused):
        services.accept_invitation(invitation=made, by=cast.mate, now=project.ends_at)


def test_fifty_may_be_open(cast, project, now):
    for number in range(services.MOST_OPEN):
        invited(project, cast, now, f"p{number}@example.org")
    with pytest.raises(Refused, match="50 invitations"):
        invited(project, cast, now)


@pytest.mark.parametrize("role", list(Role))
def test_each_role_may_what_the_table_says(cast, project, now, role):
    if role == Role.PI:
        person = cast.applicant
    else:
        person = cast.outsider
        join(project, person, role, cast, now)
    assert {right for right in Right if rules.may(person, project, right)} == MAY[role]
    assert queries.project_of(person, project.slug) == project
    assert (person in queries.told(project)) == (Right.TOLD in MAY[role])


@pytest.mark.parametrize("role", [Role.MEMBER, Role.GUEST, Role.FACILITATOR, Role.ANTENNA])
def test_who_does_not_lead_changes_nothing(cast, project, now, role):
    join(project, cast.mate, role, cast, now)
    made = invited(project, cast, now)
    for act in (
        lambda: services.invite(project=project, email="a@example.org", role=Role.GUEST, by=cast.mate, now=now),
        lambda: services.invite_again(invitation=made, by=cast.mate, now=now),
        lambda: services.revoke_invitation(invitation=made, by=cast.mate, now=now),
        lambda: services.set_role(project=project, person=cast.mate, role=Role.CO_PI, by=cast.mate, now=now),
        lambda: services.remove_member(project=project, person=cast.mate, by=cast.mate, now=now),
        lambda: services.propose_pi(project=project, person=cast.mate, by=cast.mate, now=now),
    ):
        with pytest.raises(NotAllowed):
            act()


def test_a_co_principal_investigator_leads_but_appoints_no_other(cast, project, now):
    join(project, cast.mate, Role.CO_PI, cast, now)
    join(project, cast.outsider, Role.MEMBER, cast, now)
    services.set_role(project=project, person=cast.outsider, role=Role.GUEST, by=cast.mate, now=now)
    assert not rules.works_in(cast.outsider, project)
    with pytest.raises(NotAllowed, match="appoints"):
        services.set_role(project=project, person=cast.outsider, role=Role.CO_PI, by=cast.mate, now=now)
    with pytest.raises(NotAllowed, match="appoints"):
        services.invite(project=project, email="c@example.org", role=Role.CO_PI, by=cast.mate, now=now)
    with pytest.raises(NotAllowed, match="stays"):
        services.remove_member(project=project, person=cast.applicant, by=cast.mate, now=now)


def test_a_role_is_changed_once_and_that_of_the_principal_investigator_not_at_all(cast, project, now):
    join(project, cast.mate, Role.MEMBER, cast, now)
    for _ in range(2):
        services.set_role(project=project, person=cast.mate, role=Role.ANTENNA, by=cast.applicant, now=now)
    assert verbs().count("project.set_role") == 1
    for person, role in ((cast.mate, Role.PI), (cast.applicant, Role.MEMBER)):
        with pytest.raises(Refused, match="not changed like this"):
            services.set_role(project=project, person=person, role=role, by=cast.applicant, now=now)


def test_all_but_the_principal_investigator_may_leave(cast, project, now):
    join(project, cast.mate, Role.GUEST, cast, now)
    services.leave(project=project, by=cast.mate, now=now)
    assert (project.members.count(), verbs()[-1]) == (1, "project.leave")
    with pytest.raises(NotFound):
        services.leave(project=project, by=cast.mate, now=now)
    with pytest.raises(Refused, match="cannot leave"):
        services.leave(project=project, by=cast.applicant, now=now)


def proposed(project, cast, now):
    join(project, cast.mate, Role.MEMBER, cast, now)
    return services.propose_pi(project=project, person=cast.mate, by=cast.applicant, now=now)


def test_the_principal_investigator_changes_when_the_new_one_consents(cast, project, now):
    asked = proposed(project, cast, now)
    assert rules.is_pi(cast.applicant, project)
    with pytest.raises(NotAllowed, match="who was asked"):
        services.answer_proposal(handover=asked, accept=True, by=cast.applicant, now=now)
    services.answer_proposal(handover=asked, accept=True, by=cast.mate, now=now)
    assert dict(project.members.values_list("person__name", "role")) == {"Ada": Role.CO_PI, "Max": Role.PI}
    assert verbs()[-2:] == ["project.propose_pi", "project.accept_pi"]
    assert list(Notice.objects.order_by("pk").values_list("person__name", "kind"))[-2:] == [
        ("Max", "pi_proposed"), ("Ada", "pi_accepted"),
    ]  # fmt: skip
    with pytest.raises(Refused):
        services.answer_proposal(handover=asked, accept=True, by=cast.mate, now=now)
    services.leave(project=project, by=cast.applicant, now=now)


def test_who_declines_leaves_all_as_it_was(cast, project, now):
    services.answer_proposal(handover=proposed(project, cast, now), accept=False, by=cast.mate, now=now)
    assert (rules.is_pi(cast.applicant, project), queries.open_handover(project, now)) == (True, None)


def test_a_proposal_ends_after_two_weeks_by_another_one_or_by_its_taking_back(cast, project, now):
    first = proposed(project, cast, now)
    assert queries.open_handover(project, now + timedelta(days=14)) is None
    with pytest.raises(Refused):
        services.answer_proposal(handover=first, accept=True, by=cast.mate, now=now + timedelta(days=14))
    second = services.propose_pi(project=project, person=cast.mate, by=cast.applicant, now=now)
    services.withdraw_proposal(project=project, by=cast.applicant, now=now)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == (HandoverState.WITHDRAWN, HandoverState.WITHDRAWN)
    with pytest.raises(NotFound):
        services.withdraw_proposal(project=project, by=cast.applicant, now=now)


def test_only_who_works_in_it_is_proposed_and_who_left_does_not_become_it(cast, project, now):
    join(project, cast.outsider, Role.GUEST, cast, now)
    for person in (cast.outsider, cast.officer, cast.applicant):
        with pytest.raises(Refused, match="works in the project"):
            services.propose_pi(project=project, person=person, by=cast.applicant, now=now)
    asked = proposed(project, cast, now)
    services.leave(project=project, by=cast.mate, now=now)
    with pytest.raises(Refused):
        services.answer_proposal(handover=asked, accept=True, by=cast.mate, now=now)
    assert rules.is_pi(cast.applicant, project)


def test_the_document_tells_applicants_the_same_table():
    text = (Path(__file__).parents[4] / "docs" / "applicant" / "projects.md").read_text(encoding="utf-8")
    columns = (Right.WORK, Right.MANAGE, Right.REPORT, Right.HAND_OVER, Right.TOLD)
    told = [[one.strip() for one in line.strip("|").split("|")] for line in re.findall(r"^\|.+\|$", text, re.M)][2:8]
    assert told == [
        [str(role.label), *("yes" if right in MAY[role] else "–" for right in columns)] for role in Role
    ]  # fmt: skip


def test_who_no_longer_leads_leaves_no_open_door_behind(cast, project, now):
    services.add_member(project=project, email=cast.mate.email, by=cast.applicant, now=now)
    services.set_role(project=project, person=cast.mate, role=Role.CO_PI, by=cast.applicant, now=now)
    made = services.invite(project=project, email="again@example.org", role=Role.MEMBER, by=cast.mate, now=now)
    services.remove_member(project=project, person=cast.mate, by=cast.applicant, now=now)
    made.refresh_from_db()
    assert made.revoked_at == now
    with pytest.raises(Refused):
        services.accept_invitation(invitation=made, by=cast.mate, now=now)


def test_nobody_who_judges_is_added_without_their_doing(cast, project, now):
    for judge in (cast.officer, cast.assessor):
        with pytest.raises(Refused, match="Invite them"):
            services.add_member(project=project, email=judge.email, by=cast.applicant, now=now)


def test_a_mailbox_is_not_filled_by_inviting_and_revoking(cast, project, now):
    for _ in range(3):
        made = services.invite(project=project, email="x@example.org", role=Role.MEMBER, by=cast.applicant, now=now)
        services.revoke_invitation(invitation=made, by=cast.applicant, now=now)
    with pytest.raises(Refused, match="Too many invitations in a day"):
        services.invite(project=project, email="x@example.org", role=Role.MEMBER, by=cast.applicant, now=now)
    later = now + timedelta(days=1, seconds=1)
    services.invite(project=project, email="x@example.org", role=Role.MEMBER, by=cast.applicant, now=later)
