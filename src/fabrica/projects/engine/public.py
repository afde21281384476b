"""The public list: the wording one agrees to, what belongs to an award. Data files; needs no Django."""

from dataclasses import dataclass
from datetime import date
from functools import cache

from fabrica.kit.facts import Source, load, source_of


@dataclass(frozen=True)
class Said:
    """A sentence in the languages of the portal."""

    text: str
    text_fr: str

    def said(self, language: str) -> str:
        """It in a language of the portal."""
        return self.text_fr if language == "fr" else self.text


@dataclass(frozen=True)
class Consent(Said):
    """What one agrees to before a project is listed in public, by its version."""

    version: str
    since: date


@dataclass(frozen=True)
class Duty(Said):
    """What belongs to an award (`is_condition`), what one is free to do, and what others decide (None)."""

    is_condition: bool | None
    source: Source


def consent_on(day: date) -> Consent:
    """The wording that holds on a day. Raises ValueError for a file that has none."""
    return max((one for one in consents() if one.since <= day), key=lambda one: one.since)


@cache
def consents() -> tuple[Consent, ...]:
    """Every wording there ever was."""
    rows = load("fabrica.projects", "listing.json")["texts"]
    return tuple(Consent(row["text"], row["text_fr"], row["version"], date.fromisoformat(row["from"])) for row in rows)


@cache
def duties() -> tuple[Duty, ...]:
    """What an award asks in public, and what it does not."""
    rows = load("fabrica.projects", "listing.json")["duties"]
    return tuple(Duty(row["text"], row["text_fr"], row["is_condition"], source_of(row)) for row in rows)
