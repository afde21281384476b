"""Follows docs/operator/install.md in a bare Debian, and looks at what comes of it: `sudo python3 tests/install/run.py`.

The marked blocks are typed as they stand. Processes and mounts live in namespaces of their own and end with this
program; the portal listens in a network of its own, so that nothing on this machine is in its way. No systemd runs
there: `tests/install/systemctl` starts what the units say. Needs root, debootstrap and a Debian mirror.
"""

import fcntl
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parent.parent
DOCUMENT = SOURCE / "docs" / "operator" / "install.md"
FROM_NETWORK = ("packages", "program")
NAME = "factory.example.eu"
COPIED = ("/etc/resolv.conf", "/etc/hosts", "/etc/pip.conf", "/etc/xdg/pip")
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
PASSED_ON = re.compile(
    r"(?i)(https?|no)_proxy|PIP_(CERT|DEFAULT_TIMEOUT|INDEX_URL|EXTRA_INDEX_URL|NO_INDEX|FIND_LINKS)"
)
WHEELS = "/var/cache/wheels"
# What the doctor finds where everything up to "the first operator" was followed, and nothing after it.
STILL_WRONG = {
    "mail: Mails are printed to the log: nobody can confirm an address.",
    "people: Nobody has the role officer.",
    "people: Nobody has the role assessor.",
    "machines: No machine is registered.",
}


def blocks():
    """The marked blocks of the document, in its order."""
    return dict(re.findall(r"^<!-- run: (\w+) -->\n```sh\n(.*?)^```$", DOCUMENT.read_text(), re.M | re.S))


def told(name, begin):
    print(f"    {name}: {time.monotonic() - begin:.0f} s", flush=True)


def need(what, command):
    if shutil.which(command) is None:
        sys.exit(f"{command} is missing, so the install document cannot be followed. Debian: apt-get install {what}.")


def mirror():
    """This machine's own source of packages."""
    for path in (Path("/etc/apt/sources.list.d/debian.sources"), Path("/etc/apt/sources.list")):
        if path.is_file() and (found := re.search(r"https?://\S+/debian/?(?=\s)", path.read_text() + "\n")):
            return found[0]
    return "http://deb.debian.org/debian"


def outside(suite):
    """Make the folder, and go on in namespaces of our own; everything is removed however that ends."""
    os.environ.pop("PIP_FIND_LINKS", None)  # a folder of this machine's
    if os.geteuid() != 0:
        sys.exit("Run this as root: it makes a Debian of its own.")
    need("debootstrap", "debootstrap")
    need("util-linux", "unshare")
    root = tempfile.mkdtemp(prefix="fabrica-install-", dir="/var/tmp")
    os.chmod(root, 0o755)  # the users of that Debian enter it too
    try:
        apart = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
        return subprocess.run([*apart, sys.executable, __file__, "inside", root, suite], check=False).returncode
    finally:
        shutil.rmtree(root, ignore_errors=True)


def inside(root, suite):
    """A bare Debian, then what needs the network."""
    begin = time.monotonic()
    quiet(["debootstrap", "--variant=minbase", suite, str(root), mirror()])
    prepare(root)
    told("a bare Debian", begin)
    found = blocks()
    for name in FROM_NETWORK:
        type_block(root, name, found[name])
        shutil.copyfile(AUTHORITIES, f"{root}{AUTHORITIES}")  # whom this machine trusts, for where packages come from
    # The upgrade builds once more, where there is no network.
    there(root, "/opt/fabrica/venv/bin/pip", "download", "--quiet", "--no-deps", "--dest", WHEELS, "setuptools>=77")
    (root / "etc/hosts").write_text(f"127.0.0.1 localhost {NAME}\n")
    alone = ["unshare", "--net", sys.executable, __file__, "serve", str(root)]
    return subprocess.run(alone, check=False).returncode


def prepare(root):
    for path in map(Path, COPIED):
        target = root / str(path)[1:]
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            shutil.copytree(path, target, dirs_exist_ok=True)
        elif path.exists():
            shutil.copyfile(path, target)
    # As in an image of a container: packages install their services, nothing starts them.
    (root / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n")
    (root / "usr/sbin/policy-rc.d").chmod(0o755)
    shutil.copy(HERE / "systemctl", root / "usr/local/bin/systemctl")
    subprocess.run(["mount", "-t", "proc", "proc", str(root / "proc")], check=True)
    subprocess.run(["mount", "--rbind", "/dev", str(root / "dev")], check=True)
    # The release that is fetched: what git knows of this checkout, changes included.
    source = root / "opt/fabrica/source"
    names = subprocess.run(
        ["git", "-c", f"safe.directory={SOURCE}", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=SOURCE, check=True, capture_output=True, text=True,
    ).stdout.split("\0")  # fmt: skip
    for name in filter(None, names):
        if (SOURCE / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(SOURCE / name, source / name)


def quiet(command, **options):
    """Run it; what it said is shown only where it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **options)
    if done.returncode:
        sys.exit(f"{command[:3]} ended with {done.returncode}:\n{done.stdout[-4000:]}")
    return done.stdout


def there(root, *command, **options):
    """Run a command in the Debian, with a plain environment."""
    passed = {name: value for name, value in os.environ.items() if PASSED_ON.fullmatch(name)}
    path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    environment = {**passed, "PATH": path, "HOME": "/root", "LANG": "C.UTF-8", "TERM": "dumb"}
    return quiet(["chroot", str(root), *command], env=environment, timeout=600, **options)


def type_block(root, name, text):
    begin = time.monotonic()
    there(root, "bash", "-e", "-x", "-c", text)
    told(name, begin)


def visit(root, what, *arguments):
    """Look at the portal from the Debian itself, as a person's browser does."""
    program = root / "tmp/visitor.py"
    shutil.copy(HERE / "visitor.py", program)
    return there(root, "/opt/fabrica/venv/bin/python", "/tmp/visitor.py", what, *arguments)


def serve(root):
    """Everything from the database on, in a network where only we are."""
    loopback_up()
    os.environ.update(PIP_NO_INDEX="1", PIP_FIND_LINKS=WHEELS)
    found = blocks()
    there(root, "service", "postgresql", "start")
    for name in ("database", "settings", "init", "units"):
        type_block(root, name, found[name])
    visit(root, "probes")
    make_certificate(root)
    there(root, "service", "nginx", "start")
    type_block(root, "proxy", found["proxy"])
    visit(root, "proxy")
    visit(root, "sign-up", "/run/units/fabrica-web.service.log")
    type_block(root, "operator", found["operator"])
    assert_doctor(root)
    type_block(root, "upgrade", found["upgrade"])
    visit(root, "probes")
    assert_doctor(root)
    assert_logs(root)
    assert_light(root)
    type_block(root, "uninstall", found["uninstall"])
    assert_gone(root)
    rest = set(found) - {
        *FROM_NETWORK,
        "database",
        "settings",
        "init",
        "units",
        "proxy",
        "operator",
        "upgrade",
        "uninstall",
    }
    assert not rest, f"blocks that nobody typed: {rest}"
    return 0


def loopback_up():
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh", b"lo", 1))  # SIOCSIFFLAGS, IFF_UP


def make_certificate(root):
    """What a person gets from an authority; here we are the authority, and the machine trusts it."""
    script = f"""
    install -d -m 750 -o root -g fabrica /etc/fabrica/tls
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 -subj /CN={NAME} \\
      -addext subjectAltName=DNS:{NAME} -keyout /etc/fabrica/tls/privkey.pem -out /etc/fabrica/tls/fullchain.pem
    cp /etc/fabrica/tls/fullchain.pem /usr/local/share/ca-certificates/fabrica.crt
    update-ca-certificates
    """
    there(root, "bash", "-e", "-c", script)


def assert_doctor(root):
    """The doctor finds what the document has not yet asked for, and nothing else."""
    script = "fabrica-site doctor --json || test $? = 1"
    until = time.monotonic() + 60
    while True:
        findings = json.loads(there(root, "bash", "-c", script))["findings"]
        wrong = {f"{one['topic']}: {one['what']}" for one in findings if not one["is_well"]}
        if wrong == STILL_WRONG:
            return
        if time.monotonic() > until:
            sys.exit(f"The doctor finds something else:\n{json.dumps(findings, indent=1)}")
        time.sleep(2)  # a worker that was just started has not written yet


def assert_logs(root):
    """Each line of the worker's log is one JSON object; requests have their number."""
    worker = (root / "run/units/fabrica-work@1.service.log").read_text().splitlines()
    web = (root / "run/units/fabrica-web.service.log").read_text().splitlines()
    for line in worker:
        json.loads(line)
    requests = [json.loads(line) for line in web if line.startswith('{"request_id"')]
    assert any(one.get("route") == "account_login" and one["status"] == 200 for one in requests), web[-20:]
    for line in web:
        assert not line.startswith("{") or "operator@example.eu" not in line, line


def assert_light(root):
    """A portal needs no PyTorch."""
    packages = there(root, "/opt/fabrica/venv/bin/pip", "list", "--format=freeze")
    assert "torch" not in packages.lower(), packages


def assert_gone(root):
    left = [str(path) for path in ("opt/fabrica", "etc/fabrica", "var/lib/fabrica") if (root / path).exists()]
    left += [str(path) for path in root.glob("etc/systemd/system/fabrica*")]
    left += [line for line in (root / "etc/passwd").read_text().splitlines() if line.startswith("fabrica:")]
    databases = there(root, "runuser", "-u", "postgres", "--", "psql", "-Atc", "select datname from pg_database")
    left += [line for line in databases.splitlines() if line == "fabrica"]
    with socket.socket() as probe:
        left += ["port 8000"] if probe.connect_ex(("127.0.0.1", 8000)) == 0 else []
    assert left == [], left


if __name__ == "__main__":
    if sys.argv[1:2] == ["inside"]:
        sys.exit(inside(Path(sys.argv[2]), sys.argv[3]))
    elif sys.argv[1:2] == ["serve"]:
        sys.exit(serve(Path(sys.argv[2])))
    sys.exit(outside(sys.argv[1] if len(sys.argv) > 1 else "bookworm"))
