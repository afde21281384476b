"""Slurm's commands as small programs in a folder: they answer well, hang, or answer with whatever a test gives them.

Each call is written down in `calls` before anything else. A job that sbatch was given is kept in `jobs`.
"""

import sys
from pathlib import Path

from fabrica.clusters.adapters.slurm import commands
from fabrica.clusters.adapters.slurm.cluster import SlurmCluster
from fabrica.clusters.adapters.slurm.settings import settings_from
from fabrica.clusters.adapters.slurm.shell import Here

NAMES = ("squeue", "sacct", "sacctmgr", "scontrol", "scancel", "sinfo", "sbatch")
SEP = commands.SEPARATOR
PROGRAM = f"""#!{sys.executable} -IS
import os, re, sys, time
home = os.path.dirname(os.path.abspath(__file__))
name, args = os.path.basename(sys.argv[0]), sys.argv[1:]
path = lambda one: os.path.join(home, one)
def read(one):
    try:
        with open(path(one)) as file:
            return file.read()
    except FileNotFoundError:
        return ""
with open(path("calls"), "a") as file:
    file.write(" ".join([name, *args]) + "\\n")
text = " ".join(args)
asked_mark = re.search("--delimiter=([^ ]+)|--Format=ArrayJobID:([^,]+)", text)
mark = (asked_mark.group(1) or asked_mark.group(2)) if asked_mark else ""
mode = read("mode-" + name) or read("mode")
if mode == "hang":
    time.sleep(30)
    sys.exit(1)
if mode == "garbage":
    with open(path("garbage"), "rb") as file:
        said = file.read()
    if name == "sacct" and mark:
        said = said.replace(b"\\n", b"{SEP}\\n")
    sys.stdout.buffer.write(said.replace(b"{SEP}", mark.encode() or b"{SEP}").replace(b"NAME", read("name").encode()))
    sys.exit(0)
if mode == "fail":
    sys.exit(read("words") or "slurm: error: something nobody foresaw")
jobs = [line.split("\\t") for line in read("jobs").splitlines()]
if name == "sbatch":
    token = re.search(r"--job-name=(\\S+)", sys.stdin.read()).group(1)
    number = str(len(jobs) + 101)
    with open(path("jobs"), "a") as file:
        file.write(number + "\\t" + token + "\\n")
    if mode == "hang after":
        time.sleep(30)
    print(number)
elif name == "squeue" and "--format=%T" not in text:
    asked = args[args.index("--name") + 1] if "--name" in args else ""
    for number, token in jobs:
        if asked in ("", token):
            row = [number, "N/A", "PENDING", "Priority", "1795420800", "N/A", "0", token, ""]
            print(mark.join(row))
elif name == "sacct" and "--helpformat" in args:
    print("{" ".join(commands.NEEDED)}")
elif name == "sacctmgr" and "associations" in args:
    print(read("links" if "user=" in args else "members"), end="")
elif name == "sacctmgr" and "show" in args:
    print(read(args[args.index("show") + 1]), end="")
elif name == "scontrol":
    print("PartitionName=all MaxTime=UNLIMITED")
elif name == "sinfo":
    print("{SEP}".join(["n1", "gpu:2", "gpu:1(IDX:0)", "mixed", ""]))
"""


class Commands:
    """A folder of such programs, and the real adapter that calls them."""

    def __init__(self, folder: Path, timeout_seconds: int = 1):
        self.folder = folder
        folder.mkdir()
        program = folder / "program"
        program.write_text(PROGRAM)
        program.chmod(0o755)
        for name in NAMES:
            (folder / name).hardlink_to(program)
        values = {"cluster": "dev", "partition": "all", "gpus_per_node": 2, "become": "self"}
        env = {**commands.environment(""), "PATH": f"{folder}:/usr/bin:/bin"}
        self.cluster = SlurmCluster(settings_from(values), 2, Here(env, timeout_seconds))

    def answer(self, mode: str, *names: str, text: bytes = b"") -> None:
        """Let all of them, or those named, answer so from now on: well (empty), hang, hang after, garbage, fail."""
        for one in self.folder.glob("mode*"):
            one.unlink()
        for name in names or ("",):
            (self.folder / f"mode-{name}".removesuffix("-")).write_text(mode)
        (self.folder / "garbage").write_bytes(text)

    def has(self, account: str, minutes: int, description: str, programme: str = "", member: str = "") -> None:
        """Let sacctmgr show an account of ours, open, with its budget, and whoever may charge it."""
        qos, above = f"fabrica_{account}", f"fabrica_{programme}" if programme else "fabrica"
        tops = "".join(f"{one}|fabrica|{one}\n" for one in dict.fromkeys(("fabrica", above)))
        links = "fabrica|root|normal|normal\n" + (f"{above}|fabrica|normal|normal\n" if programme else "")
        texts = {
            "account": f"{tops}{account}|fabrica|{description}\n",
            "qos": f"{qos}|NoDecay|gres/gpu={minutes}||0|fabrica {description}\n",
            "links": f"{links}{account}|{above}|{qos}|{qos}\n",
            "members": f"{account}||\n" + (f"{account}|{member}|\n" if member else ""),
        }
        for name, text in texts.items():
            (self.folder / name).write_text(text)

    def calls(self) -> list[str]:
        """What was called so far."""
        found = self.folder / "calls"
        return found.read_text().split("\n")[:-1] if found.exists() else []

    def jobs(self) -> list[str]:
        """The tokens of the jobs that there are."""
        found = self.folder / "jobs"
        return [line.split("\t")[1] for line in found.read_text().splitlines()] if found.exists() else []
