"""Where the client keeps which site and which token."""

import json
import os
from pathlib import Path

from fabrica.cli.client import Client, NotSignedIn, checked_url
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
    path.parent.chmod(0o700)  # it may have been there before
    write_atomic(path, json.dumps({"url": checked_url(url), "token": token}), mode=0o600)
    return path


def forget() -> bool:
    """Remove the sign-in; whether there was one."""
    path = credentials_path()
    existed = path.exists()
    path.unlink(missing_ok=True)
    return existed


def connect() -> Client:
    """The client of FABRICA_URL and FABRICA_TOKEN, or of the kept sign-in. Raises NotSignedIn, Refused.

    A kept token goes to the site it was made for and to no other, whatever FABRICA_URL says.
    """
    url, token = os.environ.get("FABRICA_URL", ""), os.environ.get("FABRICA_TOKEN", "").strip()
    if url and token:
        return Client(url, token)
    kept_url, kept_token = _kept()
    if url and checked_url(url) != kept_url:
        raise NotSignedIn(f"You are not signed in at {url}.", todo=f"Run `fabrica login {url}`, or set FABRICA_TOKEN.")
    return Client(kept_url, token or kept_token)


def _kept() -> tuple[str, str]:
    path = credentials_path()
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return str(kept["url"]), str(kept["token"])
    except FileNotFoundError:
        raise NotSignedIn("You are not signed in.", todo="Run `fabrica login URL`.") from None
    except OSError as error:
        raise Refused(f"{path} cannot be read.", why=str(error.strerror)) from error
    except (ValueError, KeyError, TypeError) as error:
        raise Refused(f"{path} is damaged.", todo="Run `fabrica login URL` again.") from error
