"""A version as a PDF: tagged, the same each time, with everything that was handed in, and no text of it is code."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from fabrica.applications import exports, queries, services
from fabrica.applications.tests.factories import EXTRA
from fabrica.applications.tests.test_attaching import PDF
from fabrica.kit import typeset as typesetting
from fabrica.kit.errors import Unreachable
from fabrica.kit.typeset import typeset

EVIL = '\x07 #panic("no") #read("/etc/passwd") $x^2 *bold* <label> @ref ] } \\ " \u202e שלום 漢字'


@pytest.fixture
def twice(cast, large, now):
    """Handed in with a file, sent back, and handed in again with other words and without the file."""
    made = services.attach(
        application=large, question="scaling_files", name="scaling.pdf", data=PDF, by=cast.applicant, now=now
    )
    services.submit(application=large, by=cast.applicant, now=now)
    services.send_back(application=large, reason="Why?", by=cast.officer, now=now)
    values = {"title": EVIL, "purpose": EVIL * 20, "extra_answers": {"team": EVIL}}
    services.save_draft(application=large, values=values, by=cast.applicant, now=now)
    services.detach(application=large, uid=made.uid, by=cast.applicant, now=now)
    return services.submit(application=large, by=cast.applicant, now=now + timedelta(hours=1))


@pytest.fixture
def told(monkeypatch):
    """What is told to the typesetter."""
    seen = []
    real = exports.typeset
    monkeypatch.setattr(exports, "typeset", lambda template, data, at: seen.append(data) or real(template, data, at))
    return seen


def test_each_version_is_a_tagged_document_that_comes_out_the_same(browser_of, twice, told):
    olga, address = browser_of("officer"), f"/applications/{twice.code}/versions"
    first, second = (olga.get(f"{address}/{number}/pdf/") for number in (1, 2))
    assert olga.get(f"/api{address}/1/pdf").content == first.content == olga.get(f"{address}/1/pdf/").content
    marks = (b"%PDF-1.7", b"/StructTreeRoot", b"<pdfuaid:part>1<")
    assert [[mark in answer.content for mark in marks] for answer in (first, second)] == [
        [True, True, True], [True, True, False],  # letters that the fonts lack are boxes, which is no PDF/UA
    ]  # fmt: skip
    assert first["Content-Disposition"] == f'attachment; filename="{twice.code}-1.pdf"'
    assert first["Content-Type"] == "application/pdf"
    kept = queries.submissions_of(twice)
    assert [(one["version_label"], one["digest"]) for one in (told[0], told[1])] == [
        ("Version 1", kept[0].digest), ("Version 2", kept[1].digest),
    ]  # fmt: skip


def test_it_says_what_was_handed_in_then(twice, told):
    for one in queries.submissions_of(twice):
        exports.pdf_of(twice, one)
    first, second = told
    rows = [dict(row for part in one["parts"] for row in part["rows"]) for one in told]
    assert (rows[0]["Who will do it?"], rows[1]["Who will do it?"]) == (EXTRA["team"], EVIL)
    assert (
        (rows[0]["Gpu-hours"] if "Gpu-hours" in rows[0] else rows[0]["GPU-hours"]).replace(",", "").startswith("60000")
    )
    digest = queries.submissions_of(twice)[0].answers["attachments"][0]["sha256"]
    assert [(one["name"], one["sha256"]) for one in first["files"]] == [("scaling.pdf", digest)]
    assert (second["files"], dict(first["facts"])["Form"]) == ([], "large-scale 1")


def test_what_an_applicant_wrote_is_text_and_nothing_else(twice):
    made = exports.pdf_of(twice, queries.submission_of(twice, 2))
    title = made.split(b"<dc:title>")[1].split(b"</dc:title>")[0].decode()
    assert "#panic(&quot;no&quot;) #read(&quot;/etc/passwd&quot;) $x^2 *bold* &lt;label&gt; @ref" in title or (
        '#panic("no") #read("/etc/passwd") $x^2 *bold* &lt;label&gt; @ref' in title
    )


def test_in_french_it_speaks_french(browser_of, twice, told):
    browser_of("applicant", "fr").get(f"/applications/{twice.code}/versions/1/pdf/")
    (one,) = told
    assert (one["language"], one["files_title"], one["facts"][0][0]) == ("fr", "Pièces jointes", "Organisation")
    assert one["parts"][0]["title"] == "Le projet"


def test_others_find_nothing(browser_of, twice):
    for path in (f"/applications/{twice.code}/versions/1/pdf/", f"/api/applications/{twice.code}/versions/1/pdf"):
        assert browser_of("outsider").get(path).status_code == 404
    assert browser_of("applicant").get(f"/applications/{twice.code}/versions/3/pdf/").status_code == 404


def test_the_portal_never_loads_the_typesetter(tmp_path):
    code = "import sys, fabrica.config.urls; print('typst' in sys.modules)"
    found = subprocess.run(
        [sys.executable, "-c", f"import django; django.setup(); {code}"], capture_output=True, text=True, check=True,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "fabrica.config.settings_test", "FABRICA_HOME": str(tmp_path)},
    )  # fmt: skip
    assert found.stdout == "False\n"


@pytest.mark.parametrize("code", ['#read("/etc/passwd")', '#import "@preview/cetz:0.3.1"', "#panic()"])
def test_a_template_reads_no_file_and_no_network(code):
    with pytest.raises(Unreachable, match=r"The document could not be made\."):
        typeset(code, {}, 0)


def test_what_takes_too_long_is_ended(monkeypatch):
    monkeypatch.setattr(typesetting, "SECONDS", 0.01)  # before the process has even begun
    with pytest.raises(Unreachable, match=r"took too long"):
        typeset("#set document(title: [x])", {}, 0)


def test_only_so_many_are_made_at_once_and_the_next_is_told_to_come_again(browser_of, twice, monkeypatch):
    monkeypatch.setattr(typesetting, "WAIT_SECONDS", 0.01)
    address = f"/applications/{twice.code}/versions/1/pdf/"
    for _one in range(typesetting.AT_ONCE):
        typesetting.ROOM.acquire()
    try:
        answer = browser_of("officer").get(address)
    finally:
        typesetting.ROOM.release(typesetting.AT_ONCE)
    assert answer.status_code == 503
    assert "Too many documents are being made just now." in answer.text
    assert browser_of("officer").get(address).status_code == 200


def test_what_takes_too_much_memory_is_ended(monkeypatch):
    monkeypatch.setattr(typesetting, "MEMORY_BYTES", 400_000_000)
    with pytest.raises(Unreachable, match=r"could not be made"):
        typeset("#set document(title: [x])\n#range(20000000).len()", {}, 0)


def test_the_template_evaluates_nothing():
    template = (Path(exports.__file__).parent / "data" / "application.typ").read_text(encoding="utf-8")
    assert [word in template for word in ("eval", "include", "import", "read(")] == [False] * 4
