"""What a verification can say."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class State(StrEnum):
    """Only VERIFIED is good; each of the others is a different reason not to trust the folder."""

    VERIFIED = "verified"
    ALTERED = "altered"
    UNKNOWN_SIGNER = "unknown_signer"
    REVOKED = "revoked"
    UNSIGNED = "unsigned"
    NOT_A_MODEL = "not_a_model"


@dataclass(frozen=True)
class Change:
    """One thing that differs from the manifest; a hash is empty where there is none.

    `kind`: changed, missing, added, link, not_a_file, signature (the manifest does not match its signature), unreadable
    (a signed manifest that is none), or of_another (documents of another model, or of another release).
    """

    path: str
    kind: str
    expected_sha256: str = ""
    found_sha256: str = ""

    def __str__(self) -> str:
        name = self.path.encode("utf-8", "backslashreplace").decode()
        return {
            "changed": f"{name} was changed: signed {self.expected_sha256}, found {self.found_sha256}",
            "missing": f"{name} is missing: signed {self.expected_sha256}",
            "added": f"{name} was added: found {self.found_sha256}",
            "link": f"{name} is a link: it could lead anywhere",
            "not_a_file": f"{name} is neither a file nor a folder",
            "unreadable": f"{name} cannot be read as the manifest of a release",
            "of_another": f"{name} belongs to another model, or to another release",
            "signature": f"{name} does not match its signature: one of the two, or the key beside them, was altered",
        }[self.kind]


SAYS = {
    State.VERIFIED: "Verified: every file is as it was signed, by the key you trust.",
    State.ALTERED: "Altered: this is not what was signed.",
    State.UNKNOWN_SIGNER: "Intact, but signed by another key than the one you trust.",
    State.REVOKED: "Intact, but signed with a key that was revoked.",
    State.UNSIGNED: "There is a manifest but no signature: anybody could have written it.",
    State.NOT_A_MODEL: "This is not a model's folder: it has no manifest.",
}
TODO = {
    State.VERIFIED: "",
    State.ALTERED: "Do not use it. Download it again from the site and verify again.",
    State.UNKNOWN_SIGNER: "Ask the site, by a way other than this folder, which keys are its own.",
    State.REVOKED: "Do not use it. Ask the site for the same model signed with its present key.",
    State.UNSIGNED: "Download it again from the site.",
    State.NOT_A_MODEL: "Give the folder that holds manifest.json and manifest.sig.",
}


@dataclass(frozen=True)
class Verdict:
    """The outcome: the state, what differs, the signer's fingerprint (empty where none) and the model's name.

    `releases`: how many releases of documents lie beside the model and were checked with it.
    """

    state: State
    changes: tuple[Change, ...] = ()
    signer: str = ""
    name: str = ""
    why: str = ""
    releases: int = 0

    @property
    def is_verified(self) -> bool:
        return self.state == State.VERIFIED

    @property
    def what(self) -> str:
        """One sentence for people."""
        return SAYS[self.state]

    @property
    def todo(self) -> str:
        """What the reader should do now; empty when all is well."""
        return TODO[self.state]

    def as_dict(self) -> dict[str, Any]:
        """The verdict as `--json` prints it."""
        changes = [{**asdict(one), "text": str(one)} for one in self.changes]
        told = {"state": self.state.value, "name": self.name, "signer": self.signer, "changes": changes,
                "releases": self.releases}  # fmt: skip
        return {**told, "what": self.what, "why": self.why, "todo": self.todo}
