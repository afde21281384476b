"""What stands between an expert and an application, and how well they match, in parts that can be told."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from fabrica.reviews.engine.given import Application, Expert, Given

POINTS = 100
CONFLICTS = ("same organisation", "linked organisations", "declared", "named in the application", "co-author")


@dataclass(frozen=True)
class Pairing:
    """One expert and one application: points by shared field, and every reason against."""

    expert: Expert
    application: Application
    fields: Mapping[str, int]
    against: tuple[str, ...]

    @property
    def points(self) -> int:
        return sum(self.fields.values())


class Pairings:
    """All pairs of what is given."""

    def __init__(self, given: Given) -> None:
        self.given = given

    @cached_property
    def worth(self) -> dict[str, int]:
        """Points of a field: 100 for one that a single expert knows, fewer the more know it, at least one."""
        known = Counter(field for expert in self.given.experts for field in expert.fields)
        count = len(self.given.experts)
        return {field: max(1, POINTS * (count - number + 1) // count) for field, number in known.items()}

    def pair(self, expert: Expert, application: Application) -> Pairing:
        """What there is to say about one pair."""
        shared = sorted(expert.fields & application.fields)
        against = [*self.conflicts(expert, application)]
        against += ["blocked"] if (expert.id, application.id) in self.given.blocked else []
        against += [] if application.language in expert.languages else ["language"]
        against += [] if shared else ["field"]
        return Pairing(expert, application, {one: self.worth[one] for one in shared}, tuple(against))

    def conflicts(self, expert: Expert, application: Application) -> list[str]:
        """Every conflict of interest of this pair."""
        both = (expert.organisation, application.organisation)
        found = (
            both[0] == both[1],
            both in self.given.linked,
            (expert.id, application.id) in self.given.declared,
            expert.orcid in application.people,
            bool(expert.coauthors & application.people) or expert.orcid in application.coauthors,
        )
        return [name for name, holds in zip(CONFLICTS, found, strict=True) if holds]
