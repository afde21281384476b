"""The impact assessment as it is owed, written, signed, found good by two persons, and asked for anew."""

from datetime import timedelta

import pytest
from fabrica.applications import services as applications
from fabrica.applications.models import Application
from fabrica.applications.tests.factories import submitted
from fabrica.audit.models import Entry
from fabrica.conftest import make_person
from fabrica.kit.errors import NotAllowed, NotFound, Refused
from fabrica.people.states import Role
from fabrica.portal.queries.home import home_of
from fabrica.projects.services import open_project
from fabrica.trust.models import Condition, ImpactAssessment
from fabrica.trust.queries import impact as queries
from fabrica.trust.queries.conditions import Step, blocking
from fabrica.trust.services import board, conditions, purposes
from fabrica.trust.services import impact as services
from fabrica.trust.services.board import declare_interest
from fabrica.trust.states import ImpactState
from fabrica.trust.tests.answers import HIGH_RISK, answers_for
from fabrica.trust.tests.impact import RISK, given, write

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def pair(cast, now):
    return [make_person("edda", now, Role.ETHICS), make_person("bruno", now, Role.BOARD)]


@pytest.fixture
def made(cast, call, now, pair):
    return submitted(cast, call, now, has_personal_data=True)


@pytest.fixture
def row(made):
    return ImpactAssessment.objects.get(subject=made.subject)


@pytest.fixture
def project(cast, made, now):
    found = open_project(
        title="P", organisation=cast.startup, purpose="To read.", gate_decision="ACCEPT", pi=cast.applicant,
        ends_at=now + timedelta(days=30), by=cast.officer, now=now,
    )  # fmt: skip
    conditions.carry_over(subject=made.subject, project=found, by=cast.officer, now=now)
    return found


def sign(row, by, now, **other):
    row.refresh_from_db()
    facts = {"name": by.name, "digest": queries.digest_of(row)} | other
    return services.sign_impact(assessment=row, **facts, by=by, now=now)


def owed(key="impact_assessment"):
    return [(one.state, one.project_id) for one in Condition.objects.filter(key=key).order_by("pk")]


def close(pair, now):
    one = Condition.objects.get(key="impact_assessment", state="evidence_given")
    conditions.find_met(condition=one, by=pair[0], now=now)
    conditions.settle(condition=one, by=pair[1], now=now)


def test_who_says_that_personal_data_is_used_owes_one_and_is_told_first(cast, made, row, now):
    assert (row.state, owed(), row.applicant) == (ImpactState.MISSING, [("open", None)], cast.applicant)
    assert home_of(cast.applicant, now).step.kind == "assess_impact"
    assert [list(queries.to_sign(one)) for one in (cast.mate, cast.outsider)] == [[row], []]


def test_who_says_no_more_that_it_is_used_owes_none(cast, made, now):
    for uses in (False, True):
        applications.send_back(application=made, reason="Mend.", by=cast.officer, now=now)
        applications.save_draft(application=made, values={"has_personal_data": uses}, by=cast.applicant, now=now)
        applications.submit(application=Application.objects.get(pk=made.pk), by=cast.applicant, now=now)
        made.refresh_from_db()
    assert owed() == [("dropped", None), ("open", None)]


def test_data_waits_until_it_is_signed_and_two_persons_found_it_good(cast, pair, row, project, now):
    row.refresh_from_db()
    assert (row.project, owed()) == (project, [("open", project.pk)])
    one = Condition.objects.get(key="impact_assessment")
    with pytest.raises(Refused, match="is the evidence"):
        conditions.give_evidence(condition=one, text="Trust us.", by=cast.mate, now=now)
    write(row, cast.mate, now)
    sign(row, cast.mate, now)
    row.refresh_from_db()
    assert (row.state, row.number, row.outcome, owed()[0][0]) == ("signed", 1, "with_measures", "evidence_given")
    assert [two.pk for two in blocking(step=Step.DATA, project=project)] == [one.pk]
    with pytest.raises(Refused, match="no impact assessment yet"):
        queries.must_be_assessed(project)
    close(pair, now)
    assert blocking(step=Step.DATA, project=project) == []
    queries.must_be_assessed(project)
    entry = Entry.objects.get(verb="impact.sign")
    assert entry.facts["digest"] == row.versions.get().digest == queries.digest_of(row)


def test_a_new_version_makes_the_board_look_anew_and_the_old_one_is_kept(cast, pair, row, now):
    write(row, cast.applicant, now)
    sign(row, cast.applicant, now)
    conditions.find_met(condition=Condition.objects.get(key="impact_assessment"), by=pair[0], now=now)
    with pytest.raises(Refused, match="signed already"):
        sign(row, cast.applicant, now)
    write(row, cast.mate, now, given(views="They agree."))
    sign(row, cast.mate, now + HOUR)
    assert owed() == [("evidence_given", None)]
    kept = [(one.number, one.signer_name, one.answers["views"]) for one in row.versions.all()]
    assert kept == [(1, "Ada", "Said."), (2, "Max", "They agree.")]


def test_what_the_board_sent_back_may_be_signed_again_as_it_is(cast, pair, row, now):
    write(row, cast.applicant, now)
    sign(row, cast.applicant, now)
    one = Condition.objects.get(key="impact_assessment")
    conditions.send_back(condition=one, reason="Who is the officer?", by=pair[0], now=now)
    assert (list(queries.to_sign(cast.mate)), sign(row, cast.mate, now + HOUR).number) == ([row], 2)
    assert owed() == [("evidence_given", None)]


def test_a_high_risk_that_remains_is_a_condition_of_its_own_until_it_is_made_smaller(cast, row, project, now):
    write(row, cast.applicant, now, given(conclusion="prior_consultation"), [{**RISK, "left": "high"}])
    sign(row, cast.applicant, now)
    row.refresh_from_db()
    assert (row.state, owed("prior_consultation")) == (ImpactState.CONSULT, [("open", project.pk)])
    assert "supervisory authority" in Condition.objects.get(key="prior_consultation").text
    write(row, cast.applicant, now)
    sign(row, cast.applicant, now + HOUR)
    assert owed("prior_consultation") == [("dropped", project.pk)]


@pytest.mark.parametrize(
    ("other", "why"),
    [({"name": "Somebody Else"}, "as your account has it"), ({"digest": "0" * 64}, "have changed")],
)
def test_a_signature_is_by_ones_own_name_and_for_what_was_read(cast, row, now, other, why):
    write(row, cast.applicant, now)
    with pytest.raises(Refused, match=why):
        sign(row, cast.applicant, now, **other)


def test_what_is_not_complete_is_not_signed_and_two_writers_notice_each_other(cast, row, now):
    with pytest.raises(Refused, match="not complete") as told:
        sign(row, cast.applicant, now)
    assert len(told.value.facts["gaps"]) == 13
    facts = {"assessment": row, "section": "views", "answers": {"views": "x"}, "seen": 0, "now": now}
    services.save_impact(by=cast.applicant, **facts)
    with pytest.raises(services.WrittenMeanwhile):
        services.save_impact(by=cast.mate, **facts)
    with pytest.raises(Refused, match="does not ask that"):
        services.save_impact(assessment=row, section="views", answers={"large": "yes"}, by=cast.mate, now=now)


def test_its_side_writes_the_board_reads_and_nobody_else_does_either(cast, pair, made, row, now):
    seen = {one.name for one in (cast.applicant, cast.mate, *pair, cast.officer, cast.assessor, cast.operator,
            cast.provider, cast.outsider) if queries.visible_to(one).exists()}  # fmt: skip
    assert seen == {"Ada", "Max", "Edda", "Bruno"}
    for other in (cast.outsider, cast.officer, *pair):
        with pytest.raises(NotAllowed):
            services.save_impact(assessment=row, section="views", answers={}, by=other, now=now)
        with pytest.raises(NotAllowed):
            sign(row, other, now)


def test_who_declared_an_interest_in_the_case_reads_it_no_more(cast, call, pair, now):
    made = submitted(
        cast, call, now, has_personal_data=True, trust_answers=answers_for("REFER_ETHICS"),
    )  # fmt: skip
    row, case = ImpactAssessment.objects.get(subject=made.subject), board.Referral.objects.get()
    assert queries.assessment_of(pair[1], row.pk) == row
    declare_interest(referral=case, what="A friend.", by=pair[1], now=now)
    with pytest.raises(NotFound):
        queries.assessment_of(pair[1], row.pk)


@pytest.mark.parametrize(("personal", "states"), [(None, ["closed", "open"]), (False, ["closed"])])
def test_another_purpose_asks_for_it_anew(cast, pair, row, project, now, personal, states):
    write(row, cast.applicant, now)
    sign(row, cast.applicant, now)
    close(pair, now)
    change = purposes.propose_purpose(
        project=project, purpose="To sort applicants.", reason="Asked.", by=cast.applicant, now=now,
        has_personal_data=personal,
    )  # fmt: skip
    answers = answers_for("ACCEPT", **HIGH_RISK)
    purposes.answer_gate(change=change, answers=answers, by=cast.applicant, now=now + HOUR)
    row.refresh_from_db()
    assert ([state for state, _project in owed()], row.is_signed) == (states, personal is False)


def test_a_project_that_uses_personal_data_only_now_begins_one(cast, now):
    found = open_project(
        title="P", organisation=cast.startup, purpose="", gate_decision="", pi=cast.applicant,
        ends_at=now + timedelta(days=30), by=cast.officer, now=now,
    )  # fmt: skip
    with pytest.raises(Refused, match="no impact assessment yet"):
        queries.must_be_assessed(found)
    with pytest.raises(NotAllowed):
        services.begin_impact(project=found, by=cast.outsider, now=now)
    made = services.begin_impact(project=found, by=cast.applicant, now=now)
    assert services.begin_impact(project=found, by=cast.applicant, now=now) == made
    assert owed() == [("open", found.pk)]
