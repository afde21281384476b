"""Reading one enterprise of the file: who it is, its figures by year, and whose accounts its own contain."""

from decimal import Decimal

from fabrica.kit.reading import FIRST_YEAR, LAST_YEAR, Fields
from fabrica.people.engine.sme.graph import Enterprise, Inclusion, Kind, Year

PERCENT_PLACES, STAFF_PLACES, EURO_PLACES = 6, 4, 2
MAX_STAFF, MAX_EUROS, MAX_INHABITANTS = 10**7, 10**13, 10**9
MAX_YEARS, MAX_MARKETS, MAX_INSIDE = 2, 20, 1_000
COUNTRY_LETTERS = 2


def enterprise(row: Fields) -> Enterprise:
    """One enterprise or other holder. Raises Refused."""
    found = Enterprise(
        id=row.name("id"),
        name=row.line("name"),
        kind=_kind(row),
        country=_country(row),
        years=tuple(_year(one) for one in row.objects("years", most=MAX_YEARS)),
        founded_on=row.day("founded_on"),
        markets=frozenset(one.name("value") for one in row.values("markets", most=MAX_MARKETS)),
        is_listed=row.said("listed"),
        is_public=row.said("public") or False,
        is_dispersed=row.said("dispersed") or False,
        consolidates=tuple(_inclusion(row, *one) for one in row.rows("consolidates", most=MAX_INSIDE)),
        budget=row.decimal("budget", places=EURO_PLACES, most=MAX_EUROS),
        inhabitants=row.decimal("inhabitants", places=0, most=MAX_INHABITANTS),
    )
    row.end()
    _check(row, found)
    return found


def _kind(row: Fields) -> Kind:
    value = row.take("kind")
    if value is None:
        return Kind.ENTERPRISE
    if value not in list(Kind):
        row.refuse("kind", f"It must be one of {', '.join(Kind)}.")
    return Kind(value)


def _country(row: Fields) -> str:
    value = row.take("country")
    if value and not (isinstance(value, str) and len(value) == COUNTRY_LETTERS and value.isascii() and value.isupper()):
        row.refuse("country", "It must be two capital letters, such as FR.")
    return str(value or "")


def _year(row: Fields) -> Year:
    number = row.decimal("year", places=0, most=LAST_YEAR)
    if number is None or number < FIRST_YEAR:
        row.refuse("year", f"It must be the year in which the accounts close, from {FIRST_YEAR} on.")
    found = Year(
        int(number),
        row.decimal("staff", places=STAFF_PLACES, most=MAX_STAFF),
        row.decimal("turnover", places=EURO_PLACES, most=MAX_EUROS),
        row.decimal("balance", places=EURO_PLACES, most=MAX_EUROS),
        row.said("estimated") or False,
    )
    row.end()
    return found


def _inclusion(parent: Fields, value: object, where: str) -> Inclusion:
    """An id alone, or an object with the share that the accounts contain."""
    row = Fields({"id": value} if isinstance(value, str) else value, where, parent.todo)
    percent, has_staff = row.decimal("percent", places=PERCENT_PLACES, most=100), row.said("staff")
    found = Inclusion(row.name("id"), Decimal(100) if percent is None else percent, has_staff is not False)
    row.end()
    return found


def _check(row: Fields, one: Enterprise) -> None:
    """What the parts of one enterprise must be together."""
    if len({year.year for year in one.years}) != len(one.years):
        row.refuse("years", "A year stands twice.")
    if len(one.years) > 1 and any(year.is_estimated for year in one.years):
        row.refuse("years", "Only a new enterprise without approved accounts is estimated, for one year (Art. 4(3)).")
    if len({inside.id for inside in one.consolidates}) != len(one.consolidates):
        row.refuse("consolidates", "An enterprise stands twice.")
    if one.kind is Kind.LOCAL_AUTHORITY and (one.budget is None or one.inhabitants is None):
        row.refuse("", "A local authority needs `budget` and `inhabitants` (Article 3(2)(d)).")
