"""What the tests of the doctor share: a site's home, servers to be asked, a certificate to be trusted."""

import pytest

from fabrica.config.tests.mailserver import Server, certificate
from fabrica.kit.signing import create_key


@pytest.fixture
def site(settings, tmp_path):
    """A site's home as `init` leaves it."""
    settings.FABRICA_HOME, settings.FABRICA_STORAGE = tmp_path, tmp_path / "storage"
    settings.FABRICA_KEYS, settings.FABRICA_ANCHOR_FILE = tmp_path / "keys", tmp_path / "anchors.jsonl"
    settings.INSECURE_OK = False
    tmp_path.chmod(0o700)
    for folder in ("storage", "keys"):
        (tmp_path / folder).mkdir(mode=0o700)
    create_key(tmp_path / "keys" / "site.pem")
    return settings


@pytest.fixture
def served():
    """Starts a server for the length of the test."""
    opened = []

    def serve(how):
        opened.append(Server(how))
        return opened[-1]

    yield serve
    for one in opened:
        one.close()


@pytest.fixture
def trusted(tmp_path, monkeypatch):
    """A certificate for localhost that this process trusts."""
    path = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    return path
