"""What may be uploaded, and what is refused."""

import io
import struct
import zipfile

import pytest
from fabrica.dataspaces.engine import contents, names
from fabrica.dataspaces.engine.contents import Limits
from fabrica.dataspaces.engine.incoming import LocalFile, receive
from fabrica.dataspaces.engine.terms import Terms, licences, licences_source
from fabrica.dataspaces.tests.factories import FILES, Sent, sent, zipped
from fabrica.kit.errors import Refused
from fabrica.kit.files import list_files

MOST = Limits(total_bytes=100_000, file_bytes=50_000, files=10)


def inside(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in list_files(folder)}


@pytest.mark.parametrize("name", ["a.txt", "a/b/c.txt", "été.txt", "a b.txt", "x" * 190 + ".txt"])
def test_an_honest_name_is_kept(name):
    assert names.clean(name) == name


@pytest.mark.parametrize(
    "name",
    ["", "/etc/passwd.txt", "../a.txt", "a/../b.txt", "a//b.txt", "./a.txt", "C:/a.txt", "a\\b.txt", "a\nb.txt",
     "a\0.txt", "a\u202ext.txt", ".hidden.txt", "-rf.txt", "a./b.txt", " a.txt", "x" * 500 + ".txt",
     "x" * 201 + "/a.txt", "/".join("a" * 21), "\ud800.txt"],
)  # fmt: skip
def test_a_name_that_could_lead_astray_is_refused(name):
    with pytest.raises(Refused):
        names.clean(name)


def test_one_letter_written_in_two_ways_is_one_name():
    assert names.clean("e\u0301.txt") == "\u00e9.txt"


@pytest.mark.parametrize("paths", [["a.txt", "A.txt"], ["a.txt", "a.txt/b.txt"]])
def test_names_that_collide_are_refused(paths):
    with pytest.raises(Refused):
        names.check_together(paths)


@pytest.mark.parametrize(
    "path", ["a.exe", "a.pkl", "a.pt", "a.sh", "a.so", "a.npy", "program", "a.txt.zip", ".gitignore"]
)
def test_a_kind_that_is_not_on_the_list_is_refused(path):
    with pytest.raises(Refused, match="is not a kind of file"):
        contents.check_type(path)


@pytest.mark.parametrize("path", ["a.txt", "LICENSE", "a/README", "b.PARQUET", "c.jsonl"])
def test_a_kind_on_the_list_is_taken(path):
    contents.check_type(path)


@pytest.mark.parametrize(
    ("path", "head", "what"),
    [
        ("a.txt", b"\x7fELF\x02\x01", "a program (ELF)"),
        ("a.txt", b"MZ\x90\x00\x03", "a program (Windows)"),
        ("a.csv", b"\x80\x04\x95\x10", "a pickle"),
        ("a.csv", b"\x80\x02}q\x00", "a pickle"),
        ("a.txt", b"PK\x03\x04\x14", "an archive"),
        ("a.txt", b"abc\0def", "binary data"),
        ("a.parquet", b"hello", "something else"),
        ("a.parquet", b"\x7fELF", "a program (ELF)"),
    ],
)
def test_first_bytes_that_belie_the_name_are_refused(path, head, what):
    with pytest.raises(Refused) as refused:
        contents.check_head(path, head)
    assert refused.value.what == f"'{path}' is {what}, not what its name says."


@pytest.mark.parametrize(
    ("path", "head"),
    [("a.txt", b""), ("a.py", b"#!/usr/bin/env python3\n"), ("a.txt", b"MZ is a town"), ("a.txt", "é".encode("latin-1")),
     ("a.parquet", b"PAR1\x15\x04"), ("a.feather", b"ARROW1\0\0")],
)  # fmt: skip
def test_honest_first_bytes_are_taken(path, head):
    contents.check_head(path, head)


def test_files_and_a_zip_of_them_arrive_alike(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir(), two.mkdir()
    assert receive(sent(), one, MOST) == sorted(FILES)
    junk = {"__MACOSX/._one.txt": b"\0\0", "letters/.DS_Store": b"\0"}
    assert receive([Sent("all.zip", zipped({**FILES, **junk}))], two, MOST) == sorted(FILES)
    assert inside(one) == inside(two) == FILES


def test_a_file_of_this_machine_is_taken_under_a_name_of_choice(tmp_path):
    (tmp_path / "in.txt").write_bytes(b"hello")
    (tmp_path / "out").mkdir()
    receive([LocalFile(tmp_path / "in.txt", "sub/name.txt")], tmp_path / "out", MOST)
    assert inside(tmp_path / "out") == {"sub/name.txt": b"hello"}


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "No files were sent"),
        ({"a.txt": b"x" * 50_001}, "the limit of one file"),
        ({f"{n}.txt": b"x" * 40_000 for n in range(3)}, "the limit of a version"),
        ({f"{n}.txt": b"x" for n in range(11)}, "more than 10 files"),
    ],
)
def test_what_is_too_much_is_refused_with_its_limit(tmp_path, files, words):
    with pytest.raises(Refused, match=words):
        receive(sent(files), tmp_path, MOST)


def test_a_name_sent_twice_is_refused(tmp_path):
    with pytest.raises(Refused, match="sent twice"):
        receive([Sent("a.txt", b"1"), Sent("a.txt", b"2")], tmp_path, MOST)


@pytest.mark.parametrize(
    ("name", "words"),
    [("../evil.txt", "cannot be used"), ("/etc/cron.d/x.txt", "cannot be used"), ("a.pkl", "not a kind of file")],
)
def test_a_zip_cannot_write_outside_nor_bring_other_kinds(tmp_path, name, words):
    folder = tmp_path / "in"
    folder.mkdir()
    with pytest.raises(Refused, match=words):
        receive([Sent("a.zip", zipped({name: b"x"}))], folder, MOST)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_a_link_in_a_zip_is_refused(tmp_path):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        info = zipfile.ZipInfo("link.txt")
        info.create_system, info.external_attr = 3, 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(Refused, match="is a link or a device"):
        receive([Sent("a.zip", out.getvalue())], tmp_path, MOST)


def test_an_encrypted_zip_is_refused(tmp_path):
    raw = bytearray(zipped({"a.txt": b"secret"}, zipfile.ZIP_STORED))
    raw[6] |= 1
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(Refused, match="is encrypted"):
        receive([Sent("a.zip", bytes(raw))], tmp_path, MOST)


def test_an_unusual_packing_is_refused(tmp_path):
    with pytest.raises(Refused, match="packed in an unusual way"):
        receive([Sent("a.zip", zipped({"a.txt": b"x"}, zipfile.ZIP_LZMA))], tmp_path, MOST)


def test_a_zip_bomb_is_stopped_by_what_it_writes(tmp_path):
    bomb = zipped({"a.txt": b"0" * 20_000_000})
    assert len(bomb) < 30_000
    wide = Limits(total_bytes=10**9, file_bytes=10**9, files=10)
    with pytest.raises(Refused, match="unpacks to more than 200 times its size"):
        receive([Sent("a.zip", bomb)], tmp_path, wide)
    assert sum(path.stat().st_size for path in list_files(tmp_path)) <= 11_000_000


def test_a_zip_whose_header_lies_about_the_size_is_refused(tmp_path):
    raw = bytearray(zipped({"a.txt": b"0" * 40_000}))
    struct.pack_into("<I", raw, raw.index(b"PK\x01\x02") + 24, 10)
    with pytest.raises(Refused, match="damaged"):
        receive([Sent("a.zip", bytes(raw))], tmp_path, MOST)


@pytest.mark.parametrize("damage", [lambda raw: b"", lambda raw: raw[:-30], lambda raw: b"hello" * 10,
                                    lambda raw: raw[:40] + b"\xff\xff" + raw[42:]])  # fmt: skip
def test_a_damaged_zip_is_refused(tmp_path, damage):
    with pytest.raises(Refused):
        receive([Sent("a.zip", damage(zipped()))], tmp_path, MOST)


def test_a_zip_with_too_many_members_is_refused_before_its_list_is_read(tmp_path):
    many = zipped({f"{n}.txt": b"" for n in range(11)})
    with pytest.raises(Refused, match="more than 10 files"):
        receive([Sent("a.zip", many)], tmp_path, MOST)


def test_a_zip64_archive_is_refused(tmp_path):
    raw = zipped({"a.txt": b"x"})
    at = raw.index(b"PK\x05\x06")
    with pytest.raises(Refused, match="ZIP64"):
        receive([Sent("a.zip", raw[:at] + b"PK\x06\x07" + b"\0" * 16 + raw[at:])], tmp_path, MOST)


def test_every_licence_has_a_name_and_the_list_a_source():
    assert licences()["PSF-2.0"] == "Python Software Foundation License 2.0"
    assert licences_source().checked_on.isoformat() == "2026-11-23"


def test_terms_are_named_by_their_hash():
    one = Terms("MIT", "", "Be kind.", "")
    assert one.sha256 == Terms("MIT", "", "Be kind.", "").sha256
    assert one.sha256 != Terms("MIT", "", "Be kind", "").sha256
