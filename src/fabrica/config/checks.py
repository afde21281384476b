"""Checks that refuse to start what would be unsafe."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.checks import Error, register

from fabrica.allocations.engine import unix_name
from fabrica.applications.engine.clocks import lengths
from fabrica.kit.errors import Refused
from fabrica.people.engine.sme import current
from fabrica.portal.acknowledging import FIELDS, acknowledgement
from fabrica.portal.idling import rules
from fabrica.portal.storing import rooms
from fabrica.reviews.engine.criteria import criteria_data

LOOPBACK = {"127.0.0.1", "localhost", "[::1]", "testserver"}
SHORTEST_KEY = 40
SHORTEST_TOKEN = 32
# A site's own data files by their setting, each with what reads it.
OWN_DATA: tuple[tuple[str, Callable[[str], object]], ...] = (
    ("FABRICA_CLOCKS", lengths), ("FABRICA_CRITERIA", criteria_data), ("FABRICA_SME_RULES", current),
    ("FABRICA_LIFE_RULES", rules), ("FABRICA_LIFE_RULES", rooms),
)  # fmt: skip


@register()
def demo_stays_home(app_configs: Any, **_: Any) -> list[Error]:  # noqa: ARG001 - Django's signature
    """The demo has known people and no second factor: it answers on loopback only."""
    if settings.FABRICA_DEMO and not set(settings.ALLOWED_HOSTS) <= LOOPBACK:
        return [
            Error(
                "The demo answers on loopback only.",
                hint="Unset FABRICA_DEMO, or take other names out of FABRICA_HOSTS.",
                id="fabrica.E001",
            )
        ]
    return []


@register()
def debug_stays_home(app_configs: Any, **_: Any) -> list[Error]:  # noqa: ARG001 - Django's signature
    """Debug pages show secrets."""
    if settings.DEBUG and not set(settings.ALLOWED_HOSTS) <= LOOPBACK:
        return [Error("FABRICA_DEBUG is for a developer's own machine.", hint="Unset it on a site.", id="fabrica.E002")]
    return []


@register()
def secret_is_secret(app_configs: Any, **_: Any) -> list[Error]:  # noqa: ARG001 - Django's signature
    """A short key can be guessed."""
    if len(settings.SECRET_KEY) < SHORTEST_KEY:
        return [Error("The secret key is too short.", hint="Run `fabrica-site init` to make one.", id="fabrica.E003")]
    return []


@register()
def metrics_token_is_secret(app_configs: Any, **_: Any) -> list[Error]:  # noqa: ARG001 - Django's signature
    """A short token can be guessed, and nobody counts the tries."""
    if 0 < len(settings.FABRICA_METRICS_TOKEN) < SHORTEST_TOKEN:
        return [
            Error(
                f"FABRICA_METRICS_TOKEN has fewer than {SHORTEST_TOKEN} letters.",
                hint="Make one with `openssl rand -hex 32`.",
                id="fabrica.E004",
            )
        ]
    return []


@register()
def projects_have_names(app_configs: Any, **_: Any) -> list[Error]:  # noqa: ARG001 - Django's signature
    """Each project runs its jobs as a UNIX account of its own."""
    try:
        unix_name(settings.FABRICA_UNIX_PROJECT_TEMPLATE, 1)
    except Refused as problem:
        return [Error(f"{problem.what} {problem.why}", hint=problem.todo, id="fabrica.E005")]
    return []


@register()
def publications_can_thank(app_configs: Any, **_: Any) -> list[Error]:  # noqa: ARG001 - Django's signature
    """What members are asked to write into their publications can be made."""
    try:
        acknowledgement(settings.FABRICA_ACKNOWLEDGEMENT, **dict.fromkeys(FIELDS, ""))
    except ValueError as error:
        what = "FABRICA_ACKNOWLEDGEMENT cannot be filled in."
        return [Error(what, hint=f"Write it as docs/operator/settings.md says: {error}.", id="fabrica.E006")]
    return []


@register("own_data")
def own_data_can_be_used(app_configs: Any, **_: Any) -> list[Error]:  # noqa: ARG001 - Django's signature
    """A site's own data files are read before anybody meets them on a page."""
    return [one for name, read in OWN_DATA for one in _of_own_data(name, read)]


def _of_own_data(setting: str, read: Callable[[str], object]) -> list[Error]:
    try:
        read(getattr(settings, setting))
    except Refused as problem:
        return [Error(f"{setting}: {problem.what} {problem.why}", hint=problem.todo, id="fabrica.E007")]
    return []
