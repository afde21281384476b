"""Why two organisations may be the same, from what each is known by. Pure; a person decides, nothing is merged."""

from dataclasses import dataclass
from difflib import SequenceMatcher

NEAR = 0.86  # of the letters of both names in common, in order: one letter in seven may differ
SHORTEST = 5  # a shorter name is near to too many


@dataclass(frozen=True)
class Marks:
    """What an organisation is known by: keys as `numbers` makes them, empty where there is none."""

    country: str
    name_key: str
    number_key: str = ""
    vat_number: str = ""
    pic: str = ""

    @property
    def numbers(self) -> frozenset[str]:
        """Its registration number may be its VAT number."""
        return frozenset({self.number_key, self.vat_number} - {""})


def likenesses(one: Marks, other: Marks) -> list[str]:
    """The reasons for which they may be the same, strongest first; none if there is nothing in common."""
    is_here = one.country == other.country
    same_vat = bool(one.vat_number) and one.vat_number == other.vat_number
    found = {
        "vat": same_vat,
        "number": is_here and not same_vat and bool(one.numbers & other.numbers),
        "pic": bool(one.pic) and one.pic == other.pic,
        "name": bool(one.name_key) and one.name_key == other.name_key,
        "near": is_here and one.name_key != other.name_key and is_near(one.name_key, other.name_key),
    }
    return [reason for reason, holds in found.items() if holds]


def is_near(one: str, other: str) -> bool:
    """Whether two names differ by a slip of the pen or by the order of their words."""
    if min(len(one), len(other)) < SHORTEST:
        return False
    pairs = ((one, other), (" ".join(sorted(one.split())), " ".join(sorted(other.split()))))
    return any(SequenceMatcher(None, a, b, autojunk=False).ratio() >= NEAR for a, b in pairs)
