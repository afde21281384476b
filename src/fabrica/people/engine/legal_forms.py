"""The legal forms that a country knows: suggestions, for there are more than any list holds."""

from dataclasses import dataclass
from functools import cache

from fabrica.kit.facts import Source, load, source_of


@dataclass(frozen=True)
class LegalForms:
    """The forms of each country, those of the Union last."""

    by_country: dict[str, tuple[str, ...]]
    source: Source

    def of(self, country: str) -> tuple[str, ...]:
        return self.by_country.get(country, ())


@cache
def legal_forms() -> LegalForms:
    """The product's own list."""
    loaded = load("fabrica.people", "legal-forms.json")
    everywhere = tuple(loaded["everywhere"])
    return LegalForms({key: (*forms, *everywhere) for key, forms in loaded["forms"].items()}, source_of(loaded))
