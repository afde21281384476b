import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.kit.errors import Refused
from fabrica.trainer.texts import read_texts, split, stream


def write(folder, files):
    for name, raw in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(raw)
    return folder


def many(number=40):
    return {f"{one:03d}.txt": f"document {one}\n".encode() * (one + 1) for one in range(number)}


def test_files_come_in_order_of_folder_and_path(tmp_path):
    first = write(tmp_path / "a", {"z.txt": b"1", "b/y.txt": b"2"} | many(20))
    second = write(tmp_path / "b", {"a.txt": b"3"})
    documents = read_texts([second, first]).documents
    assert documents[0] == b"3"
    assert documents[-2:] == (b"2", b"1")


def test_what_is_no_text_is_left_out_and_counted(tmp_path):
    files = many() | {"x.bin": b"\xff\xfe", "nul.txt": b"a\0b", "empty.txt": b"", "again.txt": b"document 0\n"}
    texts = read_texts([write(tmp_path, files)])
    assert len(texts.documents) == 40
    assert (texts.files, texts.skipped_not_text, texts.skipped_empty, texts.skipped_repeated) == (44, 2, 1, 1)
    assert not texts.cut_in_pieces


def test_links_are_not_followed(tmp_path):
    write(tmp_path / "outside", {"secret.txt": b"secret"})
    folder = write(tmp_path / "data", many())
    (folder / "link.txt").symlink_to(tmp_path / "outside" / "secret.txt")
    (folder / "folder").symlink_to(tmp_path / "outside")
    assert b"secret" not in read_texts([folder]).documents


def test_few_documents_are_cut_at_line_ends(tmp_path):
    raw = b"".join(f"line {one}\n".encode() for one in range(1000))
    texts = read_texts([write(tmp_path, {"book.txt": raw})])
    assert texts.cut_in_pieces
    assert b"".join(texts.documents) == raw
    assert len(texts.documents) > 30
    assert all(piece.endswith(b"\n") for piece in texts.documents)


def test_a_text_of_one_long_line_is_cut_between_characters(tmp_path):
    raw = ("".join(chr(0x100 + one) + "é€𝄞" for one in range(3000))).encode()
    texts = read_texts([write(tmp_path, {"line.txt": raw})])
    assert b"".join(texts.documents) == raw
    assert "".join(piece.decode() for piece in texts.documents) == raw.decode()


def test_a_missing_folder_is_refused(tmp_path):
    with pytest.raises(Refused):
        read_texts([tmp_path / "nowhere"])


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_folder_is_refused(tmp_path):
    write(tmp_path / "data", many())
    (tmp_path / "data").chmod(0)
    try:
        with pytest.raises(Refused):
            read_texts([tmp_path / "data"])
    finally:
        (tmp_path / "data").chmod(0o755)


def test_a_folder_without_text_is_refused(tmp_path):
    with pytest.raises(Refused) as refused:
        read_texts([write(tmp_path, {"x.bin": b"\xff"})])
    assert refused.value.what == "There is no text in the data: 1 files, none of them UTF-8 text."


def test_no_document_is_on_both_sides_and_none_is_lost():
    documents = tuple(many().values())
    parts = split(documents, 0.1, 10_000)
    assert set(parts.training) | set(parts.held_out) == set(documents)
    assert not set(parts.training) & set(parts.held_out)
    assert sum(map(len, parts.held_out)) <= 0.1 * sum(map(len, documents))


def test_the_choice_depends_on_contents_only():
    documents = tuple(many().values())
    assert set(split(documents, 0.2, 10_000).held_out) == set(split(documents[::-1], 0.2, 10_000).held_out)


def test_no_more_is_held_out_than_the_cap():
    parts = split(tuple(many(200).values()), 0.5, 2_000)
    assert 1_000 < sum(map(len, parts.held_out)) <= 2_000


@pytest.mark.parametrize("documents", [(b"one",), (b"a" * 1000, b"b" * 1000)])
def test_text_that_leaves_nothing_to_measure_is_refused(documents):
    with pytest.raises(Refused):
        split(documents, 0.05, 10_000)


@given(st.lists(st.binary(min_size=1).filter(lambda raw: b"\0" not in raw), max_size=5))
def test_a_stream_can_be_taken_apart_again(documents):
    assert stream(documents).split(b"\0")[:-1] == documents
