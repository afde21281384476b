"""The board's pages and API: who gets in, what each button does, what a list shows."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import translation
from fabrica.applications.tests.factories import submitted
from fabrica.conftest import make_person
from fabrica.kit.time import utcnow
from fabrica.people.services import create_token
from fabrica.people.states import Role
from fabrica.trust.engine.act import ruleset
from fabrica.trust.engine.owed import row_of
from fabrica.trust.models import Condition, Enquiry, Referral
from fabrica.trust.services import board
from fabrica.trust.tests.answers import HIGH_RISK, answers_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def now():
    return utcnow()  # pages ask the real clock


@pytest.fixture
def ethics(cast, now):
    return make_person("edda", now, Role.ETHICS)


@pytest.fixture
def member(cast, now):
    return make_person("bruno", now, Role.BOARD)


@pytest.fixture
def case(cast, call, now, ethics, member):
    made = submitted(cast, call, now, trust_answers=answers_for("REFER_ETHICS"))
    return Referral.objects.get(subject=made.subject)


@pytest.fixture
def condition(cast, call, now):
    submitted(cast, call, now, trust_answers=answers_for("ACCEPT", **HIGH_RISK))
    return Condition.objects.get(key="technical_documentation")


def browser(person):
    client = Client()
    client.force_login(person)
    return client


def press(who, path, act, **fields):
    data = {"act": act, **{f"{act}-{name}": value for name, value in fields.items()}}
    return browser(who).post(path, data)


def test_the_board_sees_which_rule_has_one_source_only(cast, call, now, ethics):
    answers = answers_for("ACCEPT_CONDITIONS", **HIGH_RISK, no_influence="yes", narrow_task="yes")
    made = submitted(cast, call, now, trust_answers=answers)
    page = browser(ethics).get(f"/board/{Referral.objects.get(subject=made.subject).pk}/")
    assert {one["rule"] for one in page.context["reasons"] if one["confidence"] == "B"} == {"F7"}
    why = page.content.decode().partition('id="points"')[2].partition("</section>")[0]
    assert (why.count("Confidence B"), why.count("Confidence")) == (1, 1)


def test_whose_choice_the_figures_of_the_board_are_stands_below_the_quorum(case, ethics, member, now):
    board.give_seat(referral=case, person=member, by=ethics, now=now)
    page = browser(member).get(f"/board/{case.pk}/").content.decode()
    votes = page.partition('id="votes"')[2].partition("</section>")[0]
    assert "1 may vote, 2 must." in votes.partition("Source:")[0]
    assert "this is Fabrica&#x27;s own choice, for the site to change (checked 2026-11-27)" in votes
    assert votes.count("Confidence C") == 1


def test_a_condition_names_its_article_and_whose_choice_its_days_are(condition, ethics):
    assert condition.source == (
        "AI Act, Art. 11 and Annex IV. Fabrica's own choice of days and of the step that waits, for the site to change "
        "(checked 2026-11-27, confidence C)"
    )
    own = "Source: Fabrica&#x27;s own choice of days and of the step that waits, for the site to change"
    pages = [browser(ethics).get(path).content.decode() for path in (f"/conditions/{condition.pk}/", "/conditions/")]
    assert [(page.count("AI Act, Art. 11 and Annex IV"), page.count(own)) for page in pages] == [(1, 1), (1, 0)]
    assert ["Confidence C" in page for page in pages] == [True, True]
    with translation.override("fr"):
        assert condition.grounds.article == "Règlement sur l’IA, article 11 et annexe IV"
    condition.source = "AI Act, Art. 11"  # kept before its row was changed
    condition.save()
    page = browser(ethics).get(f"/conditions/{condition.pk}/").content.decode()
    assert (page.count("AI Act, Art. 11"), "Confidence" in page) == (1, False)


def test_a_case_goes_its_way_by_buttons(cast, case, ethics, member):
    path = f"/board/{case.pk}/"
    page = browser(ethics).get(path)
    shown, brought = page.context["reasons"], page.context["brought"]
    assert [(words, str(step)) for words, step, _ in brought] == [
        (row_of("mark_output").text, "Publication of a model")
    ]
    assert row_of("mark_output").text in page.content.decode()
    assert [(one["rule"], str(one["answer"])) for one in shown] == [("P1", "Unsure"), ("T1", "Yes"), ("T2", "Yes")]
    title = ruleset(case.assessment.version).rules["T1"].words["title_fr"]
    assert case.assessment.reasons_in("fr-be")[1]["question"] == title
    answer = press(ethics, path, "seat", person=member.uid)
    assert answer.status_code == 302
    assert press(member, path, "vote", choice="accept", reason="").context["acts"][0].form.errors
    press(member, path, "vote", choice="accept", reason="Fine.")
    assert press(ethics, path, "vote", choice="accept", reason="Fine.").status_code == 409  # has no seat
    answer = press(ethics, path, "propose", finding="approved", reason="Fine.")
    assert "1 voted, 2 must" in str(answer.context["acts"][-2].form.errors)
    press(ethics, path, "ask", question="Who plays?")
    enquiry = Enquiry.objects.get()
    home = f"/board/questions/{enquiry.pk}/"
    assert press(cast.applicant, home, "answer", text="Children.").status_code == 302
    assert "Children." in browser(member).get(path).content.decode()
    press(member, path, "interest", what="I know them.")
    assert browser(member).get(path).status_code == 404
    press(ethics, path, "propose", finding="approved", reason="A chess tutor.")
    assert press(cast.officer, path, "release").status_code == 302
    case.refresh_from_db()
    assert (case.state, case.how) == ("released", "alone")
    shown = browser(cast.applicant).get(case.path).content.decode()
    assert "A chess tutor." in shown
    acts = browser(ethics).get(path).context["acts"]
    assert [one.name for one in acts] == ["interest"]  # there is a condition to judge
    assert press(ethics, path, "interest", what="I know them too.")["Location"] == "/board/"
    assert browser(ethics).get(path).status_code == 404


@pytest.mark.parametrize("who", ["applicant", "outsider", "assessor", "operator", "officer"])
def test_nobody_else_gets_in(cast, case, who):
    client = browser(getattr(cast, who))
    assert client.get(f"/board/{case.pk}/").status_code == 404
    assert client.get("/board/").status_code == (200 if who == "officer" else 403)


def test_the_desk_lists_what_waits_and_says_where_nothing_does(cast, ethics, case, condition):
    shown = browser(ethics).get("/board/")
    assert list(shown.context["page"].rows) == [case]
    assert condition in [one for one, _text, _late in shown.context["conditions"]]
    Condition.objects.all().delete()
    Referral.objects.update(state="overtaken")
    assert list(browser(ethics).get("/board/").context["page"].rows) == []
    assert list(browser(ethics).get("/board/?show=all").context["page"].rows) == [case]


def test_a_condition_is_shown_and_closed_by_buttons(cast, ethics, member, condition):
    path = f"/conditions/{condition.pk}/"
    assert browser(cast.outsider).get(path).status_code == 404
    assert press(cast.applicant, path, "find_met").status_code == 409
    press(cast.applicant, path, "evidence", text="The plan.", link="https://x.example/plan")
    press(ethics, path, "find_met")
    assert [one.name for one in browser(ethics).get(path).context["acts"]] == ["send_back"]
    press(member, path, "settle")
    condition.refresh_from_db()
    assert condition.state == "closed"
    assert "Met" in browser(cast.mate).get("/conditions/").content.decode()


def test_a_file_is_given_as_evidence_and_read_by_those_who_read_the_condition(
    cast, ethics, condition, settings, tmp_path
):
    settings.FABRICA_STORAGE = tmp_path
    path = f"/conditions/{condition.pk}/"

    def give(name, data):
        return press(cast.applicant, path, "evidence", text="The plan.", file=SimpleUploadedFile(name, data))

    assert give("plan.pdf", b"MZ no PDF").context["acts"][0].form.non_field_errors()
    assert (condition.files.count(), Condition.objects.get(pk=condition.pk).state) == (0, "open")
    assert give("plan.txt", b"A plan.").status_code == 302
    assert give("again.txt", b"A plan.").context["acts"][0].form.non_field_errors()[0].startswith("This file is there")
    (kept,) = condition.files.all()
    file = f"{path}files/{kept.uid}/"
    assert file in browser(ethics).get(path).content.decode()
    assert browser(ethics).get(file).content == b"A plan."
    assert browser(cast.outsider).get(file).status_code == 404
    for n in range(4):
        give(f"{n}.txt", b"%d" % n)
    assert "5 files already" in give("more.txt", b"more").context["acts"][0].form.non_field_errors()[0]
    (tmp_path / "evidence" / str(condition.pk) / kept.sha256).write_bytes(b"other")
    assert browser(ethics).get(file).status_code == 503


def test_a_button_says_what_happened_and_what_comes_next(cast, condition, ethics):
    path = f"/conditions/{condition.pk}/"
    press(cast.applicant, path, "evidence", text="The plan.")
    client = browser(ethics)
    shown = client.post(path, {"act": "find_met"}, follow=True)
    assert [str(one) for one in shown.context["messages"]] == [
        "You found it met. A second person of the board must agree before it is closed."
    ]


def ask_as(person, now, method, path, body=None, scopes=("read", "decide", "apply")):
    _, secret = create_token(name="t", scopes=list(scopes), by=person, now=now, days=365)
    client = Client(headers={"authorization": f"Bearer {secret}"})
    return client.generic(method, f"/api{path}", json.dumps(body), content_type="application/json")


def test_the_api_does_the_same(cast, case, ethics, member, condition, now):
    board.give_seat(referral=case, person=member, by=ethics, now=now)
    listed = ask_as(member, now, "GET", "/board").json()["rows"]
    assert [(row["id"], row["state"], row["organisation"]) for row in listed] == [(case.pk, "open", "Novalis Labs")]
    told = ask_as(member, now, "POST", f"/board/{case.pk}/vote", {"choice": "refuse", "reason": "No."}).json()
    assert (told["votes"], told["quorum"], told["points"][0]["rule"]) == ({"refuse": 1}, 2, "P1")
    assert ask_as(member, now, "POST", f"/board/{case.pk}/vote", {"choice": "?", "reason": "No."}).status_code == 422
    assert ask_as(cast.outsider, now, "GET", f"/board/{case.pk}").status_code == 404
    rows = ask_as(cast.applicant, now, "GET", "/conditions").json()["rows"]
    assert [row["id"] for row in rows] == list(Condition.objects.order_by("-pk").values_list("pk", flat=True))
    given = ask_as(cast.applicant, now, "POST", f"/conditions/{condition.pk}/evidence", {"text": "The plan."})
    assert (given.status_code, given.json()["state"]) == (200, "evidence_given")
    assert ask_as(cast.outsider, now, "POST", f"/conditions/{condition.pk}/met").status_code == 404
    _, secret = create_token(name="f", scopes=["read", "apply"], by=cast.applicant, now=now, days=365)
    client, path = Client(headers={"authorization": f"Bearer {secret}"}), f"/api/conditions/{condition.pk}"
    sent = {"text": "The plan.", "file": SimpleUploadedFile("plan.csv", b"day,what")}
    assert client.post(f"{path}/evidence/files", sent).status_code == 200
    assert client.get(f"{path}/files/{condition.files.get().uid}").content == b"day,what"
    assert client.get(f"{path}/files/none").status_code == 404
