"""The web server and the worker of the play: started, watched, started again, and stopped with it."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Self

import httpx

from fabrica.kit.errors import Refused

PATIENCE_SECONDS = 60.0
STOP_SECONDS = 15.0
WATCH_SECONDS = 0.5


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_taken(port: int) -> bool:
    """Whether somebody listens on a port of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def stop_leftovers(home: Path) -> None:
    """End a web server or worker that an earlier play of this home left behind when it was killed."""
    mark = f"FABRICA_DEMO_HOME={home}\0".encode()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            mine = mark in (entry / "environ").read_bytes() and int(entry.name) != os.getpid()
            if mine and b"fabrica" in (entry / "cmdline").read_bytes():
                os.kill(int(entry.name), signal.SIGTERM)
        except OSError:
            continue  # it ended, or is somebody else's


class Servers:
    """Web server and worker as a context. A worker that dies is started again: a site's service manager does that."""

    def __init__(self, home: Path, port: int) -> None:
        self.home, self.port = home, port
        self.url = f"http://127.0.0.1:{port}"
        self.restarts = 0
        self._stop = threading.Event()
        self._commands = {"web": ["serve", "--port", str(port)], "worker": ["work"]}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._watcher = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        if is_taken(self.port):
            raise Refused(f"Port {self.port} is taken.", todo="Stop what listens there, or give another --port.")
        for name in self._commands:
            self._start(name)
        self._wait_for_web()
        self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()

    def _start(self, name: str) -> None:
        logs = self.home / "logs"
        logs.mkdir(exist_ok=True)
        environment = {
            **os.environ,
            "FABRICA_DEMO_HOME": str(self.home),
            "FABRICA_URL": self.url,
            "FABRICA_LOG_LEVEL": "INFO",
        }
        with (logs / f"{name}.log").open("ab") as out:
            self._processes[name] = subprocess.Popen(  # noqa: S603 - an argument list, our own program
                [sys.executable, "-m", "fabrica.config", *self._commands[name]],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
            )

    def _watch(self) -> None:
        while not self._stop.wait(WATCH_SECONDS):
            for name, process in list(self._processes.items()):
                if process.poll() is not None and not self._stop.is_set():
                    self.restarts += 1
                    self._start(name)

    def _wait_for_web(self) -> None:
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            if self._processes["web"].poll() is not None:
                break
            try:
                if httpx.get(f"{self.url}/api/openapi.json", timeout=2).is_success:
                    return
            except httpx.TransportError:
                time.sleep(0.2)
        raise Refused("The web server did not start.", todo=f"Read {self.home / 'logs' / 'web.log'}.")
