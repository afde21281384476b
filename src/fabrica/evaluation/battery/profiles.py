"""The two sizes of a battery, as counts: the same profile measures the same, however fast the machine is."""

from dataclasses import dataclass

from fabrica.evaluation.battery.context import Sizes
from fabrica.kit.errors import Refused

QUICK, FULL, NONE = "quick", "full", "none"


@dataclass(frozen=True)
class Profile:
    """`share` is what the probes of texts and pairs take of all they have; after `seconds` no further probe begins."""

    name: str
    seconds: float
    share: float
    sizes: Sizes


PROFILES = {
    QUICK: Profile(QUICK, 30.0, 0.2, Sizes(pieces=100, piece_bytes=360, scan_bytes=20_000_000, canary_rivals=127)),
    FULL: Profile(FULL, 180.0, 1.0, Sizes(pieces=500, piece_bytes=600, scan_bytes=200_000_000, canary_rivals=1023)),
}


def profile_of(name: str) -> Profile:
    """The profile of this name. Raises Refused, listing those there are."""
    if name not in PROFILES:
        raise Refused(f"There is no profile called {name[:40]!r}.", todo=f"Choose one of: {', '.join(PROFILES)}.")
    return PROFILES[name]
