"""Reading one enterprise of the file: who it is, its figures by year, and whose accounts its own contain."""

from decimal import Decimal
from typing import Any

from fabrica.people.engine.sme.graph import Enterprise, Inclusion, Kind, Year
from fabrica.people.engine.sme.values import FIRST_YEAR, LAST_YEAR, Row, identifier, refuse

PERCENT_PLACES, STAFF_PLACES, EURO_PLACES = 6, 4, 2
MAX_STAFF, MAX_EUROS, MAX_INHABITANTS = 10**7, 10**13, 10**9
MAX_YEARS, MAX_MARKETS, MAX_INSIDE = 2, 20, 1_000
COUNTRY_LETTERS = 2


def enterprise(row: Row) -> Enterprise:
    """One enterprise or other holder. Raises Refused."""
    found = Enterprise(
        id=row.identifier("id"),
        name=row.text("name"),
        kind=_kind(row),
        country=_country(row),
        years=tuple(_year(Row(*one)) for one in row.rows("years", MAX_YEARS)),
        founded_on=row.day("founded_on"),
        markets=frozenset(identifier(*one) for one in row.rows("markets", MAX_MARKETS)),
        is_listed=row.flag("listed"),
        is_public=row.flag("public") or False,
        is_dispersed=row.flag("dispersed") or False,
        consolidates=tuple(_inclusion(*one) for one in row.rows("consolidates", MAX_INSIDE)),
        budget=row.amount("budget", EURO_PLACES, MAX_EUROS),
        inhabitants=row.amount("inhabitants", 0, MAX_INHABITANTS),
    )
    row.end()
    _check(row, found)
    return found


def _kind(row: Row) -> Kind:
    value = row.take("kind", Kind.ENTERPRISE.value)
    if value not in list(Kind):
        refuse(row.at("kind"), f"It must be one of {', '.join(Kind)}.")
    return Kind(value)


def _country(row: Row) -> str:
    value = row.take("country", "")
    if value and not (isinstance(value, str) and len(value) == COUNTRY_LETTERS and value.isascii() and value.isupper()):
        refuse(row.at("country"), "It must be two capital letters, such as FR.")
    return str(value or "")


def _year(row: Row) -> Year:
    number = row.amount("year", 0, LAST_YEAR)
    if number is None or number < FIRST_YEAR:
        refuse(row.at("year"), f"It must be the year in which the accounts close, from {FIRST_YEAR} on.")
    found = Year(
        int(number),
        row.amount("staff", STAFF_PLACES, MAX_STAFF),
        row.amount("turnover", EURO_PLACES, MAX_EUROS),
        row.amount("balance", EURO_PLACES, MAX_EUROS),
        row.flag("estimated") or False,
    )
    row.end()
    return found


def _inclusion(value: Any, where: str) -> Inclusion:
    """An id alone, or an object with the share that the accounts contain."""
    if isinstance(value, str):
        return Inclusion(identifier(value, where))
    row = Row(value, where)
    percent, has_staff = row.amount("percent", PERCENT_PLACES, 100), row.flag("staff")
    found = Inclusion(row.identifier("id"), Decimal(100) if percent is None else percent, has_staff is not False)
    row.end()
    return found


def _check(row: Row, one: Enterprise) -> None:
    """What the parts of one enterprise must be together."""
    if len({year.year for year in one.years}) != len(one.years):
        refuse(row.at("years"), "A year stands twice.")
    if len(one.years) > 1 and any(year.is_estimated for year in one.years):
        refuse(
            row.at("years"), "Only a new enterprise without approved accounts is estimated, for one year (Art. 4(3))."
        )
    if len({inside.id for inside in one.consolidates}) != len(one.consolidates):
        refuse(row.at("consolidates"), "An enterprise stands twice.")
    if one.kind is Kind.LOCAL_AUTHORITY and (one.budget is None or one.inhabitants is None):
        refuse(row.where, "A local authority needs `budget` and `inhabitants` (Article 3(2)(d)).")
