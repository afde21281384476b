"""The two sizes of a battery, as counts: the same profile measures the same, however fast the machine is."""

from dataclasses import dataclass

from fabrica.evaluation.battery.context import Sizes
from fabrica.kit.errors import Refused

QUICK, FULL, NONE = "quick", "full", "none"


@dataclass(frozen=True)
class Profile:
    """After `seconds` no further probe begins."""

    name: str
    seconds: float
    sizes: Sizes


PROFILES = {
    QUICK: Profile(
        QUICK,
        30.0,
        Sizes(
            pieces=100,
            piece_bytes=360,
            scan_bytes=20_000_000,
            canary_rivals=127,
            samples=40,
            pairs=3,
            texts=24,
            taught_bytes=1_000_000,
        ),
    ),
    FULL: Profile(
        FULL,
        180.0,
        Sizes(
            pieces=400,
            piece_bytes=600,
            scan_bytes=200_000_000,
            canary_rivals=1023,
            samples=64,
            pairs=100,
            texts=64,
            taught_bytes=20_000_000,
        ),
    ),
}


def profile_of(name: str) -> Profile:
    """The profile of this name. Raises Refused, listing those there are."""
    if name not in PROFILES:
        raise Refused(f"There is no profile called {name[:40]!r}.", todo=f"Choose one of: {', '.join(PROFILES)}.")
    return PROFILES[name]
