"""The trust interview: what a new answer makes of those before, on the service, the pages and in a document."""

import re
from datetime import date, timedelta

import pytest
from fabrica.applications import exports, queries, services
from fabrica.applications.engine.interview import interview, number_in, operations, with_answers, words_said
from fabrica.applications.engine.report import report
from fabrica.applications.services import AnsweredMeanwhile
from fabrica.applications.tests.factories import ACCEPTED, draft, submitted
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.trust.engine import gate
from fabrica.trust.engine.act import evaluate
from fabrica.trust.engine.act.keeping import below
from fabrica.trust.models import Assessment
from fabrica.trust.tests.answers import HIGH_RISK, answers_for

DAY = date(2026, 11, 26)
OF_FIRST_GATE = {**dict.fromkeys((one.id for one in gate.questions()), "no"), "P1": "yes", "P3": "yes"}
django_db = pytest.mark.django_db


def told(answers=None):
    return interview(answers or {}, DAY)


def test_an_interview_of_a_plain_text_model_has_fifteen_questions_and_counts_down():
    answers, left = {}, []
    while asked := told(answers).next:
        left.append(told(answers).asking.usually)
        answers[asked.id] = asked.usual
    assert (len(answers), left, told(answers).total) == (15, list(range(15, 0, -1)), 15)


def test_a_no_takes_back_what_was_said_below_it_and_only_that():
    before = answers_for("ACCEPT", practices="yes", emotions="yes", work_school="no")
    gone = set(below("practices", told().rules))
    stays = {**{key: one for key, one in before.items() if key not in gone}, "practices": "no"}
    assert "emotions" in gone & set(before)
    assert with_answers(before, {"practices": "no"}, DAY) == stays
    assert with_answers(before, {"practices": "no", "scoring": "unsure"}, DAY) == {**stays, "scoring": "unsure"}
    assert with_answers(before, {"practices": "yes", "interacts": "yes"}, DAY) == {**before, "interacts": "yes"}


def test_a_changed_answer_reopens_only_what_now_matters():
    after = with_answers(ACCEPTED, {"interacts": "yes"}, DAY)
    assert [one.id for one in told(after).asking.questions] == ["exempt"]
    assert told(with_answers(after, {"interacts": "no"}, DAY)).is_whole


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("2e22", "2e22"), ("10^22", "1e22"), ("2,5 x 10^22", "2.5e22"), ("7.2E+23", "7.2e23"), ("3 000 000", "3000000")],
)
def test_numbers_are_read_as_people_write_them(typed, kept):
    assert number_in(typed) == kept
    assert evaluate({"flop": kept}, DAY).answers == {"flop": kept}


@pytest.mark.parametrize("typed", ["", "many", "-1", "1e999", "1,000,000", "1" * 41, "nan", "2e22 or so"])
def test_what_is_no_number_is_not_taken_for_one(typed):
    with pytest.raises(ValueError):
        number_in(typed)


def test_the_form_gives_a_first_guess_of_the_operations():
    assert (operations(4, 2, 3), operations(4, None, 3)) == ("1.4e14", "")


def test_answers_are_told_in_words_those_of_the_first_gate_too():
    (row,) = words_said({"civilian": "yes"}, "fr")
    assert row == ("civilian", "L’usage de ce que vous construisez est-il civil\u00a0?", "yes")
    assert [key for key, _question, _answer in words_said(OF_FIRST_GATE, "en")] == list(OF_FIRST_GATE)


@pytest.fixture
def made(cast, call, now):
    return draft(cast, call, now, trust_answers={})


def answer(made, by, now, question, given, seen=""):
    return services.answer_trust(application=made, question=question, answer=given, seen=seen, by=by, now=now)


@django_db
def test_answers_are_kept_one_by_one_and_the_form_is_not_disturbed(cast, call, now):
    made = services.start(call=call, organisation=cast.startup, by=cast.applicant, now=now)
    for key, given in ACCEPTED.items():
        answer(made, cast.mate, now, key, given)
    made.refresh_from_db()
    assert (made.trust_answers, made.draft_version) == (ACCEPTED, 0)


@django_db
def test_two_windows_notice_each_other_and_the_same_answer_twice_is_no_conflict(cast, call, now):
    made = services.start(call=call, organisation=cast.startup, by=cast.applicant, now=now)
    answer(made, cast.applicant, now, "civilian", "yes")
    answer(made, cast.mate, now, "civilian", "yes")
    with pytest.raises(AnsweredMeanwhile) as raised:
        answer(made, cast.mate, now, "civilian", "unsure")
    assert raised.value.theirs == "yes"
    assert answer(made, cast.mate, now, "civilian", "unsure", seen="yes").trust_answers == {"civilian": "unsure"}


@django_db
def test_only_the_applicants_side_answers_and_only_while_it_is_written(cast, call, now):
    made = submitted(cast, call, now)
    for person, refused in ((cast.officer, NotAllowed), (cast.outsider, NotAllowed), (cast.applicant, Refused)):
        with pytest.raises(refused):
            answer(made, person, now, "civilian", "no", seen="yes")
    services.send_back(application=made, reason="Civilian?", by=cast.officer, now=now)
    assert answer(made, cast.applicant, now, "civilian", "no", seen="yes").trust_answers["civilian"] == "no"


@django_db
@pytest.mark.parametrize(("question", "given"), [("nothing", "yes"), ("free_user", "yes"), ("civilian", "perhaps")])
def test_no_other_question_and_no_other_word_is_kept(cast, call, now, question, given):
    made = services.start(call=call, organisation=cast.startup, by=cast.applicant, now=now)
    with pytest.raises(Refused):
        answer(made, cast.applicant, now, question, given)
    made.refresh_from_db()
    assert made.trust_answers == {}


@django_db
def test_a_draft_that_answered_the_first_gate_is_asked_anew(cast, call, now):
    made = draft(cast, call, now)
    made.trust_answers = OF_FIRST_GATE
    made.save()
    (gap,) = queries.gaps_of(made, now)
    assert (gap.field, gap.message) == ("trust_answers", "About 15 questions are left.")
    assert queries.summary_of(made)[-1][1] == []
    assert answer(made, cast.applicant, now, "civilian", "yes").trust_answers == {"civilian": "yes"}


@django_db
def test_what_the_first_gate_decided_stays_and_is_shown_as_it_was(browser_of, cast, call, now):
    made = submitted(cast, call, now)
    answers = {**OF_FIRST_GATE, "HR": "yes"}
    asked = {one.id: one for one in gate.questions()}
    reason = {"rule": "HR", "question": asked["HR"].question, "answer": "yes", "leads_to": "ACCEPT_CONDITIONS"}
    made.gate = Assessment.objects.create(
        subject=made.subject, answers=answers, decision="ACCEPT_CONDITIONS", version="2026-11-1", assessed_at=now,
        reasons=[{**reason, "ref": asked["HR"].ref}],
    )  # fmt: skip
    made.trust_answers = answers
    made.save()
    pages = [browser_of("applicant").get(f"/applications/{made.code}/{one}").text for one in ("", "trust/")]
    pages.append(browser_of("officer").get(f"/desk/{made.code}/").text)
    assert [page.count(asked["HR"].question) for page in pages] == [2, 2, 2]  # as a reason, and as an answer
    assert [page.count(f"By the questions of version 2026-11-1.") for page in pages] == [1, 1, 1]
    assert services.screen(application=made, by=cast.officer, now=now).state == "screened"


def go_through(client, code, answers):
    """Answer each page that comes up, as these say and else as most would; returns what was asked."""
    asked, address = [], f"/applications/{code}/trust/"
    page = client.get(address)
    address = re.search(rf'href="({address}\w+/)"', page.text)[1]
    while not address.endswith("/trust/"):
        key = address.split("/")[-2]
        given = answers.get(key) or interview({}, DAY).rules.questions[key].usual
        is_number = given not in ("yes", "no", "unsure")
        sent = {"answer": "number", "number": given} if is_number else {"answer": given}
        address = client.post(address, sent).url
        asked.append(key)
    return asked


@django_db
def test_the_pages_ask_one_thing_after_the_other_and_end_with_the_result(browser_of, cast, call, now):
    made = services.start(call=call, organisation=cast.startup, by=cast.applicant, now=now)
    ada = browser_of("applicant")
    wanted = answers_for("ACCEPT_CONDITIONS")
    assert go_through(ada, made.code, wanted) == list(wanted)
    page = ada.get(f"/applications/{made.code}/trust/").text
    assert page.count("Accepted with conditions") == 1
    assert page.count("https://ai-act-service-desk.ec.europa.eu") == 1
    assert page.count("This is no legal advice.") == 1
    assert len(re.findall(r">Change<span", page)) == len(wanted)
    assert len(re.findall(r"AI Act, Art\. 50\(1\)</td>", page)) == 1


@django_db
def test_a_page_asks_says_why_and_how_many_are_left_and_leads_back(browser_of, made):
    ada = browser_of("applicant")
    ada.post(f"/applications/{made.code}/trust/civilian/", {"answer": "yes"})
    page = ada.get(f"/applications/{made.code}/trust/programme_purpose/").text
    assert re.findall(r'type="radio" name="answer" value="(\w+)"', page) == ["yes", "no", "unsure"]
    assert page.count("Why do you ask?") == 1
    assert f'href="/applications/{made.code}/trust/civilian/"' in page
    page = browser_of("applicant", "fr").get(f"/applications/{made.code}/trust/programme_purpose/").text
    assert re.findall(r'<span class="hint">(.+?)</span></li>', page) == [
        "Règlement (UE) 2021/1173, article 16, paragraphe 1 bis"
    ]


@django_db
@pytest.mark.parametrize(
    ("key", "sent", "told"),
    [
        ("civilian", {}, "Choose an answer; &#x27;unsure&#x27; is one."),
        ("civilian", {"answer": "perhaps"}, "Select a valid choice."),
        ("flop", {"answer": "number", "number": "many"}, "Write a number, such as 2e22"),
        ("flop", {"answer": "number"}, "Write a number, such as 2e22"),
    ],
)
def test_what_cannot_be_read_is_told_and_nothing_is_kept(browser_of, cast, call, now, key, sent, told):
    made = services.start(call=call, organisation=cast.startup, by=cast.applicant, now=now)
    answered = browser_of("applicant").post(f"/applications/{made.code}/trust/{key}/", sent)
    assert (answered.status_code, answered.text.count(told)) == (200, 2)  # above the form and beside the field
    made.refresh_from_db()
    assert made.trust_answers == {}


@django_db
def test_a_second_window_is_shown_the_other_answer_and_may_insist(browser_of, cast, call, now):
    made = services.start(call=call, organisation=cast.startup, by=cast.applicant, now=now)
    address = f"/applications/{made.code}/trust/civilian/"
    browser_of("mate").post(address, {"answer": "yes"})
    ada = browser_of("applicant")
    shown = ada.post(address, {"answer": "no", "seen": ""})
    assert (shown.status_code, shown.context["theirs"], shown.context["form"]["seen"].value()) == (409, "Yes", "yes")
    assert ada.post(address, {"answer": "no", "seen": "yes"}).status_code == 302
    made.refresh_from_db()
    assert made.trust_answers == {"civilian": "no"}


@django_db
def test_officers_read_and_others_find_nothing(browser_of, cast, call, now):
    made = submitted(cast, call, now, trust_answers=answers_for("REFER_ETHICS"))
    pages = ("trust/", "trust/civilian/", "trust/report/pdf/")
    codes = {
        who: [browser_of(who).get(f"/applications/{made.code}/{page}").status_code for page in pages]
        for who in ("officer", "outsider", "applicant")
    }
    assert codes == {"officer": [200, 403, 200], "outsider": [404, 404, 404], "applicant": [200, 409, 200]}
    desk = browser_of("officer").get(f"/desk/{made.code}/").text
    assert desk.count("To be looked at by a person") == 1
    assert desk.count("AI Act, Art. 50(1)</td>") == 1


@django_db
def test_the_report_is_a_tagged_document_that_stays_the_same(browser_of, cast, call, now):
    made = submitted(cast, call, now, trust_answers=answers_for("ACCEPT_CONDITIONS"))
    address = f"/applications/{made.code}/trust/report/pdf/"
    first, second = (browser_of("applicant", one).get(address).content for one in ("en", "fr"))
    assert (first[:5], b"/StructTreeRoot" in first, first == second) == (b"%PDF-", True, False)
    assert browser_of("mate").get(address).content == first
    bare = services.start(call=call, organisation=cast.startup, by=cast.applicant, now=now + timedelta(days=1))
    assert browser_of("applicant").get(f"/applications/{bare.code}/trust/report/pdf/").status_code == 404


@django_db
def test_a_rule_of_one_source_only_is_marked_on_the_page_and_in_the_document(browser_of, cast, call, now, monkeypatch):
    answers = answers_for("ACCEPT_CONDITIONS", **HIGH_RISK, no_influence="yes", narrow_task="yes")
    made = submitted(cast, call, now, trust_answers=answers)
    told = report(made.gate.record_in("en"))
    assert {one.rule for one in told.path if one.confidence != "A"} == {"F7", "P5"}
    desk = browser_of("officer").get(f"/desk/{made.code}/").text
    gate = desk[desk.index('id="gate"') :].partition("</section>")[0]
    mark = '<strong class="badge tone-warning">Confidence B</strong>'
    (point,) = re.findall(r"<li><strong>Exception of Article 6\(3\).*?</li>", gate)
    (step,) = re.findall(r"<li>Exception of Article 6\(3\).*?</li>", gate.partition("<details>")[2])
    assert (gate.count(mark), point.count(mark), step.count(mark)) == (3, 1, 1)
    assert (
        "Source: Regulation (EU) 2024/1689 as amended by Regulation (EU) 2026/1744 (checked 27 November 2026)" in step
    )
    seen = []
    monkeypatch.setattr(exports, "typeset", lambda _template, data, _at: seen.append(data) or b"")
    exports.report_pdf(made, now)
    marked = [row for part in ("points", "path") for row in seen[0][part] if "Confidence B" in " ".join(row)]
    assert sorted(row[0].partition(" (")[0] for row in marked) == [
        "Exception of Article 6(3)",
        "F7  Exception of Article 6(3)",
        "P5  Free of charge",
    ]


@django_db
def test_the_form_leads_to_the_interview_and_keeps_what_was_typed(browser_of, cast, call, now):
    made = services.start(call=call, organisation=cast.startup, by=cast.applicant, now=now)
    sent = {"title": "Typed", "draft_version": "0", "trust": "1"}
    answered = browser_of("applicant").post(f"/applications/{made.code}/edit/", sent)
    assert answered.url == f"/applications/{made.code}/trust/"
    made.refresh_from_db()
    assert made.title == "Typed"
