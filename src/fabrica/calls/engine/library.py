"""The rules and papers that a site's mode can take from those that are known, and what it can be tried on. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from fabrica.calls.engine.profile import Profile
from fabrica.calls.engine.sentences import gettext_noop

Row = Mapping[str, Any]
OWN_ORGANISATIONS, OWN_AIMS, OWN_PAPER = "own-organisations", "own-aims", "own-paper"
OWN = (OWN_ORGANISATIONS, OWN_AIMS, OWN_PAPER)
# In both languages of the data, as they stand in a sentence.
ORGANISATIONS = {
    "company": ("companies", "les entreprises"),
    "university": ("universities and research organisations", "les universités et organismes de recherche"),
    "public": ("other public bodies", "les autres organismes publics"),
}
AIMS = {
    "innovation": ("innovation", "l’innovation"),  # noqa: RUF001 - French spells it so
    "research": ("research", "la recherche"),
    "benchmark": ("measuring how a code scales", "la mesure du passage à l’échelle d’un code"),  # noqa: RUF001 - as above
    "development": ("porting and tuning code", "le portage et l’optimisation d’un code"),  # noqa: RUF001 - as above
    "service": (
        "running a finished service commercially",
        "l’exploitation commerciale d’un service achevé",  # noqa: RUF001 - as above
    ),
}  # fmt: skip
SAMPLES: tuple[tuple[str, Profile], ...] = (
    (
        gettext_noop("A start-up in France that is new to supercomputers: 2,000 GPU-hours for 2 months, innovation"),
        Profile(
            "company", "FR", sme=True, frame="none", aim="innovation", ai=True, civilian=True, experience=False,
            personal_data=False, hours=2_000, unit="gpu_hour", gpus_per_node=4, months=2, inference_percent=0,
        ),
    ),
    (
        gettext_noop("A university in Germany: 30,000 node-hours of 4 GPUs for 6 months, research"),
        Profile(
            "university", "DE", sme=False, frame="none", aim="research", ai=True, civilian=True, experience=True,
            personal_data=False, hours=30_000, unit="node_hour", gpus_per_node=4, months=6, inference_percent=0,
        ),
    ),
    (
        gettext_noop("A large company in Italy: 60,000 GPU-hours for 12 months, running a finished service"),
        Profile(
            "company", "IT", sme=False, frame="none", aim="service", ai=True, civilian=True, experience=True,
            personal_data=False, hours=60_000, unit="gpu_hour", gpus_per_node=4, months=12, inference_percent=100,
        ),
    ),
)  # fmt: skip


def known(rows: Iterable[Row], name: str) -> dict[str, Row]:
    """The rules (or papers, `prepare`) of these modes by their id, the first of each; none that are one site's own."""
    found: dict[str, Row] = {}
    for row in rows:
        for one in row[name]:
            if one["id"] not in OWN:
                found.setdefault(one["id"], one)
    return found


def one_of(identity: str, fact: str, chosen: Iterable[str], words: Row, source: Row) -> dict[str, Any]:
    """A rule that names who or what a mode is for."""
    kept = [one for one in words if one in set(chosen)]
    english, french = (", ".join(words[one][language] for one in kept) for language in (0, 1))
    return {
        "id": identity, "text": f"For {english}.", "text_fr": f"Pour {french}.",
        "needs": {"fact": fact, "one_of": kept}, **source,
    }  # fmt: skip


def chosen_in(row: Row, identity: str) -> list[str]:
    """What such a rule of a mode names."""
    rule = next((one for one in row["rules"] if one["id"] == identity), None)
    return list(rule["needs"]["one_of"]) if rule else []
