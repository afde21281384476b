"""A whole site in a temporary home: its database, web server, worker and local cluster, as an operator starts them."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from fabrica.config.demo.processes import Servers, free_port

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Site:
    """Where it answers, where it lives, and everybody's password."""

    url: str
    home: Path
    passwords: dict[str, str]

    def link_in_letters(self, beginning: str) -> str | None:
        """The newest address of the site that a letter carries; without a mail server, letters stand in the log."""
        log = self.home / "logs" / "worker.log"
        found = re.findall(rf"{re.escape(self.url)}({re.escape(beginning)}\S+)", log.read_text(encoding="utf-8"))
        return found[-1] if found else None


@contextmanager
def opened(home: Path, **settings: str) -> Iterator[Site]:
    """Set a site up and serve it until the end of the block."""
    port = free_port()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("DJANGO_SETTINGS_MODULE", "fabrica.config.settings")
        environment.setenv("FABRICA_HOME", str(home))
        for name in ("DATABASE_URL", "FABRICA_STORAGE", "FABRICA_KEYS", "FABRICA_ANCHOR_FILE"):
            environment.delenv(name, raising=False)
        for name, value in settings.items():
            environment.setenv(name, value)
        for module in (["fabrica.config", "init"], ["tests.journeys.stage"]):
            subprocess.run([sys.executable, "-m", *module], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        with Servers(home, port) as servers:
            yield Site(servers.url, home, json.loads((home / "cast.json").read_text()))
