"""A site written by hand, a home of its own, and the command run inside this process."""

import functools
import json
from dataclasses import dataclass, field

import httpx
import pytest
from fabrica.cli import account, output, waiting
from fabrica.cli import client as seam
from fabrica.cli.client import Client
from fabrica.cli.main import app
from fabrica.kit.time import utcnow
from fabrica.people import services as people
from fabrica.people.states import Scope
from typer.testing import CliRunner

URL = "https://factory.example.eu"
TOKEN = "fab_" + "x" * 40


@dataclass
class FakeSite:
    """Answers by method and path as a site would: a value (JSON), bytes, a response, or a function of the request."""

    answers: dict = field(default_factory=dict)
    requests: list = field(default_factory=list)

    def __call__(self, request):
        self.requests.append(request)
        path = request.url.raw_path.decode().partition("?")[0]
        answer = self.answers.get(f"{request.method} {path}", self.answers.get(path))
        if callable(answer):
            answer = answer(request)
        if isinstance(answer, httpx.Response):
            return answer
        if isinstance(answer, bytes):
            return httpx.Response(200, content=answer)
        if answer is None:
            told = {"what": "There is nothing here.", "why": "", "todo": "Look elsewhere."}
            return httpx.Response(404, json=told)
        return httpx.Response(200, json=answer)

    def client(self):
        return Client(URL, TOKEN, httpx.MockTransport(self))


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """No sign-in of the person who runs the tests, no folder of theirs, and no real seconds of waiting."""
    for name in ("FABRICA_URL", "FABRICA_TOKEN", "FABRICA_ALLOW_HTTP", "FABRICA_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setattr(output.console, "_width", 200)
    monkeypatch.setattr(output.errors, "_width", 200)
    monkeypatch.setattr(waiting, "POLL_SECONDS", 0.001)
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    yield tmp_path
    seam.close_all()


@pytest.fixture
def site(monkeypatch):
    """A fake site to which the commands speak, signed in."""
    made = FakeSite()
    monkeypatch.setenv("FABRICA_URL", URL)
    monkeypatch.setenv("FABRICA_TOKEN", TOKEN)
    monkeypatch.setattr(account, "Client", functools.partial(Client, transport=httpx.MockTransport(made)))
    return made


@pytest.fixture
def fabrica():
    """Run the command; returns what typer's runner tells: exit_code, stdout, stderr."""

    def run(*arguments, **how):
        return CliRunner().invoke(app, [str(one) for one in arguments], prog_name="fabrica", **how)

    return run


@pytest.fixture
def asked(fabrica):
    """Run a command with `--json`, which must end well and print one document; returns the document."""

    def run(*arguments):
        result = fabrica(*arguments, "--json")
        assert (result.exit_code, result.stderr) == (0, "")
        return json.loads(result.stdout)

    return run


@pytest.fixture
def sign_in(live_server, cast, fabrica):
    """Sign in at the real site as one of the cast."""

    def signed_in(who, *scopes):
        _, secret = people.create_token(name="cli", scopes=scopes or Scope.values, by=getattr(cast, who), now=utcnow())
        return fabrica("login", live_server.url, "--token-file", "-", "--json", input=f"{secret}\n")

    return signed_in
