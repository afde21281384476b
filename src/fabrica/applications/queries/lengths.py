"""How long the steps of an application last on this site."""

from django.conf import settings

from fabrica.applications.engine.clocks import Lengths, lengths


def site_lengths() -> Lengths:
    """The lengths in the site's own file where it names one, else ours. Raises Refused for one that cannot be used."""
    return lengths(settings.FABRICA_CLOCKS)
