"""Licences, and the terms one accepts."""

from dataclasses import dataclass
from functools import cache

from fabrica.kit import facts
from fabrica.kit.facts import Source
from fabrica.kit.ids import digest


@cache
def licences() -> dict[str, str]:
    """The licences this site knows: SPDX identifier to name."""
    return {row["id"]: row["name"] for row in facts.load("fabrica.dataspaces", "licences.json")["rows"]}


@cache
def licences_source() -> Source:
    """Where the list comes from and when it was checked."""
    return facts.source_of(facts.load("fabrica.dataspaces", "licences.json"))


def licence_url(licence: str) -> str:
    """The text of a known licence; empty for one the provider names with an address of their own."""
    return f"https://spdx.org/licenses/{licence}.html" if licence in licences() else ""


@dataclass(frozen=True)
class Terms:
    """What is accepted: licence, its address, the provider's policy and the purposes it allows."""

    licence: str
    licence_url: str
    policy_text: str
    policy_purposes: str

    @property
    def text(self) -> str:
        """The terms as one text, in one way only, so that their hash names them."""
        return (
            f"Licence: {self.licence}\n{self.licence_url}\n\n"
            f"Policy:\n{self.policy_text}\n\nAllowed purposes:\n{self.policy_purposes}\n"
        )

    @property
    def sha256(self) -> str:
        return digest(self.text)
