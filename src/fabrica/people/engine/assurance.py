"""How surely it is known who somebody is, as REFEDS words it: what was shown, and what a purpose asks for."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

MFA: Final = "https://refeds.org/profile/mfa"
PROOFING: Final = "https://refeds.org/assurance/IAP/"
STEPS: Final = ("", "low", "medium", "high")
DATA: Final = "data"
MODE: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Assurance:
    """A second factor in this session, and how well a home organisation has checked who this is (RAF, IAP)."""

    mfa: bool = False
    proofing: str = ""

    def __bool__(self) -> bool:
        return self.mfa or bool(self.proofing)

    def __or__(self, other: "Assurance") -> "Assurance":
        """What satisfies both, or what both show."""
        return Assurance(self.mfa or other.mfa, max(self.proofing, other.proofing, key=STEPS.index))

    def __sub__(self, shown: "Assurance") -> "Assurance":
        """What is still missing once this was shown."""
        is_enough = STEPS.index(shown.proofing) >= STEPS.index(self.proofing)
        return Assurance(self.mfa and not shown.mfa, "" if is_enough else self.proofing)


def proofing_of(assurance: Iterable[str]) -> str:
    """The highest identity proofing among the values of `eduperson_assurance`."""
    told = [one.removeprefix(PROOFING) for one in assurance if one.startswith(PROOFING)]
    return max((one for one in told if one in STEPS), key=STEPS.index, default="")


def read_needs(entries: Iterable[str], roles: Collection[str]) -> dict[str, Assurance]:
    """What each purpose asks for, from `role.officer=mfa+medium`. Raises ValueError, also for none of these roles."""
    found: dict[str, Assurance] = {}
    for entry in entries:
        purpose, _, asked = entry.partition("=")
        kind, _, name = purpose.partition(".")
        words = asked.split("+")
        is_mode = kind == "mode" and MODE.fullmatch(name) is not None
        is_known = purpose == DATA or is_mode or (kind == "role" and name in roles)
        if not is_known or purpose in found or not set(words) <= {"mfa", *STEPS[1:]} or len(words) > len({*words}):
            raise ValueError(entry)
        found[purpose] = Assurance("mfa" in words, max({"", *words} - {"mfa"}, key=STEPS.index))
    return found
