"""The list of revoked keys as a file, and byte ranges."""

import json

import pytest
from fabrica.kit.errors import Refused
from fabrica.registry.engine import RevokedKey, read_revoked, revoked_json
from fabrica.registry.engine.ranges import range_of

KEY = RevokedKey(f"sha256:{'a' * 64}", "2026-11-23T09:00:00+00:00", "The disk was stolen.")


def test_the_list_is_read_back_as_it_was_written(tmp_path):
    path = tmp_path / "revoked-keys.json"
    path.write_text(revoked_json([KEY]))
    assert read_revoked(path) == (KEY,)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"format": "x", "keys": []}',
        '{"format": "fabrica-revoked-keys-1", "keys": [{"fingerprint": "sha256:a"}]}',
        json.dumps({"format": "fabrica-revoked-keys-1", "keys": [{**vars(KEY), "revoked_at": "soon"}]}),
        json.dumps({"format": "fabrica-revoked-keys-1", "keys": [{**vars(KEY), "fingerprint": 1}]}),
    ],
)
def test_a_list_that_cannot_be_read_is_refused_and_not_taken_for_empty(tmp_path, text):
    path = tmp_path / "revoked-keys.json"
    path.write_text(text)
    with pytest.raises(Refused, match="cannot be read"):
        read_revoked(path)


def test_a_list_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(Refused, match="cannot be read"):
        read_revoked(tmp_path / "nowhere.json")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", None),
        ("bytes=0-", range(10)),
        ("bytes=4-", range(4, 10)),
        ("bytes=4-6", range(4, 7)),
        ("bytes=4-99", range(4, 10)),
        ("bytes=-3", range(7, 10)),
        ("bytes=-99", range(10)),
        ("bytes=6-4", None),
        ("bytes=-", None),
        ("bytes=0-1,4-5", None),
        ("lines=0-1", None),
    ],
)
def test_a_range_is_understood_or_left_alone(header, expected):
    assert range_of(header, 10) == expected


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=99-100", "bytes=-0"])
def test_a_range_outside_the_file_is_an_error(header):
    with pytest.raises(ValueError, match="outside"):
        range_of(header, 10)
