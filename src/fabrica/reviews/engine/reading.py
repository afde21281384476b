"""Reading what is given from JSON: bounded, refused in words where something does not fit."""

from fabrica.kit.reading import Fields, document
from fabrica.reviews.engine.given import Application, Expert, Given, Pair

FORMAT = "fabrica-reviewers/1"
FORMAT_HELP = "The format stands in docs/reviewer/assigning-reviewers.md."
MAX_BYTES = 4_000_000
MAX_EXPERTS, MAX_APPLICATIONS, MAX_PAIRS, MAX_LISTED, MAX_LOAD, MAX_REVIEWS = 1_000, 1_000, 20_000, 500, 1_000, 10


def read(raw: bytes | str) -> Given:
    """What a file's content gives. Raises Refused."""
    top = document(raw, most=MAX_BYTES, todo=FORMAT_HELP)
    if top.text("format") != FORMAT:
        top.refuse("format", f"It must be {FORMAT!r}.")
    experts = sorted((_expert(one) for one in top.objects("experts", most=MAX_EXPERTS)), key=lambda one: one.id)
    rows = [_application(one) for one in top.objects("applications", most=MAX_APPLICATIONS)]
    applications = sorted(rows, key=lambda one: one.id)
    names = _names(top, "experts", [one.id for one in experts])
    wanted = _names(top, "applications", [one.id for one in applications])
    declared, blocked, kept = (_pairs(top, key, names, wanted) for key in ("conflicts", "blocked", "assigned"))
    linked = _linked(top)
    top.end()
    return Given(tuple(experts), tuple(applications), declared, blocked, kept, linked)


def _names(top: Fields, key: str, names: list[str]) -> frozenset[str]:
    if len(set(names)) != len(names):
        top.refuse(key, "Each id must stand once.")
    return frozenset(names)


def _expert(row: Fields) -> Expert:
    found = Expert(
        row.name("id"),
        row.name("organisation"),
        frozenset(row.names("fields", most=MAX_LISTED)),
        frozenset(row.names("languages", most=MAX_LISTED)),
        row.number("limit", most=MAX_LOAD),
        row.name("orcid") if row.has("orcid") else "",
        frozenset(row.names("coauthors", most=MAX_LISTED)),
    )
    row.end()
    return found


def _application(row: Fields) -> Application:
    found = Application(
        row.name("id"),
        row.name("organisation"),
        frozenset(row.names("fields", most=MAX_LISTED)),
        row.name("language"),
        row.number("reviews", least=1, most=MAX_REVIEWS),
        frozenset(row.names("people", most=MAX_LISTED)),
        frozenset(row.names("coauthors", most=MAX_LISTED)),
    )
    row.end()
    return found


def _pairs(top: Fields, key: str, experts: frozenset[str], applications: frozenset[str]) -> frozenset[Pair]:
    found = set()
    for row in top.objects(key, most=MAX_PAIRS):
        pair = row.name("expert"), row.name("application")
        if pair[0] not in experts:
            row.refuse("expert", f"There is no expert {pair[0]!r}.")
        if pair[1] not in applications:
            row.refuse("application", f"There is no application {pair[1]!r}.")
        row.end()
        found.add(pair)
    return frozenset(found)


def _linked(top: Fields) -> frozenset[Pair]:
    found = set()
    for row in top.objects("linked_organisations", most=MAX_PAIRS):
        one, other = row.name("one"), row.name("other")
        row.end()
        found |= {(one, other), (other, one)}
    return frozenset(found)
