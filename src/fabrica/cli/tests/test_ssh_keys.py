"""SSH keys from the command line, against a site written by hand."""

import json

import httpx
import pytest

KEY = {"id": 4, "name": "laptop", "kind": "ssh-ed25519", "fingerprint": "SHA256:abc", "key": "ssh-ed25519 AAAA",
       "added_at": "2026-11-23"}  # fmt: skip
AT = "/api/me/ssh-keys"


@pytest.fixture
def keys(site):
    site.answers |= {f"GET {AT}": [KEY], f"POST {AT}": KEY, f"DELETE {AT}/4": httpx.Response(204)}
    return site


def methods(site):
    return [one.method for one in site.requests]


def test_a_key_is_added_under_the_name_of_its_file_or_another(keys, asked, home):
    path = home / "work" / "id.pub"
    path.write_text("ssh-ed25519 AAAA ada@laptop\n")
    assert asked("ssh-keys", "add", path) == KEY
    asked("ssh-keys", "add", path, "--name", "laptop")
    assert [json.loads(one.content) for one in keys.requests] == [
        {"name": name, "key": "ssh-ed25519 AAAA ada@laptop"} for name in ("id.pub", "laptop")
    ]


@pytest.mark.parametrize("content", ["-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n", "x" * 8_001])
def test_what_is_no_public_key_never_leaves_this_computer(keys, fabrica, home, content):
    (home / "work" / "id").write_text(content)
    result = fabrica("ssh-keys", "add", "id")
    assert (result.exit_code, keys.requests) == (1, [])


def test_a_file_that_is_not_there_is_told(keys, fabrica):
    result = fabrica("ssh-keys", "add", "none.pub")
    assert (result.exit_code, result.stderr) == (1, "none.pub cannot be used.\nNo such file or directory\n")


def test_keys_are_listed(keys, asked, fabrica):
    assert asked("ssh-keys", "list") == [KEY]
    keys.answers[f"GET {AT}"] = []
    assert fabrica("ssh-keys", "list").stdout.startswith("No SSH key yet")


@pytest.mark.parametrize("named", ["4", "SHA256:abc"])
def test_a_key_is_removed_after_a_yes(keys, fabrica, named):
    assert fabrica("ssh-keys", "remove", named, input="n\n").exit_code == 1
    assert methods(keys) == ["GET"]
    assert fabrica("ssh-keys", "remove", named, input="y\n").exit_code == 0
    assert fabrica("ssh-keys", "remove", named, "--yes").stdout == "The SSH key laptop opens no machine any more.\n"
    assert methods(keys).count("DELETE") == 2


def test_a_key_that_is_not_mine_is_told(keys, fabrica):
    result = fabrica("ssh-keys", "remove", "5", "--yes")
    assert (result.exit_code, methods(keys)) == (4, ["GET"])
