"""What an operator says of a Slurm machine: one TOML file, read with every value bounded.

Each key is described in docs/operator/slurm.md. Secrets never stand in it: it names the files that hold them.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from fractions import Fraction
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fabrica.clusters.engine import Counting
from fabrica.kit.errors import Refused

WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
UNIX_NAME = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
FRACTION = re.compile(r"[1-9]\d{0,5}(/[1-9]\d{0,5})?")
MAX_BYTES = 64_000
MAX_LINES = 40
DAY = 86_400
MINUTE = 60
# a minute of a device is worth a GPU-second at least
LEAST = {"gpus_per_device": Fraction(1, MINUTE), "native_per_gpu_hour": Fraction(1, 1_000)}
MOST = 1_000
MOST_NATIVE = 40


@dataclass(frozen=True)
class Programme:
    """How jobs of one access mode go: their partition, and the priority of the QoS of their projects.

    `preempts` are the modes whose jobs they may interrupt, where precedence is by QoS.
    """

    partition: str
    priority: int = 0
    preempts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ssh:
    """How to reach the login node: host keys are checked against `known_hosts`, always."""

    host: str
    user: str
    key_file: Path
    known_hosts: Path
    port: int = 22


@dataclass(frozen=True)
class Rest:
    """Where slurmrestd answers, and the file with the token of `user`; the file is read again when it is refused.

    `tokens_folder` holds a file for each account that jobs run as, of its name; `ca_file` whom to trust beside the
    usual certificate authorities.
    """

    url: str
    user: str
    token_file: Path
    tokens_folder: Path | None = None
    ca_file: Path | None = None


@dataclass(frozen=True)
class Units:
    """What the machine's hours are: the GPUs of the ledger that one device of Slurm is, and whether nodes are whole.

    `native` is what people know them by, and `native_per_gpu_hour` how many of it one GPU-hour of the ledger is.
    """

    gpus_per_device: Fraction = Fraction(1)
    billed_by: str = "gpu"
    native: str = ""
    native_per_gpu_hour: Fraction | None = None


@dataclass(frozen=True)
class SlurmSettings:
    """One machine. `root` is the account above all of ours, and the mark by which we know what we own.

    `setup` are lines of the batch script before the program starts (modules, variables). `link_seconds` is the longest
    that one job may take, 0 for the limit of its partition; a longer run becomes a chain.
    """

    cluster: str
    partition: str
    gpus_per_node: int
    root: str = "fabrica"
    conf: str = ""
    gres: str = "gpu"
    cpus_per_gpu: int = 0
    programmes: Mapping[str, Programme] = field(default_factory=dict)
    python: str = ""
    setup: tuple[str, ...] = ()
    signal_seconds: int = 120
    link_seconds: int = 0
    become: str = "sudo"
    timeout_seconds: int = 30
    ssh: Ssh | None = None
    rest: Rest | None = None
    units: Units = field(default_factory=Units)
    preemption: str = "partition"

    @property
    def counting(self) -> Counting:
        """How hours go between Slurm and the ledger. Slurm keeps limits in whole minutes."""
        units = self.units
        by_node = units.billed_by == "node"
        plain = Counting(units.gpus_per_device, self.gpus_per_node, by_node, MINUTE, units.native)
        return replace(plain, native_per_gpu_hour=units.native_per_gpu_hour or 1 / plain.gpus_per_unit)

    @property
    def counted(self) -> str:
        """What Slurm is told to limit: its name of a device, or of a node."""
        return "node" if self.units.billed_by == "node" else f"gres/{self.gres}"

    @property
    def not_counted(self) -> str:
        """The other of the two."""
        return f"gres/{self.gres}" if self.units.billed_by == "node" else "node"

    def programme(self, name: str) -> Programme:
        """How jobs of an access mode go; those of a mode nobody described go to the machine's own partition."""
        return self.programmes.get(name) or Programme(self.partition)


def read_settings(path: Path) -> SlurmSettings:
    """The settings in a file. Raises Refused naming what is missing or out of bounds."""
    try:
        raw = path.read_bytes()
        if len(raw) > MAX_BYTES:
            raise Refused(f"{path} is larger than {MAX_BYTES} bytes.")
        values = tomllib.loads(raw.decode())
    except (OSError, ValueError) as error:
        raise Refused(
            f"The machine's file {path} cannot be read.",
            why=str(error)[:300],
            todo="Write it as docs/operator/slurm.md shows.",
        ) from error
    return settings_from(values)


def settings_from(values: dict[str, Any]) -> SlurmSettings:
    """Settings from the values of a file. Raises Refused."""
    found = dict(values)
    _only(found, {one.name for one in fields(SlurmSettings)}, "the file")
    for name in ("cluster", "partition", "gpus_per_node"):
        _need(name in found, name, "is missing")
    for name in ("cluster", "partition", "root", "gres"):
        _word(found.get(name, "x"), name)
    _whole(found, "gpus_per_node", 1, 64)
    _whole(found, "cpus_per_gpu", 0, 1024)
    _whole(found, "signal_seconds", 5, 3600)
    _whole(found, "link_seconds", 0, 30 * DAY)
    _whole(found, "timeout_seconds", 1, 600)
    _need(found.get("preemption", "partition") in ("partition", "qos"), "preemption", "must be partition or qos")
    _need(found.get("become", "sudo") in ("sudo", "self"), "become", "must be sudo or self")
    for name in ("conf", "python"):
        _need(found.get(name, "") == "" or _is_path(found[name]), name, "must be an absolute path")
    found["setup"] = _lines(found.get("setup", []))
    found["programmes"] = {_word(key, "programmes"): _programme(one) for key, one in _table(found, "programmes")}
    _check_precedence(found["programmes"], found.get("preemption", "partition"))
    found["ssh"] = _ssh(found["ssh"]) if "ssh" in found else None
    found["rest"] = _rest(found["rest"]) if "rest" in found else None
    found["units"] = _units(found.get("units", {}))
    return SlurmSettings(**found)


def _need(holds: bool, what: str, rule: str) -> None:  # noqa: FBT001 - reads as an assertion
    if not holds:
        raise Refused(f"The machine's file is not as agreed: {what} {rule}.", todo="See docs/operator/slurm.md.")


def _only(values: Any, known: set[str], where: str) -> None:
    _need(isinstance(values, dict), where, "must be a table")
    strange = sorted(set(values) - known)
    _need(not strange, ", ".join(strange)[:200], f"is unknown in {where}; known are {', '.join(sorted(known))}")


def _word(value: Any, what: str) -> str:
    _need(isinstance(value, str) and WORD.fullmatch(value) is not None, what, "must be a plain word")
    return str(value)


def _whole(values: dict[str, Any], name: str, low: int, high: int) -> None:
    value = values.get(name, low)
    _need(type(value) is int and low <= value <= high, name, f"must be a whole number from {low} to {high}")


def _is_path(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("/") and "\0" not in value and "\n" not in value


def _lines(value: Any) -> tuple[str, ...]:
    fits = isinstance(value, list) and len(value) <= MAX_LINES
    _need(fits and all(isinstance(one, str) and one.isprintable() for one in value), "setup", "must be lines of text")
    return tuple(value)


def _table(values: dict[str, Any], name: str) -> list[tuple[str, Any]]:
    found = values.get(name, {})
    _need(isinstance(found, dict), name, "must be a table")
    return list(found.items())


def _programme(values: Any) -> Programme:
    _only(values, {"partition", "priority", "preempts"}, "programmes")
    _word(values.get("partition"), "partition")
    _whole(values, "priority", 0, 2**31 - 1)
    names = values.get("preempts", [])
    _need(isinstance(names, list) and len(names) <= MAX_LINES, "preempts", "must be a list of modes")
    return Programme(**{**values, "preempts": tuple(_word(one, "preempts") for one in names)})


def _check_precedence(programmes: Mapping[str, Programme], preemption: str) -> None:
    """Modes name modes of the file, and none interrupts itself in the end: Slurm refuses circles."""
    for name, one in programmes.items():
        _need(not one.preempts or preemption == "qos", f"programmes.{name}.preempts", 'needs preemption = "qos"')
        strange = sorted(set(one.preempts) - set(programmes))
        _need(not strange, ", ".join(strange)[:200], f"is no mode of this file, but programmes.{name} preempts it")
        _need(name not in _reached(programmes, name), f"programmes.{name}", "would preempt itself, in a circle")


def _reached(programmes: Mapping[str, Programme], name: str) -> set[str]:
    found: set[str] = set()
    ahead = list(programmes[name].preempts)
    while ahead:
        one = ahead.pop()
        if one not in found:
            found.add(one)
            ahead += programmes[one].preempts if one in programmes else ()
    return found


def _ssh(values: Any) -> Ssh:
    _only(values, {one.name for one in fields(Ssh)}, "ssh")
    _word(values.get("host"), "ssh.host")
    _need(UNIX_NAME.fullmatch(str(values.get("user"))) is not None, "ssh.user", "must be a UNIX name")
    _whole(values, "port", 1, 65_535)
    for name in ("key_file", "known_hosts"):
        _need(_is_path(values.get(name)), f"ssh.{name}", "must be an absolute path")
    return Ssh(**{**values, "key_file": Path(values["key_file"]), "known_hosts": Path(values["known_hosts"])})


def _is_url(value: Any) -> bool:
    """Whether a token may be sent there: encrypted, or not leaving this host."""
    if not isinstance(value, str) or not value.isprintable() or " " in value:
        return False
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        return False
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost"))
    return (
        is_safe and bool(parts.hostname) and port != 0 and "@" not in parts.netloc and not parts.query + parts.fragment
    )


def _rest(values: Any) -> Rest:
    _only(values, {one.name for one in fields(Rest)}, "rest")
    url = values.get("url")
    _need(_is_url(url), "rest.url", "must be https://HOST:PORT, or http:// of this host itself (127.0.0.1, localhost)")
    _need(UNIX_NAME.fullmatch(str(values.get("user"))) is not None, "rest.user", "must be a UNIX name")
    for name in ("token_file", "tokens_folder", "ca_file"):
        is_asked = name == "token_file" or name in values
        _need(not is_asked or _is_path(values.get(name)), f"rest.{name}", "must be an absolute path")
    paths = {name: Path(values[name]) for name in ("token_file", "tokens_folder", "ca_file") if name in values}
    return Rest(url=values["url"].rstrip("/"), user=values["user"], **paths)


def _units(values: Any) -> Units:
    _only(values, {one.name for one in fields(Units)}, "units")
    _need(values.get("billed_by", "gpu") in ("gpu", "node"), "units.billed_by", "must be gpu or node")
    native = values.get("native", "")
    fits = isinstance(native, str) and len(native) <= MOST_NATIVE and native.isprintable() and native == native.strip()
    _need(fits, "units.native", f"must be at most {MOST_NATIVE} letters, such as node-hours")
    factors = {name: _fraction(values[name], name, least) for name, least in LEAST.items() if name in values}
    return Units(**{**values, **factors})


def _fraction(value: Any, name: str, least: Fraction) -> Fraction:
    """An exact fraction: no floating point, in which 1/3 is not a third."""
    written = str(value) if type(value) is int else value
    is_one = isinstance(written, str) and FRACTION.fullmatch(written) is not None
    found = Fraction(written) if is_one else Fraction(0)
    rule = f'must be a whole number or a fraction in quotes, such as "1/2", from {least} to {MOST}'
    _need(least <= found <= MOST, f"units.{name}", rule)
    return found
