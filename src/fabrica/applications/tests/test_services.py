"""Services of applications, verb by verb."""

import pytest
from fabrica.applications import queries, services
from fabrica.applications.engine.changed import digest
from fabrica.applications.models import Transition
from fabrica.applications.states import FINAL, MOVES, State, may_move
from fabrica.applications.tests.factories import COMPLETE, draft, screened, submitted
from fabrica.audit.models import Entry
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.notices.models import Notice
from fabrica.people.engine import Assurance
from fabrica.trust.tests.answers import answers_for


def timeline(application):
    return [(one.before, one.after) for one in Transition.objects.filter(application=application)]


def test_a_draft_starts_with_a_code_of_year_and_mode(cast, call, now):
    first = services.start(call=call, organisation=cast.startup, by=cast.applicant, now=now)
    second = services.start(call=call, organisation=cast.startup, by=cast.mate, now=now)
    assert [first.code, second.code] == ["AIF-2026PG-0001", "AIF-2026PG-0002"]
    assert first.state == State.DRAFT


def test_a_mode_that_asks_for_assurance_takes_nothing_from_who_has_not_shown_it(cast, call, now, settings):
    settings.FABRICA_ASSURANCE = {"mode.playground": Assurance(mfa=True)}
    made = draft(cast, call, now)
    with pytest.raises(NotAllowed, match="known more surely who you are"):
        services.submit(application=made, by=cast.applicant, now=now)
    settings.FABRICA_ASSURANCE = {"mode.large-scale": Assurance(mfa=True)}
    assert services.submit(application=made, by=cast.applicant, now=now).state == State.SUBMITTED


def test_an_outsider_cannot_apply_for_my_organisation(cast, call, now):
    with pytest.raises(NotAllowed):
        services.start(call=call, organisation=cast.startup, by=cast.outsider, now=now)


def test_a_draft_keeps_what_is_written_even_incomplete(cast, call, now):
    made = services.start(call=call, organisation=cast.startup, by=cast.applicant, now=now)
    kept = services.save_draft(application=made, values={"title": "Half"}, by=cast.mate, now=now)
    assert (kept.title, kept.draft_version, kept.purpose) == ("Half", 1, "")


def test_two_editors_notice_each_other(cast, call, now):
    made = draft(cast, call, now)
    services.save_draft(application=made, values={"title": "Mine"}, by=cast.applicant, now=now, version=1)
    with pytest.raises(Refused, match="Somebody else saved this draft meanwhile"):
        services.save_draft(application=made, values={"title": "Hers"}, by=cast.mate, now=now, version=1)
    made.refresh_from_db()
    assert made.title == "Mine"


def test_an_unknown_field_is_refused_with_the_list(cast, call, now):
    made = draft(cast, call, now)
    with pytest.raises(Refused, match="Unknown field: titel. The fields are: title, purpose"):
        services.save_draft(application=made, values={"titel": "x"}, by=cast.applicant, now=now)


@pytest.mark.parametrize(
    "values",
    [
        {"title": "x" * 121},
        {"purpose": "x" * 3001},
        {"months": -1},
        {"months": "many"},
        {"parameters_millions": 10**12},
        {"trust_answers": {"civilian": "perhaps"}},
        {"trust_answers": {"flop": "1e99999999"}},
        {"trust_answers": {"P1": "yes"}},
        {"trust_answers": {"nothing": "yes"}},
    ],
)
def test_values_out_of_bounds_are_refused_and_nothing_is_kept(cast, call, now, values):
    made = draft(cast, call, now)
    with pytest.raises(Refused):
        services.save_draft(application=made, values=values, by=cast.applicant, now=now)
    made.refresh_from_db()
    assert queries.answers_of(made) == COMPLETE


def test_submitting_starts_the_clock_of_the_mode(cast, call, now):
    made = submitted(cast, call, now)
    assert made.state == State.SUBMITTED
    assert made.due_on.isoformat() == "2026-11-25"
    assert made.gate.decision == "ACCEPT"
    assert timeline(made) == [("draft", "submitted")]
    assert Notice.objects.get(person=cast.applicant).subject == "We have your application AIF-2026PG-0001"


def test_an_incomplete_draft_is_refused_with_every_gap(cast, call, now):
    made = services.start(call=call, organisation=cast.startup, by=cast.applicant, now=now)
    with pytest.raises(Refused) as refused:
        services.submit(application=made, by=cast.applicant, now=now)
    fields = [gap["field"] for gap in refused.value.facts["gaps"]]
    assert fields[:3] == ["title", "purpose", "model_description"]
    assert fields[-1] == "trust_answers"


def test_beyond_the_limit_of_the_mode_the_limit_and_its_source_are_named(cast, call, now):
    made = draft(cast, call, now, gpu_seconds_requested=5001 * 3600)
    with pytest.raises(Refused, match=r"at most 5,000 GPU-hours; you ask for 5,001\. Source of the limit: EuroHPC"):
        services.submit(application=made, by=cast.applicant, now=now)


def test_a_closed_call_takes_nothing(cast, call, now):
    made = draft(cast, call, now)
    call.state = "paused"
    call.pause_reason = "Maintenance until Friday."
    call.save()
    made.call.refresh_from_db()
    with pytest.raises(Refused, match="Maintenance until Friday"):
        services.submit(application=made, by=cast.applicant, now=now)


def test_a_rejecting_gate_still_leaves_the_refusal_to_a_person(cast, call, now):
    made = submitted(cast, call, now, trust_answers=answers_for("REJECT"))
    assert made.gate.decision == "REJECT"
    with pytest.raises(Refused, match="The gate does not let this through"):
        services.screen(application=made, by=cast.officer, now=now)
    refused = services.refuse(application=made, reason="Civilian use only.", by=cast.officer, now=now)
    assert (refused.state, refused.decided_at) == (State.REFUSED, now)


def test_sent_back_mended_and_submitted_again(cast, call, now):
    made = submitted(cast, call, now)
    services.send_back(application=made, reason="Which licence?", by=cast.officer, now=now)
    services.save_draft(application=made, values={"data_description": "PSF"}, by=cast.applicant, now=now)
    assert services.submit(application=made, by=cast.mate, now=now).state == State.SUBMITTED
    assert timeline(made) == [("draft", "submitted"), ("submitted", "returned"), ("returned", "submitted")]


@pytest.mark.parametrize("verb", [services.refuse, services.send_back])
def test_a_no_without_a_reason_is_refused(cast, call, now, verb):
    with pytest.raises(Refused, match="must be told why"):
        verb(application=submitted(cast, call, now), reason="  ", by=cast.officer, now=now)


@pytest.mark.parametrize("who", ["applicant", "mate", "assessor", "operator", "outsider"])
def test_only_officers_screen(cast, call, now, who):
    with pytest.raises(NotAllowed):
        services.screen(application=submitted(cast, call, now), by=getattr(cast, who), now=now)


def test_an_officer_does_not_decide_for_an_organisation_of_her_own(cast, call, now):
    cast.startup.members.create(person=cast.officer, role="member", joined_at=now)
    with pytest.raises(NotAllowed):
        services.screen(application=submitted(cast, call, now), by=cast.officer, now=now)


def test_withdrawing_is_possible_until_the_decision(cast, call, now):
    made = screened(cast, call, now)
    assert services.withdraw(application=made, by=cast.mate, now=now).state == State.WITHDRAWN
    with pytest.raises(Refused, match="cannot become"):
        services.submit(application=made, by=cast.applicant, now=now)


def in_state(cast, call, now, state):
    """An application brought to a state by the services alone."""
    if state == State.DRAFT:
        return draft(cast, call, now)
    made = submitted(cast, call, now)
    if state == State.RETURNED:
        return services.send_back(application=made, reason="Why?", by=cast.officer, now=now)
    if state == State.REFUSED:
        return services.refuse(application=made, reason="No.", by=cast.officer, now=now)
    if state == State.WITHDRAWN:
        return services.withdraw(application=made, by=cast.applicant, now=now)
    if state != State.SUBMITTED:
        services.screen(application=made, by=cast.officer, now=now)
    if state in (State.ASSESSED, State.AWARDED):
        services.mark_assessed(application=made, by=cast.assessor, now=now)
    if state == State.AWARDED:
        services.mark_awarded(application=made, by=cast.officer, now=now)
    return made


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (State.DRAFT, []),
        (State.SUBMITTED, ["Olga"]),
        (State.RETURNED, ["Olga"]),
        (State.SCREENED, ["Olga", "Tomas"]),
        (State.ASSESSED, ["Olga", "Tomas"]),
    ],
)
def test_it_is_withdrawn_from_every_state_before_the_decision_and_who_looked_at_it_is_told(
    cast, call, now, state, told
):
    made = in_state(cast, call, now, state)
    services.withdraw(application=made, by=cast.applicant, now=now, reason=" We merged. ")
    last = made.transitions.last()
    assert (made.state, last.before, last.after, last.reason) == ("withdrawn", state, "withdrawn", "We merged.")
    assert (made.step_due_at, made.clock_rings_at) == (None, None)
    notices = Notice.objects.filter(kind="application_withdrawn").order_by("person__name")
    assert [one.person.name for one in notices] == told
    assert all(one.body.endswith("The reason given:\n\nWe merged.") for one in notices)
    entry = Entry.objects.filter(subject=made.subject).last()
    assert (entry.verb, entry.facts) == ("application.withdraw", {"before": state.value, "after": "withdrawn"})


@pytest.mark.parametrize("state", [State.AWARDED, State.REFUSED, State.WITHDRAWN])
def test_what_was_decided_is_not_withdrawn(cast, call, now, state):
    made = in_state(cast, call, now, state)
    with pytest.raises(Refused, match="cannot become withdrawn"):
        services.withdraw(application=made, by=cast.applicant, now=now)


def test_a_reason_to_withdraw_is_bounded(cast, call, now):
    with pytest.raises(Refused, match="at most 3000 letters"):
        services.withdraw(application=draft(cast, call, now), by=cast.applicant, now=now, reason="x" * 3001)


@pytest.mark.parametrize("who", ["officer", "assessor", "operator", "outsider"])
def test_nobody_else_withdraws(cast, call, now, who):
    with pytest.raises(NotAllowed):
        services.withdraw(application=submitted(cast, call, now), by=getattr(cast, who), now=now)


def test_of_two_officers_at_once_the_second_is_told(cast, call, now):
    made = submitted(cast, call, now)
    stale = queries.application_of(cast.officer, made.code)
    services.screen(application=made, by=cast.officer, now=now)
    with pytest.raises(Refused, match="Somebody else decided meanwhile"):
        services.refuse(application=stale, reason="No.", by=cast.officer, now=now)


def test_every_move_leaves_one_audit_entry_without_words(cast, call, now):
    made = submitted(cast, call, now)
    services.refuse(application=made, reason="A secret of Ada's.", by=cast.officer, now=now)
    told = [(e.verb, e.facts) for e in Entry.objects.filter(subject=made.subject, verb__startswith="application.")]
    assert told == [
        ("application.start", {"call": "playground"}),
        ("application.submit", {"before": "draft", "after": "submitted", "version": 1, "digest": digest(COMPLETE)}),
        ("application.refuse", {"before": "submitted", "after": "refused"}),
    ]


def test_every_state_is_in_the_table_and_final_ones_lead_nowhere():
    assert set(MOVES) == set(State)
    assert {state for state in State if not MOVES[state]} == {State.AWARDED, State.DECLINED, State.WITHDRAWN}
    assert {*FINAL} == {State.AWARDED, State.DECLINED, State.REFUSED, State.WITHDRAWN}


def test_only_a_mode_with_experts_goes_past_them_and_no_other_is_awarded_before():
    assert [may_move(State.ASSESSED, after, experts=True) for after in (State.EVALUATED, State.AWARDED)] == [
        True,
        False,
    ]
    assert [may_move(State.ASSESSED, after) for after in (State.EVALUATED, State.AWARDED)] == [False, True]


def test_what_is_checked_is_what_is_submitted(cast, call, now):
    seen = draft(cast, call, now)
    stale = queries.application_of(cast.applicant, seen.code)
    services.save_draft(
        application=seen, values={"purpose": "", "trust_answers": {"civilian": None}}, by=cast.mate, now=now
    )
    with pytest.raises(Refused, match="not complete"):
        services.submit(application=stale, by=cast.applicant, now=now)
    assert queries.application_of(cast.applicant, seen.code).state == State.DRAFT


def test_one_that_was_sent_back_can_be_handed_in_after_the_call_has_closed(cast, call, now):
    made = submitted(cast, call, now)
    services.send_back(application=made, reason="Which licence?", by=cast.officer, now=now)
    call.state = "closed"
    call.save()
    assert services.submit(application=made, by=cast.applicant, now=now).state == State.SUBMITTED


def test_whose_turn_it_is_is_told_once(cast, call, now):
    made = screened(cast, call, now)
    told = Notice.objects.filter(kind="application_waits").order_by("pk")
    assert [(one.person, one.subject, one.path) for one in told] == [
        (cast.officer, f"{made.code} waits for screening", f"/desk/{made.code}/"),
        (cast.assessor, f"{made.code} waits for a technical assessment", f"/desk/{made.code}/"),
    ]
