"""A real sshd on loopback: what arrives there, whose host key is believed, and what a cut connection means."""

import socket
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest

from fabrica.clusters.adapters.slurm.settings import Ssh
from fabrica.clusters.adapters.slurm.ssh import OverSsh
from fabrica.kit.errors import Unreachable

pytestmark = pytest.mark.slurm  # needs root and the package openssh-server, as the cluster does


def key(path):
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    return path.with_suffix(".pub").read_text().split()[:2]


@pytest.fixture
def login_node(tmp_path):
    host_key, _ = key(tmp_path / "host"), key(tmp_path / "person")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (tmp_path / "authorized").write_text((tmp_path / "person.pub").read_text())
    (tmp_path / "known").write_text(f"[127.0.0.1]:{port} {' '.join(host_key)}\n")
    config = tmp_path / "sshd_config"
    config.write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {tmp_path}/host\nAuthorizedKeysFile {tmp_path}/authorized\n"
        "PermitRootLogin prohibit-password\nPasswordAuthentication no\nStrictModes no\nUsePAM no\nPidFile none\n"
    )
    Path("/run/sshd").mkdir(exist_ok=True)
    daemon = subprocess.Popen(["/usr/sbin/sshd", "-D", "-e", "-f", str(config)], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    yield Ssh("127.0.0.1", "root", tmp_path / "person", tmp_path / "known", port)
    daemon.terminate()
    daemon.wait(10)


@pytest.fixture
def shell(login_node):
    shell = OverSsh(login_node, {"SLURM_TIME_FORMAT": "%s"}, 10)
    yield shell
    shell.close()


def test_arguments_arrive_as_they_are(shell):
    odd = ["a b", "$(id)", "`id`", "x;id", "'", '"', "\\", "*", "é", "a\nb"]
    assert shell.run(["printf", "%s|", *odd]).out == "|".join([*odd, ""])


def test_input_output_and_status_come_back(shell):
    answer = shell.run(["sh", "-c", "cat; echo bad >&2; exit 3"], stdin="some words")
    assert (answer.code, answer.out, answer.err) == (3, "some words", "bad\n")


def test_the_environment_is_given(shell):
    assert shell.run(["printenv", "SLURM_TIME_FORMAT"]).out == "%s\n"


def test_much_output_comes_whole_and_line_by_line(shell):
    assert sum(1 for _ in shell.lines(["seq", "200000"])) == 200_000
    assert shell.run(["seq", "200000"]).out.count("\n") == 200_000


def test_one_connection_serves_many_commands(shell):
    first = shell._transport()
    assert [shell.run(["echo", str(one)]).out for one in range(5)] == [f"{one}\n" for one in range(5)]
    assert shell._transport() is first


def test_an_unknown_host_key_is_refused(login_node, tmp_path):
    other = key(tmp_path / "other")
    (tmp_path / "false").write_text(f"[127.0.0.1]:{login_node.port} {' '.join(other)}\n")
    with pytest.raises(Unreachable):
        OverSsh(replace(login_node, known_hosts=tmp_path / "false"), {}, 5).run(["id"])
    (tmp_path / "none").write_text("")
    with pytest.raises(Unreachable):
        OverSsh(replace(login_node, known_hosts=tmp_path / "none"), {}, 5).run(["id"])


def test_a_connection_cut_in_the_middle_of_an_answer_is_no_answer(shell):
    cut = ["sh", "-c", "echo half; kill -9 $PPID; sleep 5"]
    with pytest.raises(Unreachable):
        shell.run(cut)
    assert shell.run(["echo", "again"]).out == "again\n"
    with pytest.raises(Unreachable):
        list(shell.lines(cut))
    assert shell.run(["echo", "again"]).out == "again\n"


def test_a_command_that_takes_too_long_is_no_answer(login_node):
    shell = OverSsh(login_node, {}, 1)
    with pytest.raises(Unreachable):
        shell.run(["sleep", "20"])
    shell.close()


def test_a_line_without_an_end_is_given_up_and_not_kept(shell):
    with pytest.raises(Unreachable) as raised:
        list(shell.lines(["head", "-c", "20000000", "/dev/zero"]))
    assert raised.value.why == "A line of it is too long to be read."


def test_how_it_ended_may_come_after_all_that_it_said(shell):
    assert list(shell.lines(["sh", "-c", "echo one; exec >&- 2>&-; sleep 1"])) == ["one\n"]
    with pytest.raises(Unreachable):
        list(shell.lines(["sh", "-c", "echo one; exec >&- 2>&-; sleep 1; exit 1"]))
