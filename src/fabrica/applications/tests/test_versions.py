"""Each submission is kept as it was, and what changed can be told word by word."""

import hashlib
import json
from datetime import timedelta

import pytest
from django.db import connection
from fabrica.applications import queries, services
from fabrica.applications.engine.changed import digest, pieces
from fabrica.applications.models import Application, Submission
from fabrica.applications.tests.factories import COMPLETE, draft, submitted
from fabrica.audit.models import Entry
from fabrica.kit.errors import NotFound, Refused
from hypothesis import given
from hypothesis import strategies as st

HOUR = timedelta(hours=1)
TEXTS = st.text(alphabet="ab \n\u00e9", max_size=60)


@pytest.fixture
def twice(cast, call, now):
    """Submitted, sent back, mended and submitted again."""
    made = submitted(cast, call, now)
    services.send_back(application=made, reason="For whom?", by=cast.officer, now=now + HOUR)
    mended = {"purpose": "To help large firms understand old programs.", "months": 3}
    services.save_draft(application=made, values=mended, by=cast.applicant, now=now + HOUR)
    return services.submit(application=made, by=cast.applicant, now=now + 2 * HOUR)


@given(TEXTS, TEXTS)
def test_the_pieces_give_back_both_texts(before, after):
    found = pieces(before, after)
    assert "".join(one.text for one in found if one.kind != "new") == before
    assert "".join(one.text for one in found if one.kind != "gone") == after
    assert all(one.text for one in found)
    assert (before == after) == all(one.kind == "same" for one in found)


def test_words_that_stayed_are_not_told_as_new():
    told = [(one.kind, one.text) for one in pieces("To help small firms.", "To help large firms.")]
    assert told == [("same", "To help "), ("gone", "small"), ("new", "large"), ("same", " firms.")]


def test_each_submission_is_kept_with_the_digest_that_the_audit_has(twice, now):
    first, second = queries.submissions_of(twice)
    assert [(one.number, one.at) for one in (first, second)] == [(1, now), (2, now + 2 * HOUR)]
    assert (first.answers, second.answers["months"]) == (COMPLETE, 3)
    text = json.dumps(COMPLETE, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert first.digest == digest(first.answers) == hashlib.sha256(text.encode()).hexdigest()
    entries = Entry.objects.filter(verb="application.submit").order_by("pk")
    assert [(one.facts["version"], one.facts["digest"]) for one in entries] == [(1, first.digest), (2, second.digest)]


def test_what_changed_is_told_in_the_order_of_the_form(twice):
    told = queries.changes(twice, *queries.submissions_of(twice))
    assert [(one.label, one.before, one.after) for one in told] == [
        ("What it is for", COMPLETE["purpose"], "To help large firms understand old programs."),
        ("Duration, in months", "1", "3"),
    ]


def test_mending_a_draft_changes_no_version(cast, twice, now):
    services.send_back(application=twice, reason="Again.", by=cast.officer, now=now + 3 * HOUR)
    services.save_draft(application=twice, values={"title": "Other"}, by=cast.applicant, now=now + 3 * HOUR)
    assert [one.answers["title"] for one in queries.submissions_of(twice)] == [COMPLETE["title"]] * 2
    assert queries.as_it_was(twice, queries.submission_of(twice, 1)).months == 1
    twice.refresh_from_db()
    assert (twice.title, twice.months) == ("Other", 3)


def test_one_that_was_handed_in_before_versions_were_kept_is_kept_as_it_goes_back(cast, call, now):
    made = submitted(cast, call, now)
    Submission.objects.all().delete()
    services.send_back(application=made, reason="For whom?", by=cast.officer, now=now + HOUR)
    (kept,) = queries.submissions_of(made)
    assert (kept.number, kept.at, kept.answers) == (1, now, COMPLETE)


def test_two_officers_at_once_keep_it_once_and_the_second_is_told(cast, call, now):
    submitted(cast, call, now)
    Submission.objects.all().delete()
    mine, theirs = Application.objects.get(), Application.objects.get()
    told = []

    def meanwhile(execute, sql, *rest):
        """The colleague is as far as keeping the version when this one is about to."""
        if not told and sql.startswith(f'INSERT INTO "{Submission._meta.db_table}"'):
            told.append("")
            try:
                services.send_back(application=theirs, reason="Why?", by=cast.officer, now=now + HOUR)
            except Refused as problem:
                told[0] = problem.what
        return execute(sql, *rest)

    with connection.execute_wrapper(meanwhile):
        services.send_back(application=mine, reason="For whom?", by=cast.officer, now=now + HOUR)
    assert (told, len(queries.submissions_of(mine))) == (["Somebody else decided meanwhile."], 1)


def test_a_draft_has_none(cast, call, now):
    made = draft(cast, call, now)
    assert queries.submissions_of(made) == []
    with pytest.raises(NotFound, match="has no version 1"):
        queries.submission_of(made, 1)


@pytest.mark.parametrize("who", ["applicant", "mate", "officer", "assessor"])
def test_the_pages_show_a_version_and_what_it_changed(browser_of, twice, who):
    browser, address = browser_of(who), f"/applications/{twice.code}"
    assert f'href="{address}/versions/2/"' in browser.get(f"{address}/").content.decode()
    second = browser.get(f"{address}/versions/2/").content.decode()
    assert "<del>small</del><ins>large</ins>" in second
    first = browser.get(f"{address}/versions/1/").content.decode()
    assert (COMPLETE["purpose"] in first, "<del>" in first) == (True, False)
    assert browser.get(f"{address}/versions/3/").status_code == 404


def test_what_was_written_is_no_markup(browser_of, cast, call, now):
    made = submitted(cast, call, now)
    services.send_back(application=made, reason="For whom?", by=cast.officer, now=now)
    services.save_draft(application=made, values={"purpose": "<b>x</b>"}, by=cast.applicant, now=now)
    services.submit(application=made, by=cast.applicant, now=now)
    page = browser_of("officer").get(f"/applications/{made.code}/versions/2/").content.decode()
    assert "<ins>&lt;b&gt;x&lt;/b&gt;</ins>" in page


def test_outsiders_find_nothing(browser_of, twice):
    for path in (f"/applications/{twice.code}/versions/1/", f"/api/applications/{twice.code}/versions/1",
                 f"/api/applications/{twice.code}/versions"):  # fmt: skip
        assert browser_of("outsider").get(path).status_code == 404


def test_the_desk_begins_with_what_changed_since_it_was_sent_back(browser_of, cast, call, now, twice):
    assert "<del>small</del><ins>large</ins>" in browser_of("officer").get(f"/desk/{twice.code}/").content.decode()
    once = submitted(cast, call, now)
    assert "What changed since" not in browser_of("officer").get(f"/desk/{once.code}/").content.decode()


def test_the_api_tells_the_versions(browser_of, twice):
    ada, address = browser_of("applicant"), f"/api/applications/{twice.code}/versions"
    assert [one["number"] for one in ada.get(address).json()] == [1, 2]
    told = ada.get(f"{address}/2").json()
    assert [one["label"] for one in told["changes"]] == ["What it is for", "Duration, in months"]
    assert (told["answers"]["months"], told["digest"]) == (3, queries.submission_of(twice, 2).digest)
