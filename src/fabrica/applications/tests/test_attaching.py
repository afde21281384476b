"""Files: checked by name and content, kept by content, given out to who may read, and never lost once handed in."""

import errno
import hashlib
import os
import zlib
from datetime import timedelta
from time import process_time

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from fabrica.applications import queries, services, tasks
from fabrica.applications.engine import attached
from fabrica.kit.attached import FILE_BYTES, clean_name, kind_of
from fabrica.applications.models import Attachment
from fabrica.applications.services import attaching
from fabrica.applications.tests.factories import draft
from fabrica.applications.tests.test_forms import typed
from fabrica.audit.queries import about
from fabrica.kit.errors import NotAllowed, NotFound, Refused, Unreachable
from fabrica.applications.queries.attachments import attachment_of, attachments_of, content_of, content_path

PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog /OpenAction [2 0 R /Fit] >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\0" * 20 + b"\0\0\0\0IEND\xaeB`\x82"
JPG = b"\xff\xd8\xff\xe0" + b"\0" * 20 + b"\xff\xd9"
ALL = ("pdf", "png", "jpg", "txt", "csv")


def inside(text: bytes) -> bytes:
    """A PDF with something more in its catalogue."""
    return PDF.replace(b"/OpenAction", text + b" /OpenAction")


def packed(text: bytes, about: bytes = b"/Type /ObjStm", pack=zlib.compress) -> bytes:
    """A PDF with something in its packed objects."""
    content = pack(b"4 0 " + text)
    stream = b"2 0 obj\n<< /Filter /FlateDecode " + about + b" >>\nstream\n" + content + b"\nendstream\nendobj\n"
    return PDF.replace(b"trailer", stream + b"trailer")


def in_letters(text: bytes) -> bytes:
    """Packed as another filter does."""
    return text.hex().encode()


def twice(text: bytes) -> bytes:
    """Packed, and packed once more."""
    return zlib.compress(zlib.compress(text))


def chance(text: bytes) -> bytes:
    """A PDF whose picture happens to hold such bytes."""
    stream = b"2 0 obj\n<< /Type /XObject >>\nstream\n\x01\x02" + text + b" \x03\nendstream\nendobj\n"
    return PDF.replace(b"trailer", stream + b"trailer")


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("plan.PDF", PDF, "pdf"), ("a.png", PNG, "png"), ("a.jpeg", JPG, "jpg"), ("a.txt", "é\n".encode(), "txt"),
        ("a.csv", "\ufeffa;b\n1;2\n".encode(), "csv"), ("a.pdf", packed(b"/Names"), "pdf"), ("a.pdf", chance(b"/JS"), "pdf"),
        ("a.pdf", inside(b"/JSon"), "pdf"),
    ],
)  # fmt: skip
def test_what_is_what_its_name_says_is_taken(name, data, kind):
    assert kind_of(name, data, ALL) == kind


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("a.exe", b"MZ", "a.exe is not a kind of file that is taken here. Use one of: PDF, PNG, JPG, TXT, CSV."),
        ("a.html", b"<p>", "a.html is not a kind of file"),
        ("a.svg", b"<svg/>", "a.svg is not a kind of file"),
        ("a.txt", b"", "a.txt is empty"),
        ("a.txt", b"a\0b", "a.txt is not what its name says"),
        ("a.csv", b"\xff\xfea\0", "a.csv is not what its name says"),
        ("a.pdf", b"<html>%PDF-1.7 %%EOF", "a.pdf is not what its name says. Its content is not that of a PDF file."),
        ("a.pdf", PDF[:40], "a.pdf is not what its name says"),
        ("a.png", JPG, "a.png is not what its name says"),
        ("a.png", PNG + b"<script>", "a.png is not what its name says"),
        ("a.jpg", PNG, "a.jpg is not what its name says"),
        ("a.pdf", inside(b"/Names << /JavaScript 3 0 R >>"), "something in it that acts.*/JavaScript"),
        ("a.pdf", inside(b"/AA << /JS (app.alert) >>"), "something in it that acts.*/JavaScript"),
        ("a.pdf", inside(b"/J#61vaScript 3 0 R"), "something in it that acts.*/JavaScript"),
        ("a.pdf", inside(b"/EmbeddedFiles 3 0 R"), "something in it that acts.*/EmbeddedFiles"),
        ("a.pdf", inside(b"/S /Launch"), "something in it that acts.*/Launch"),
        ("a.pdf", packed(b"<< /S /JavaScript /JS (x) >>"), "something in it that acts.*/JavaScript"),
        ("a.pdf", packed(b"<< /S /JavaScript >>", b"/Type /Obj#53tm"), "something in it that acts.*/JavaScript"),
        ("a.pdf", packed(b"<< /JS (x) >>", b"/Type /ObjStm /N 1 %" + b"x" * 500), "something in it that acts.*/JavaScript"),
        ("a.pdf", packed(b" " * 2_000_000 + b"<< /JS (x) >>"), "something in it that acts.*/JavaScript"),
        ("a.pdf", inside(b"% stream\n /S /JavaScript /JS (x)\n% endstream\n"), "something in it that acts.*/JavaScript"),
        ("a.pdf", inside(b"% stream\n /S /Launch % endstream\n"), "something in it that acts.*/Launch"),
        ("a.pdf", inside(b"% stream\n /Encrypt 4 0 R % endstream\n"), "a.pdf is encrypted"),
        ("a.pdf", packed(b"<< /JS (x) >>", pack=in_letters), "packed in a way that nobody can look into"),
        ("a.pdf", packed(b"<< /JS (x) >>", pack=twice), "packed in a way that nobody can look into"),
        ("a.pdf", packed(b"x", b"/Type /ObjStm /DecodeParms << /Predictor 12 >>"), "packed in a way that nobody"),
        ("a.pdf", packed(b"\0" * 50_000_000), "packed in a way that nobody can look into here. Print it to a new PDF."),
        ("a.pdf", inside(b"/Encrypt 4 0 R"), "a.pdf is encrypted"),
    ],
)  # fmt: skip
def test_what_is_not_or_acts_is_refused_with_its_reason(name, data, told):
    with pytest.raises(Refused, match=told):
        kind_of(name, data, ALL)


def seconds_for(times):
    """The computing time it takes to look into a PDF with so many streams that begin and never end."""
    data = PDF.replace(b"trailer", b"stream\n" * times + b"trailer")

    def one():
        begin = process_time()
        kind_of("a.pdf", data, ALL)
        return process_time() - begin

    return min(one() for _ in range(3))


def test_a_file_of_ten_times_the_size_takes_about_ten_times_as_long():
    few, many = seconds_for(1_000), seconds_for(10_000)
    assert many < 30 * few  # looking to the end for each would take a hundred times as long


def test_a_name_keeps_its_ending_and_no_path():
    assert [clean_name(one) for one in ("../../etc/a.pdf", "C:\\x\\b.PNG", " c\u202e\n.txt ", "é" * 200 + ".csv")] == [
        "a.pdf", "b.PNG", "c.txt", "é" * 116 + ".csv",
    ]  # fmt: skip
    for name in ("pdf", ".pdf", "..", ""):
        with pytest.raises(Refused, match="needs a name with an ending"):
            clean_name(name)


@pytest.fixture
def add(cast, large, now):
    def added(data=PDF, name="plan.pdf", question="scaling_files", by=cast.applicant, to=large):
        return services.attach(application=to, question=question, name=name, data=data, by=by, now=now)

    return added


def stored(one):
    return content_path(one.sha256).read_bytes() if content_path(one.sha256).exists() else None


def test_a_file_lies_below_the_storage_by_its_content(cast, add, large, settings):
    made = add()
    digest = hashlib.sha256(PDF).hexdigest()
    path = settings.FABRICA_STORAGE / "attachments" / digest[:2] / digest
    assert (made.sha256, made.size_bytes, made.kind, path.read_bytes()) == (digest, len(PDF), "pdf", PDF)
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(about(large.subject))[-1].facts == {"sha256": digest, "size_bytes": len(PDF)}
    assert content_of(made) == PDF
    path.write_bytes(PDF[:-1])
    with pytest.raises(Unreachable, match=r"plan.pdf is damaged or lost"):
        content_of(made)


def test_a_content_goes_with_the_last_draft_that_has_it(cast, add, large, large_call, now):
    other = draft(cast, large_call, now)
    first, second = add(), add(to=other, by=cast.mate)
    services.detach(application=large, uid=first.uid, by=cast.mate, now=now)
    assert (attachments_of(large), stored(second)) == ([], PDF)
    services.detach(application=other, uid=second.uid, by=cast.mate, now=now)
    assert (Attachment.objects.count(), stored(second)) == (0, None)
    with pytest.raises(NotFound):
        services.detach(application=other, uid=second.uid, by=cast.mate, now=now)


def test_what_a_killed_process_left_is_deleted_after_an_hour_and_nothing_else(add, now):
    kept, taken_off = add(), add(PNG, "a.png")
    Attachment.objects.filter(pk=taken_off.pk).update(removed_at=now, is_submitted=True)
    named = [content_path(one.sha256) for one in (kept, taken_off)]
    lost = content_path(hashlib.sha256(b"lost").hexdigest())
    half, young = lost.with_name(f".{lost.name}.half"), lost.with_name(hashlib.sha256(b"young").hexdigest())
    lost.parent.mkdir()
    for path in (lost, half, young):
        path.write_bytes(b"lost")
    begin = now.timestamp()
    for path, at in (
        (lost, begin - 3_601),
        (half, begin - 3_601),
        (young, begin + 256 * 60),
        *((one, 0) for one in named),
    ):
        os.utime(path, (at, at))
    assert [tasks.sweep(now + timedelta(minutes=minute)) for minute in range(256)].count(True) == 1
    assert [path.exists() for path in (*named, lost, half, young)] == [True, True, False, False, True]


def test_what_was_handed_in_is_never_deleted_and_each_version_has_its_files(cast, add, large, now):
    first = add()
    services.submit(application=large, by=cast.applicant, now=now)
    with pytest.raises(Refused, match="It was submitted; its files stay as they are"):
        add(PNG, "a.png")
    with pytest.raises(Refused, match="It was submitted"):
        services.detach(application=large, uid=first.uid, by=cast.applicant, now=now)
    services.send_back(application=large, reason="Newer ones?", by=cast.officer, now=now)
    services.detach(application=large, uid=first.uid, by=cast.applicant, now=now)
    add(PNG, "new.png")
    later = now + timedelta(hours=1)
    services.submit(application=large, by=cast.applicant, now=later)
    versions = queries.submissions_of(large)
    names = [[one.name for one in attachments_of(queries.as_it_was(large, version))] for version in versions]
    assert (names, content_of(attachment_of(large, first.uid))) == ([["plan.pdf"], ["new.png"]], PDF)
    assert versions[0].answers["attachments"][0]["sha256"] == first.sha256
    (change,) = queries.changes(large, *versions)
    assert (change.label, change.before, change.after) == ("Measurements of scaling", "plan.pdf", "new.png")


def test_how_many_and_how_much_is_bounded(cast, add, monkeypatch):
    for number in range(3):
        add(PDF + b"%%EOF" * number)
    for problem, how in (
        ("There are 3 files already", {"data": PDF + b"x%%EOF"}),
        ("This file is there already", {}),
        ("kind of file that is taken here", {"question": "plan_file", "name": "a.txt", "data": b"a"}),
        ("a.txt has 10.0 MB; a file has at most 10.0 MB", {"question": "", "name": "a.txt", "data": b"a" * 10_000_001}),
    ):
        with pytest.raises(Refused, match=problem):
            add(**how)
    with pytest.raises(NotFound, match="no question team that takes files"):
        add(question="team")
    monkeypatch.setattr(attaching, "APPLICATION_BYTES", 4 * len(PDF))
    add(b"a", "a.txt", "")
    with pytest.raises(Refused, match="The files of an application have at most"):
        add(PDF + b"y%%EOF", question="")
    monkeypatch.setattr(attaching, "APPLICATION_BYTES", attached.APPLICATION_BYTES)
    monkeypatch.setattr(attaching, "PERSON_BYTES", 4 * len(PDF))
    with pytest.raises(Refused, match="Your files have"):
        add(b"b" * len(PDF), "b.txt", "")
    add(b"b", "b.txt", "", by=cast.mate)
    monkeypatch.setattr(attaching, "APPLICATION_FILES", 5)
    with pytest.raises(Refused, match="There are 5 files already"):
        add(b"c", "c.txt", "", by=cast.mate)


def test_who_does_not_write_in_it_adds_nothing(cast, add, large):
    for who in (cast.outsider, cast.officer):
        with pytest.raises(NotAllowed):
            add(b"not looked into", by=who)
    assert Attachment.objects.count() == 0


def test_a_full_disk_says_so_and_loses_nothing(cast, add, large, browser_of, monkeypatch):
    kept = add()

    def full(*_arguments, **_named):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("fabrica.kit.files.os.fsync", full)
    with pytest.raises(Unreachable, match=r"The file was not kept. .* The site's disk is full"):
        add(PNG, "a.png")
    upload = SimpleUploadedFile("a.png", PNG)
    page = browser_of("applicant").post(
        f"/applications/{large.code}/edit/", {**typed(large, title="Typed"), "x_scaling_files": upload}
    )
    assert (
        "The file was not kept. Your answers and your other files are as they were. The site&#x27;s disk is full."
        in page.text
    )
    large.refresh_from_db()
    assert (large.title, attachments_of(large), stored(kept)) == ("Typed", [kept], PDF)
    left = [one.name for one in content_path(kept.sha256).parents[1].rglob("*") if one.is_file()]
    assert sorted(left) == [".lock", kept.sha256]


def test_the_page_adds_and_removes_files_and_keeps_what_was_typed(browser_of, large):
    ada, address = browser_of("applicant"), f"/applications/{large.code}/edit/"
    uploads = {"x_scaling_files": [SimpleUploadedFile("a.pdf", PDF), SimpleUploadedFile("evil.pdf", inside(b"/JS"))]}
    answer = ada.post(
        address, {**typed(large, title="Typed"), **uploads, "attachments": SimpleUploadedFile("n.txt", b"n")}
    )
    assert "evil.pdf is a PDF with something in it that acts or is another file." in answer.text
    large.refresh_from_db()
    assert (large.title, [(one.name, one.question) for one in attachments_of(large)]) == (
        "Typed", [("a.pdf", "scaling_files"), ("n.txt", "")],
    )  # fmt: skip
    assert [f">{name}</a>" in answer.text for name in ("a.pdf", "n.txt")] == [True, True]
    uid = attachments_of(large)[0].uid
    assert ada.post(address, {**typed(large, title="Again"), "remove": uid}).status_code == 302
    large.refresh_from_db()
    assert (large.title, [one.name for one in attachments_of(large)]) == ("Again", ["n.txt"])


@pytest.mark.parametrize("who", ["applicant", "mate", "officer", "assessor"])
def test_who_may_read_it_gets_the_file_to_save_and_no_page(browser_of, add, cast, large, now, who):
    made = add(name="plän.pdf")
    services.submit(application=large, by=cast.applicant, now=now)
    browser = browser_of(who)
    assert (
        f'href="/applications/{large.code}/attachments/{made.uid}/"' in browser.get(f"/applications/{large.code}/").text
    )
    for address in (
        f"/applications/{large.code}/attachments/{made.uid}/",
        f"/api/applications/{large.code}/attachments/{made.uid}",
    ):
        answer = browser.get(address)
        assert answer.content == PDF
        assert {name: answer[name] for name in ("Content-Type", "Content-Disposition", "X-Content-Type-Options", "Content-Security-Policy")} == {
            "Content-Type": "application/octet-stream", "Content-Disposition": "attachment; filename*=utf-8''pl%C3%A4n.pdf",
            "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'",
        }  # fmt: skip


def test_others_find_nothing(browser_of, add, large, cast, now):
    made = add()
    for who in ("outsider", "officer"):  # it is a draft still
        for address in ("/applications/{}/attachments/{}/", "/api/applications/{}/attachments/{}"):
            assert browser_of(who).get(address.format(large.code, made.uid)).status_code == 404
    other = services.start(call=large.call, organisation=cast.startup, by=cast.applicant, now=now)
    assert browser_of("applicant").get(f"/applications/{other.code}/attachments/{made.uid}/").status_code == 404


def test_the_api_adds_lists_and_removes(client, browser_of, large):
    ada, address = browser_of("applicant"), f"/api/applications/{large.code}/attachments"
    answer = ada.post(address, {"file": SimpleUploadedFile("a.csv", b"a;b"), "question": "scaling_files"})
    assert (answer.status_code, answer.json()["name"], answer.json()["kind"]) == (201, "a.csv", "csv")
    assert ada.post(address, {"file": SimpleUploadedFile("a.exe", b"MZ")}).status_code == 409
    assert ada.get(f"/api/applications/{large.code}").json()["attachments"] == [answer.json()]
    assert browser_of("outsider").post(address, {"file": SimpleUploadedFile("b.csv", b"a")}).status_code == 404
    assert ada.delete(f"{address}/{answer.json()['uid']}").status_code == 204
    assert ada.get(f"/api/applications/{large.code}").json()["attachments"] == []


def test_a_file_must_be_there_where_it_is_asked_for(cast, add, large, change_form, now):
    change_form(lambda one: {**one, "required": True} if one["key"] == "scaling_files" else one)
    services.take_form(application=large, by=cast.applicant, now=now)
    assert [(gap.field, gap.message) for gap in queries.gaps_of(large, now)] == [
        ("x_scaling_files", "Add a file here.")
    ]
    kept = add()
    assert queries.gaps_of(large, now) == []
    change_form(lambda one: None if one["key"] == "scaling_files" else one)
    services.take_form(application=large, by=cast.applicant, now=now)
    assert [(one.uid, one.question) for one in attachments_of(large)] == [(kept.uid, "")]


def test_limits_are_those_that_the_documents_tell():
    sizes = (FILE_BYTES, attached.APPLICATION_BYTES, attached.PERSON_BYTES, attached.APPLICATION_FILES)
    assert sizes == (10_000_000, 50_000_000, 500_000_000, 20)
