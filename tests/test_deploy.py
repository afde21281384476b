"""What is deployed is held to the code and the install document: units, proxy, container, settings."""

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from fabrica.web.requests import HEADER

from tests.install.run import blocks
from tests.test_docs import settings_read

ROOT = Path(__file__).parent.parent
DEPLOY, SYSTEMD = ROOT / "deploy", ROOT / "deploy" / "systemd"
UNITS = sorted(SYSTEMD.iterdir())
SERVICES = [one for one in UNITS if one.suffix == ".service"]
# Each implies NoNewPrivileges= for a unit with a User=, as systemd.exec(5) says, and would take sudo away.
IMPLY_NO_NEW_PRIVILEGES = {
    "NoNewPrivileges", "SystemCallFilter", "SystemCallArchitectures", "SystemCallLog", "RestrictAddressFamilies",
    "RestrictNamespaces", "RestrictFileSystems", "PrivateDevices", "ProtectKernelTunables", "ProtectKernelModules",
    "ProtectKernelLogs", "ProtectClock", "ProtectHostname", "MemoryDenyWriteExecute", "RestrictRealtime",
    "RestrictSUIDSGID", "DynamicUser", "LockPersonality",
}  # fmt: skip


def read(path):
    return path.read_text(encoding="utf-8")


def lines(path):
    return [line for line in read(path).splitlines() if line and not line.startswith("#")]


def values(path, key):
    return [line.partition("=")[2] for line in lines(path) if line.startswith(f"{key}=")]


def tool(name, package):
    """A program that not every machine has; where everything must be tried, its absence is a failure."""
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        leave_out = pytest.fail if os.environ.get("FABRICA_CI") else pytest.skip
        leave_out(f"{name} is missing. Debian: apt-get install {package}.")
    return found


def run(*command):
    return subprocess.run([str(one) for one in command], capture_output=True, text=True, timeout=60)


@pytest.fixture
def root(tmp_path):
    """A file system with the units in it, and the one program they start."""
    shutil.copytree(SYSTEMD, tmp_path / "etc/systemd/system")
    program = tmp_path / "opt/fabrica/venv/bin/fabrica-site"
    program.parent.mkdir(parents=True)
    program.touch(0o755)
    for target in ("multi-user", "network-online", "sysinit", "basic", "shutdown"):
        (tmp_path / f"etc/systemd/system/{target}.target").write_text("[Unit]\nDescription=its own\n")
    return tmp_path


def test_systemd_reads_every_unit_without_a_word(root):
    names = ["fabrica-work@1.service" if "@" in one.name else one.name for one in UNITS]
    done = run(tool("systemd-analyze", "systemd"), "verify", "--man=no", f"--root={root}", *names)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.parametrize(("name", "most"), [("fabrica-web.service", 20), ("fabrica-work@1.service", 80)])
def test_systemd_finds_no_unit_more_open_than_it_has_to_be(root, name, most):
    command = ["security", "--offline=true", f"--threshold={most}", f"--root={root}", "--no-pager", name]
    done = run(tool("systemd-analyze", "systemd"), *command)
    assert done.returncode == 0, done.stdout[-600:] + done.stderr


def test_the_worker_may_use_sudo():
    keys = {line.partition("=")[0] for line in lines(SYSTEMD / "fabrica-work@.service") if "=" in line}
    assert keys & IMPLY_NO_NEW_PRIVILEGES == set()
    (kept,) = values(SYSTEMD / "fabrica-work@.service", "CapabilityBoundingSet")
    assert {"CAP_SETUID", "CAP_SETGID", "CAP_AUDIT_WRITE"} <= set(kept.split())


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_no_unit_runs_as_root_or_writes_outside_the_home(path):
    assert [values(path, key) for key in ("User", "Group", "ProtectSystem", "ReadWritePaths", "UMask")] == [
        ["fabrica"], ["fabrica"], ["strict"], ["/var/lib/fabrica"], ["0077"],
    ]  # fmt: skip
    assert values(path, "EnvironmentFile") == ["/etc/fabrica/fabrica.env"]


def commands():
    """What the units and the image start, as words after the program."""
    for path in SERVICES:
        yield from (shlex.split(one)[1:] for one in values(path, "ExecStart"))
    yield re.findall(r'"([^"]+)"', re.search(r"^CMD (.+)$", read(DEPLOY / "Containerfile"), re.M)[1])


@pytest.mark.parametrize("command", list(commands()), ids=" ".join)
def test_what_is_started_is_a_command_of_this_site(command):
    from fabrica.config import site
    from typer.main import get_command

    name, *options = command
    get_command(site.app).commands[name].make_context(name, options)


def test_every_setting_of_the_example_exists():
    named = re.findall(r"^#?([A-Z_]+)=", read(DEPLOY / "fabrica.env"), re.M)
    known = {name for name, _ in settings_read()}
    assert {one.removesuffix("_FILE") for one in named} <= known
    assert {"FABRICA_HOME", "FABRICA_HOSTS", "FABRICA_URL", "FABRICA_BEHIND_PROXY", "DATABASE_URL"} <= set(named)


def test_the_example_reads_the_same_for_systemd_and_for_a_shell(tmp_path):
    shown = run("env", "-i", "sh", "-c", f"set -a; . {DEPLOY / 'fabrica.env'}; env").stdout
    by_shell = dict(line.split("=", 1) for line in shown.splitlines())
    by_systemd = {
        line.split("=", 1)[0]: shlex.split(line.split("=", 1)[1])[0] for line in lines(DEPLOY / "fabrica.env")
    }
    assert {name: by_shell[name] for name in by_systemd} == by_systemd


def test_the_container_copies_what_is_there_and_is_made_as_the_document_says():
    text = read(DEPLOY / "Containerfile")
    copied = [name for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.M) for name in shlex.split(line)[:-1]]
    assert [name for name in copied if not (ROOT / name).exists()] == []
    for said in (
        "python3 -m venv /opt/fabrica/venv",
        "adduser --system --group --home /var/lib/fabrica --no-create-home fabrica",
    ):
        assert said in text
        assert said in blocks()["program"]
    assert "--constraint /opt/fabrica/source/constraints.txt '/opt/fabrica/source[site]'" in text
    packages = re.findall(r"install -y --no-install-recommends ([\w -]+?) \\", text)
    assert set(packages[0].split()) <= set(blocks()["packages"].split())


def test_the_container_runs_as_its_own_user():
    last_stage = read(DEPLOY / "Containerfile").rpartition("\nFROM ")[2]
    assert re.findall(r"^USER (.+)$", last_stage, re.M) == ["fabrica"]
    assert last_stage.index("USER fabrica") < last_stage.index("ENTRYPOINT") > last_stage.rindex("RUN ")


def test_the_proxy_sets_the_headers_that_the_settings_believe():
    told = dict(re.findall(r"proxy_set_header (\S+) (\S+);", read(DEPLOY / "nginx.conf")))
    assert told == {
        "Host": "$host", "X-Forwarded-Proto": "https", "X-Forwarded-For": "$proxy_add_x_forwarded_for",
        HEADER: "$request_id",
    }  # fmt: skip


def test_the_proxy_lets_an_upload_through_to_the_portals_own_limit(settings):
    most = int(re.search(r"client_max_body_size (\d+)m;", read(DEPLOY / "nginx.conf"))[1]) * 1_048_576
    assert settings.FABRICA_UPLOAD_LIMIT_BYTES < most < 1.2 * settings.FABRICA_UPLOAD_LIMIT_BYTES


def test_the_document_types_every_file_of_the_deployment():
    typed = " ".join(blocks().values())
    for path in (*UNITS, DEPLOY / "fabrica.env", DEPLOY / "fabrica-site", DEPLOY / "nginx.conf"):
        name = path.relative_to(ROOT).as_posix()
        assert name in typed or (path.suffix == ".service" and "deploy/systemd/*.service" in typed), name


def test_every_command_of_the_document_is_one_of_this_sites():
    from fabrica.config import site

    named = set(re.findall(r"`?\bfabrica-site ([a-z]+)", read(ROOT / "docs/operator/install.md")))
    groups = {"clusters", "calls", "keys", "audit", "backup", "restore"}  # added when the site starts
    from typer.main import get_command

    assert named <= set(get_command(site.app).commands) | groups


def test_every_figure_is_described_and_every_described_figure_is_given(db, now):
    from fabrica.config import metrics
    from fabrica.config.metrics.requests import count

    count("a:page", "GET", 200, 0.1)
    given = set(re.findall(r"^# TYPE (fabrica_\w+?)(?:_created)? ", metrics.text().decode(), re.M))
    table = re.findall(r"^\| (`fabrica_.+?) \|", read(ROOT / "docs/operator/watching.md"), re.M)
    assert {one.removesuffix("_total") for row in table for one in re.findall(r"fabrica_\w+", row)} == {
        one.removesuffix("_total") for one in given
    }


def test_every_topic_of_the_doctor_is_described():
    from fabrica.config.doctor import CHECKS

    section = read(ROOT / "docs/operator/watching.md").partition("## Probes")[0]
    assert re.findall(r"^\| `([\w-]+)` \|", section, re.M) == list(dict.fromkeys(topic for topic, _, _ in CHECKS))
