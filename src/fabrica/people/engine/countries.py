"""The countries of the world, and what each is to EuroHPC and the Union's programmes, with where that is written. Pure.

Which standing lets a country apply is said by the rules of each access mode, not here.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from fabrica.kit.facts import CONFIDENCES, Source, load, source_of

MEMBER = "eu_member"
SETTLED = (MEMBER, "eu_part", "eurohpc", "horizon_europe", "digital_europe", "antenna")
OPEN = ("in_part", "not_checked")  # these settle nothing
CODE_LETTERS = 2


@dataclass(frozen=True)
class Standing:
    """What a country is to one programme, and where that is written."""

    kind: str
    source: Source


@dataclass(frozen=True)
class Country:
    """A country by its ISO code, with its name by language."""

    code: str
    names: Mapping[str, str]
    standings: tuple[Standing, ...]

    def name(self, language: str) -> str:
        """Its name in a language, in English where it has none."""
        return self.names.get(language, self.names["en"])


@dataclass(frozen=True)
class Weighed:
    """Whether a country has one of the standings asked for (None: not known), and what that rests on."""

    answer: bool | None
    source: Source


@dataclass(frozen=True)
class Countries:
    """The whole list. `others` is the source for what a country without any standing is not."""

    by_code: Mapping[str, Country]
    others: Source

    @property
    def members(self) -> tuple[str, ...]:
        """The codes of the Member States, by their English names."""
        return tuple(one.code for one in self.by_code.values() if any(s.kind == MEMBER for s in one.standings))

    def weigh(self, code: str, kinds: Collection[str]) -> Weighed | None:
        """Whether a country has one of these standings, by the surest source; None for a code that is no country's."""
        found = self.by_code.get(code)
        if found is None:
            return None
        sure = [one.source for one in found.standings if one.kind in kinds]
        if sure:
            return Weighed(answer=True, source=min(sure, key=lambda one: CONFIDENCES.index(one.confidence)))
        open_ = [one.source for one in found.standings if one.kind in OPEN]
        return Weighed(None, open_[0]) if open_ else Weighed(answer=False, source=self.others)


@cache
def countries() -> Countries:
    """The product's own list, by English names. Raises ValueError for one that makes no sense."""
    return countries_from(load("fabrica.people", "countries.json"))


def countries_from(loaded: Mapping[str, Any]) -> Countries:
    """The list in a file's content. Raises ValueError where it names what it does not have, or no source."""
    source_of(loaded["names"])
    names, standings = loaded["countries"], _standings(loaded["standings"])
    if wrong := sorted({*standings, *(code for code in names if not _is_code(code))} - {*filter(_is_code, names)}):
        raise ValueError(f"countries.json: no country has the code {wrong[0]}")
    rows = sorted(names.items(), key=lambda one: str(one[1][0]))
    found = {
        code: Country(code, {"en": en, "fr": fr}, tuple(standings.get(code, ()))) for code, (en, fr) in rows
    }  # fmt: skip
    return Countries(found, source_of(loaded["others"]))


def _is_code(code: str) -> bool:
    return len(code) == CODE_LETTERS and code.isascii() and code.isupper()


def _standings(rows: Collection[dict[str, Any]]) -> dict[str, list[Standing]]:
    found: dict[str, list[Standing]] = {}
    for row in rows:
        if row["kind"] not in (*SETTLED, *OPEN):
            raise ValueError(f"countries.json: no standing is called {row['kind']}")
        source = source_of(row)
        for code in row["countries"]:
            found.setdefault(code, []).append(Standing(row["kind"], source))
    return found
