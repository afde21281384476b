"""What a site says about itself on every page, from the settings `FABRICA_SITE_NAME` and `FABRICA_SITE`."""

from dataclasses import dataclass, fields
from typing import Any, Self

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


@dataclass(frozen=True)
class Site:
    """A site's name and the addresses in its footer; an empty address leaves its link out."""

    name: str = "Fabrica"
    tagline: str = ""
    theme_css: str = ""  # path below STATIC_URL of a sheet that overrides tokens
    licence: str = "EUPL-1.2"
    licence_url: str = "https://interoperable-europe.ec.europa.eu/collection/eupl"
    accessibility_url: str = ""
    api_url: str = "/api/docs"
    documentation_url: str = ""
    facts_checked_on: str = ""  # the date on which the facts shown were last checked

    @classmethod
    def of(cls, given: dict[str, Any]) -> Self:
        """The site that a settings dictionary describes. Raises ImproperlyConfigured for an unknown key."""
        known = {field.name for field in fields(cls)}
        if unknown := sorted(set(given) - known):
            raise ImproperlyConfigured(
                f"FABRICA_SITE has unknown keys: {', '.join(unknown)}. Known: {', '.join(sorted(known))}."
            )
        return cls(**given)


def current_site() -> Site:
    """The site as the settings describe it at this moment."""
    return Site.of({"name": getattr(settings, "FABRICA_SITE_NAME", "Fabrica"), **getattr(settings, "FABRICA_SITE", {})})
