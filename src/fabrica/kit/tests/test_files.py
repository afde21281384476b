import hashlib
import json
import os

import pytest
from fabrica.kit import files
from fabrica.kit.errors import Refused
from hypothesis import given, settings
from hypothesis import strategies as st

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(
        st.characters(exclude_categories=["Cs"])
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
NAMES = st.text("abcXYZ09_.é- ", min_size=1, max_size=12).filter(lambda name: name.strip(". "))


def tree(folder, contents):
    for name, data in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def test_writing_atomically_replaces_the_whole_and_leaves_nothing_beside(tmp_path):
    target = tmp_path / "deep" / "er" / "job.json"
    files.write_atomic(target, "old, and longer")
    files.write_atomic(target, b"new", mode=0o600)
    assert target.read_bytes() == b"new"
    assert target.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in target.parent.iterdir()] == ["job.json"]


def test_a_write_that_fails_keeps_the_old_file_and_cleans_up(tmp_path, monkeypatch):
    target = tmp_path / "kept"
    files.write_atomic(target, "old")
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError("disc full")))
    with pytest.raises(OSError, match="disc full"):
        files.write_atomic(target, "new")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("kept", "old")]


def test_a_write_leaves_nothing_when_the_target_is_a_folder(tmp_path):
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match="Is a directory"):
        files.write_atomic(tmp_path / "taken", "x")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


@pytest.mark.parametrize("size", [0, 1, files.CHUNK, files.CHUNK + 1])
def test_a_files_hash_is_that_of_its_bytes(tmp_path, size):
    (tmp_path / "f").write_bytes(b"a" * size)
    assert files.sha256_file(tmp_path / "f") == hashlib.sha256(b"a" * size).hexdigest()


def test_the_facts_of_a_folder_are_path_size_and_hash_in_order(tmp_path):
    tree(tmp_path, {"b/x": b"1", "a.txt": b"22", "b.txt": b""})
    one, two, none = (hashlib.sha256(data).hexdigest() for data in (b"1", b"22", b""))
    assert files.folder_facts(tmp_path) == (
        files.FileFact("a.txt", 2, two),
        files.FileFact("b.txt", 0, none),
        files.FileFact("b/x", 1, one),
    )


@settings(max_examples=20)
@given(st.dictionaries(NAMES, st.binary(max_size=20), min_size=1, max_size=5), st.data())
def test_a_folders_hash_tells_any_change_and_nothing_else(tmp_path_factory, contents, data):
    first, second = tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("two")
    tree(first, contents)
    tree(second, dict(reversed(contents.items())))
    assert files.folder_sha256(first) == files.folder_sha256(second)
    changed = data.draw(st.sampled_from(sorted(contents)))
    (second / changed).write_bytes(contents[changed] + b"!")
    assert files.folder_sha256(first) != files.folder_sha256(second)


def test_a_renamed_file_changes_the_hash(tmp_path):
    tree(tmp_path, {"one": b"same"})
    before = files.folder_sha256(tmp_path)
    (tmp_path / "one").rename(tmp_path / "two")
    assert files.folder_sha256(tmp_path) != before


def test_facts_hash_the_same_in_any_order(tmp_path):
    tree(tmp_path, {"a": b"1", "b": b"2"})
    facts = files.folder_facts(tmp_path)
    assert files.facts_sha256(facts) == files.facts_sha256(facts[::-1]) == files.folder_sha256(tmp_path)


def test_a_link_inside_is_refused(tmp_path):
    tree(tmp_path, {"sub/real": b""})
    (tmp_path / "sub" / "link").symlink_to("/etc/passwd")
    with pytest.raises(Refused, match=r"^sub/link is a link\."):
        files.list_files(tmp_path)


def test_a_linked_folder_is_refused_and_not_walked(tmp_path):
    (tmp_path / "up").symlink_to(tmp_path, target_is_directory=True)
    with pytest.raises(Refused, match=r"^up is a link\."):
        files.folder_facts(tmp_path)


@given(JSON)
def test_canonical_json_is_read_back_as_it_was(value):
    assert json.loads(files.canonical_json(value)) == value


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), JSON, max_size=6))
def test_canonical_json_does_not_depend_on_the_order_of_keys(value):
    assert files.canonical_json(value) == files.canonical_json(dict(reversed(value.items())))


def test_canonical_json_byte_for_byte():
    assert files.canonical_json({"b": [1, 2.5, None], "a": "é\n"}) == '{"a":"é\\n","b":[1,2.5,null]}'.encode()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"x": float("-inf")}])
def test_what_json_cannot_say_is_refused(value):
    with pytest.raises(ValueError, match="Out of range"):
        files.canonical_json(value)
