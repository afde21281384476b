"""Where the client keeps which site and which token."""

import json
import os
from pathlib import Path

from fabrica.cli.client import Client, NotSignedIn
from fabrica.kit.errors import Refused
from fabrica.kit.files import write_atomic


def credentials_path() -> Path:
    """The file of the sign-in: below XDG_CONFIG_HOME, readable for its owner only."""
    home = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(home) / "fabrica" / "credentials.json"


def keep(url: str, token: str) -> Path:
    """Keep a sign-in; returns where."""
    path = credentials_path()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_atomic(path, json.dumps({"url": url, "token": token}), mode=0o600)
    return path


def forget() -> bool:
    """Remove the sign-in; whether there was one."""
    path = credentials_path()
    existed = path.exists()
    path.unlink(missing_ok=True)
    return existed


def connect() -> Client:
    """The client of FABRICA_URL and FABRICA_TOKEN, or of the kept sign-in. Raises NotSignedIn, Refused."""
    url, token = os.environ.get("FABRICA_URL", ""), os.environ.get("FABRICA_TOKEN", "")
    if not (url and token):
        try:
            kept = json.loads(credentials_path().read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise NotSignedIn("You are not signed in.", todo="Run `fabrica login URL`.") from None
        except ValueError as error:
            raise Refused(f"{credentials_path()} is damaged.", todo="Run `fabrica login URL` again.") from error
        url, token = url or kept["url"], token or kept["token"]
    return Client(url, token)
