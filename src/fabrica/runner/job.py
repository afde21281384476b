"""The job file: what the portal asks for, read with every value bounded."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fabrica.kit.errors import Refused
from fabrica.trainer.place import SIZE_AT_MOST
from fabrica.trainer.recipe import Recipe, recipe_from

VERSION = 1
JOB_BYTES_AT_MOST = 4_000_000
NEEDED = {"version", "run", "kind", "data", "devices", "time_limit_seconds"}
KEYS = NEEDED | {
    "recipe", "command", "model", "profile", "seed", "provenance", "processes", "link_seconds", "attempt",
}  # fmt: skip
KINDS = ("train", "command", "evaluate")
DATA_KEYS = {"name", "path", "sha256"}
SHA256 = re.compile(r"[0-9a-f]{64}")
LANGUAGE = re.compile(r"(?:[a-z]{2,3})?")
QUICK, PROFILES = "quick", ("quick", "full")
ARGUMENTS_AT_MOST, ARGUMENT_LENGTH = 1_000, 100_000
DATA_AT_MOST, DEVICES_AT_MOST, SECONDS_AT_MOST = 100, 100_000, 60 * 86_400
FILES_AT_MOST, SEED_AT_MOST = 10_000, 2**31 - 1


@dataclass(frozen=True)
class Data:
    """One staged dataset: its name, where it lies, the hash its contents must have, the language it declares."""

    name: str
    path: Path
    sha256: str
    language: str = ""


@dataclass(frozen=True)
class Model(Data):
    """A trained model: where it lies, and the SHA-256 of each of its files; then `sha256` is that of its weights.

    Without `files` it is, as for data, that of the whole folder.
    """

    files: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Job:
    """What is to be done; `recipe` for kind train, `command` for kind command, `model` and `profile` for kind evaluate.

    `seed` is for what an evaluation draws by dice; None: the recipe's.

    `time_limit_seconds` is for all processes' lives of one `attempt` together, as after a requeue; `link_seconds` (0:
    none) for one life, after which the next link of a chain goes on. `processes` above 1 must all come.
    """

    run: str
    kind: str
    recipe: Recipe | None
    command: tuple[str, ...]
    data: tuple[Data, ...]
    devices: int
    time_limit_seconds: int
    provenance: dict[str, Any]
    processes: int = 1
    link_seconds: int = 0
    attempt: str = ""
    model: Model | None = None
    profile: str = ""
    seed: int | None = None


def read_job(path: Path) -> Job:
    """Read job.json. Raises Refused when it is missing, too large, or anything in it is not as agreed."""
    try:
        if path.stat().st_size > JOB_BYTES_AT_MOST:
            raise Refused(f"{path} is larger than {JOB_BYTES_AT_MOST} bytes.")
        values = json.loads(path.read_bytes())
    except (OSError, ValueError) as problem:
        raise Refused(
            f"The job file {path} cannot be read.", why=str(problem)[:200], todo="Launch the run again."
        ) from problem
    return job_from(values)


def job_from(values: Any) -> Job:
    """The job that the values of job.json describe. Raises Refused naming the first key that is not as agreed."""
    _need(isinstance(values, dict), "The job", "must be an object")
    unknown, missing = sorted(set(values) - KEYS), sorted(NEEDED - set(values))
    _need(not unknown, ", ".join(map(str, unknown))[:200], f"is unknown; valid keys are {', '.join(sorted(KEYS))}")
    _need(not missing, ", ".join(missing), "is missing")
    _need(values["version"] == VERSION, "version", f"must be {VERSION}")
    _need(_text(values["run"], 100), "run", "must be text of 1 to 100 characters")
    kind = values["kind"]
    _need(kind in KINDS, "kind", f"must be one of {', '.join(KINDS)}")
    _need(isinstance(values.get("provenance", {}), dict), "provenance", "must be an object")
    attempt = values.get("attempt", "")
    _need(attempt == "" or _text(attempt, 100), "attempt", "must be text of at most 100 characters")
    return Job(
        run=values["run"],
        kind=kind,
        recipe=recipe_from(values.get("recipe", {})) if kind == "train" else None,
        command=_command(values.get("command")) if kind == "command" else (),
        data=_data(values["data"]),
        devices=_whole(values["devices"], DEVICES_AT_MOST, "devices"),
        time_limit_seconds=_whole(values["time_limit_seconds"], SECONDS_AT_MOST, "time_limit_seconds"),
        provenance=values.get("provenance", {}),
        processes=_whole(values.get("processes", 1), SIZE_AT_MOST, "processes"),
        link_seconds=_whole(values["link_seconds"], SECONDS_AT_MOST, "link_seconds") if "link_seconds" in values else 0,
        attempt=attempt,
        model=_model(values.get("model")) if kind == "evaluate" else None,
        profile=_profile(values.get("profile", QUICK)) if kind == "evaluate" else "",
        seed=_whole(values["seed"], SEED_AT_MOST, "seed") if kind == "evaluate" and "seed" in values else None,
    )


def _need(holds: bool, what: str, rule: str) -> None:  # noqa: FBT001 - reads as an assertion
    if not holds:
        raise Refused(f"The job file is not as agreed: {what} {rule}.", todo="Launch the run again.")


def _text(value: Any, longest: int) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= longest and "\0" not in value


def _whole(value: Any, highest: int, what: str) -> int:
    _need(type(value) is int and 1 <= value <= highest, what, f"must be a whole number from 1 to {highest}")
    return int(value)


def _command(value: Any) -> tuple[str, ...]:
    fits = isinstance(value, list) and 1 <= len(value) <= ARGUMENTS_AT_MOST
    rule = f"must be a list of 1 to {ARGUMENTS_AT_MOST} texts, the first a program"
    _need(fits and _text(value[0], ARGUMENT_LENGTH), "command", rule)
    _need(all(one == "" or _text(one, ARGUMENT_LENGTH) for one in value), "command", rule)
    return tuple(value)


def _data(value: Any) -> tuple[Data, ...]:
    _need(isinstance(value, list) and len(value) <= DATA_AT_MOST, "data", f"must be a list of at most {DATA_AT_MOST}")
    return tuple(_one(one, f"data.{number}") for number, one in enumerate(value))


def _one(one: Any, where: str) -> Data:
    known = isinstance(one, dict) and set(one) - {"language"} == DATA_KEYS
    _need(known, where, f"must have {', '.join(sorted(DATA_KEYS))}, and may have language")
    _need(_text(one["name"], 300), f"{where}.name", "must be text of 1 to 300 characters")
    _need(_text(one["path"], 4000) and Path(one["path"]).is_absolute(), f"{where}.path", "must be absolute")
    hashed = isinstance(one["sha256"], str) and SHA256.fullmatch(one["sha256"]) is not None
    _need(hashed, f"{where}.sha256", "must be 64 hexadecimal digits")
    language = one.get("language", "")
    told = isinstance(language, str) and LANGUAGE.fullmatch(language) is not None
    _need(told, f"{where}.language", "must be a language code of two or three letters, or empty")
    return Data(one["name"], Path(one["path"]), one["sha256"], language)


def _model(value: Any) -> Model:
    listed = value.get("files", []) if isinstance(value, dict) else []
    _need(isinstance(listed, list) and len(listed) <= FILES_AT_MOST, "model.files", "must be a list of files")
    plain = {key: one for key, one in value.items() if key != "files"} if isinstance(value, dict) else value
    one = _one(plain, "model")
    return Model(one.name, one.path, one.sha256, one.language, tuple(_file(entry) for entry in listed))


def _file(value: Any) -> tuple[str, str]:
    known = isinstance(value, dict) and set(value) == {"path", "sha256"} and _text(value["path"], 4000)
    _need(known, "model.files", "must each have path and sha256")
    inside = not Path(value["path"]).is_absolute() and ".." not in Path(value["path"]).parts
    _need(inside, "model.files", "must lie inside the model's folder")
    hashed = isinstance(value["sha256"], str) and SHA256.fullmatch(value["sha256"]) is not None
    _need(hashed, "model.files", "must each have 64 hexadecimal digits as sha256")
    return value["path"], value["sha256"]


def _profile(value: Any) -> str:
    _need(value in PROFILES, "profile", f"must be one of {', '.join(PROFILES)}")
    return str(value)
