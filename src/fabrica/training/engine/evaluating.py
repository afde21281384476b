"""What a run of kind evaluate measures: plain data, so that nobody here must know where models are registered."""

from dataclasses import asdict, dataclass
from typing import Any

from fabrica.kit.errors import Refused

# For each profile of the battery how long its run may take: what is not used is given back.
EVALUATION_SECONDS = {"quick": 600, "full": 1_800}
SEED_AT_MOST = 2**31 - 1
FILES_AT_MOST = 200  # a trained model has a dozen; lists of runs read them


@dataclass(frozen=True)
class Evaluated:
    """A packaged model in a folder that jobs can read: `sha256` is of its weights, `files` has that of each file."""

    model: str
    path: str
    sha256: str
    files: tuple[tuple[str, str], ...]
    profile: str
    seed: int

    def as_dict(self) -> dict[str, Any]:
        """As a run keeps it."""
        return {**asdict(self), "files": [{"path": path, "sha256": sha256} for path, sha256 in self.files]}


def check_evaluated(one: Evaluated) -> None:
    """Raises Refused for a profile that there is not, or a seed or number of files out of bounds."""
    if one.profile not in EVALUATION_SECONDS:
        todo = f"Choose one of: {', '.join(EVALUATION_SECONDS)}."
        raise Refused(f"There is no profile called {one.profile[:40]!r}.", todo=todo)
    if not 1 <= one.seed <= SEED_AT_MOST:
        raise Refused("The seed is out of bounds.", todo=f"Give a whole number from 1 to {SEED_AT_MOST}.")
    if not 1 <= len(one.files) <= FILES_AT_MOST:
        raise Refused(f"{one.model} has {len(one.files)} files.", why=f"A model has 1 to {FILES_AT_MOST}.")


def evaluated_in_job(values: dict[str, Any]) -> dict[str, Any]:
    """What the runner reads of it in job.json."""
    model = {"name": values["model"], **{key: values[key] for key in ("path", "sha256", "files")}}
    return {"model": model, "profile": values["profile"], "seed": values["seed"]}
