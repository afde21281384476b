"""A cluster's commands on its login node, over one SSH connection that is kept. Host keys are checked, always.

SSH hands a command over as text that a shell reads there: each argument is quoted, so that it arrives as it is.
"""

import shlex
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing

import paramiko

from fabrica.clusters.adapters.slurm.settings import Ssh
from fabrica.clusters.adapters.slurm.shell import MAX_INPUT, MAX_OUTPUT, Answer, become, lines_of, no_answer, text_of
from fabrica.kit.errors import Refused, Unreachable

PIECE = 1 << 16
PAUSE_SECONDS = 0.01
KEEP_ALIVE_SECONDS = 30
NO_STATUS = -1


class OverSsh:
    """The login node of one machine."""

    def __init__(self, where: Ssh, env: Mapping[str, str], timeout_seconds: int) -> None:
        self.where, self.env, self.timeout_seconds = where, dict(env), timeout_seconds
        self._client: paramiko.SSHClient | None = None
        self._lock = threading.Lock()

    def run(self, argv: Sequence[str], *, stdin: str = "", run_as: str = "") -> Answer:
        if len(stdin) > MAX_INPUT:
            raise Refused("The batch script is too long.")
        with closing(self._start(become(argv, run_as, list(self.env)), argv)) as channel:
            out, err = self._talk(channel, argv, stdin.encode())
            return Answer(self._status(channel, argv), text_of(out), text_of(err))

    def lines(self, argv: Sequence[str]) -> Iterator[str]:
        with closing(self._start(argv, argv)) as channel:
            channel.shutdown_write()
            try:
                yield from lines_of(iter(lambda: channel.recv(PIECE), b""), argv)
                told = text_of(channel.makefile_stderr("rb").read(MAX_OUTPUT))
            except OSError as error:
                raise no_answer(argv, f"The connection broke: {error}") from error
            if self._status(channel, argv):
                raise no_answer(argv, told)

    def close(self) -> None:
        """Let the connection go."""
        with self._lock:
            if self._client is not None:
                self._client.close()
            self._client = None

    def _start(self, command: Sequence[str], argv: Sequence[str]) -> paramiko.Channel:
        variables = [f"{name}={value}" for name, value in self.env.items()]
        text = shlex.join(["env", *variables, *command])
        try:
            channel = self._transport().open_session(timeout=self.timeout_seconds)
            channel.settimeout(self.timeout_seconds)
            channel.exec_command(text)
        except (paramiko.SSHException, OSError, EOFError) as error:
            self.close()
            raise no_answer(argv, f"{self.where.host} cannot be reached: {error}") from error
        return channel

    def _transport(self) -> paramiko.Transport:
        with self._lock:
            transport = self._client.get_transport() if self._client else None
            if transport is None or not transport.is_active():
                self._client = self._connect()
                transport = self._client.get_transport()
            if transport is None:
                raise Unreachable(f"{self.where.host} closed the connection.", todo="It is tried again by itself.")
            return transport

    def _connect(self) -> paramiko.SSHClient:
        client = paramiko.SSHClient()
        client.load_host_keys(str(self.where.known_hosts))
        client.set_missing_host_key_policy(paramiko.RejectPolicy())
        client.connect(
            self.where.host, self.where.port, self.where.user, key_filename=str(self.where.key_file),
            allow_agent=False, look_for_keys=False, timeout=self.timeout_seconds, banner_timeout=self.timeout_seconds,
            auth_timeout=self.timeout_seconds,
        )  # fmt: skip
        transport = client.get_transport()
        if transport is not None:
            transport.set_keepalive(KEEP_ALIVE_SECONDS)
        return client

    def _talk(self, channel: paramiko.Channel, argv: Sequence[str], stdin: bytes) -> tuple[bytes, bytes]:
        """Give the input, take both outputs until the command has ended; bounded in time and size."""
        ends = time.monotonic() + self.timeout_seconds
        out, err = bytearray(), bytearray()
        try:
            channel.sendall(stdin)
            channel.shutdown_write()
            while not (channel.exit_status_ready() and not channel.recv_ready() and not channel.recv_stderr_ready()):
                if time.monotonic() > ends or len(out) + len(err) > MAX_OUTPUT:
                    raise no_answer(argv, f"It took longer than {self.timeout_seconds} seconds, or said too much.")
                if not self._take(channel, out, err):
                    if channel.closed:
                        break
                    time.sleep(PAUSE_SECONDS)
        except (OSError, EOFError) as error:
            self.close()
            raise no_answer(argv, f"The connection broke: {error}") from error
        self._take(channel, out, err)
        return bytes(out), bytes(err)

    @staticmethod
    def _take(channel: paramiko.Channel, out: bytearray, err: bytearray) -> bool:
        took = False
        if channel.recv_ready():
            out += channel.recv(PIECE)
            took = True
        if channel.recv_stderr_ready():
            err += channel.recv_stderr(PIECE)
            took = True
        return took

    def _status(self, channel: paramiko.Channel, argv: Sequence[str]) -> int:
        channel.status_event.wait(self.timeout_seconds)  # it may come after the end of the output
        status = channel.recv_exit_status() if channel.exit_status_ready() else NO_STATUS
        if status == NO_STATUS:
            raise no_answer(argv, "The connection broke before the command said how it ended.")
        return status
