"""What is given: experts, applications, what stands between them, and what is assigned already."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Expert:
    """Somebody who reviews at most `limit` applications."""

    id: str
    organisation: str
    fields: frozenset[str]
    languages: frozenset[str]
    limit: int
    orcid: str
    coauthors: frozenset[str]


@dataclass(frozen=True)
class Application:
    """What needs so many `reviews`; `people`: the ORCIDs of who wrote it; `coauthors`: of those they wrote with."""

    id: str
    organisation: str
    fields: frozenset[str]
    language: str
    reviews: int
    people: frozenset[str]
    coauthors: frozenset[str] = frozenset()


Pair = tuple[str, str]


@dataclass(frozen=True)
class Given:
    """Everything, sorted by name. Pairs are (expert, application), `linked` pairs of organisations in both orders.

    `excused` may be kept in spite of a conflict that an officer looked into; they are proposed no more than others.
    """

    experts: tuple[Expert, ...]
    applications: tuple[Application, ...]
    declared: frozenset[Pair]
    blocked: frozenset[Pair]
    kept: frozenset[Pair]
    linked: frozenset[Pair]
    excused: frozenset[Pair] = frozenset()
