"""Where the sign-in is kept, and to whom the token goes."""

import json
import stat

import pytest
from fabrica.cli import account
from fabrica.cli.client import NotSignedIn
from fabrica.cli.tests.conftest import TOKEN, URL
from fabrica.kit.errors import Refused


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_a_sign_in_is_readable_for_its_owner_only(home):
    folder = home / "config" / "fabrica"
    folder.mkdir(parents=True, mode=0o755)
    path = account.keep(f"{URL}/", TOKEN)
    assert (path, mode(path), mode(folder)) == (folder / "credentials.json", 0o600, 0o700)
    assert json.loads(path.read_text()) == {"url": URL, "token": TOKEN}
    assert account.connect().url == URL


def test_a_kept_token_goes_to_its_own_site_only(monkeypatch):
    account.keep(URL, TOKEN)
    monkeypatch.setenv("FABRICA_URL", "https://evil.example")
    with pytest.raises(NotSignedIn, match="not signed in at https://evil.example"):
        account.connect()
    monkeypatch.setenv("FABRICA_URL", f"{URL}/")
    assert account.connect().url == URL


@pytest.mark.parametrize("damage", ["", "{", "[]", "{}", "3"])
def test_a_damaged_sign_in_is_told(damage):
    account.keep(URL, TOKEN).write_text(damage)
    with pytest.raises(Refused, match="is damaged"):
        account.connect()


def test_logging_out_forgets(fabrica):
    account.keep(URL, TOKEN)
    assert fabrica("logout").stdout == "Signed out.\n"
    assert account.credentials_path().exists() is False
    assert fabrica("logout").stdout == "You were not signed in.\n"
