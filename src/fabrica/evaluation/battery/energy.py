"""What the machine says a run drew: the processor's own counters (RAPL), where they can be read."""

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from fabrica.evaluation.battery.result import Result, Verdict, not_run

PROBE, NAME, FILE = "energy", "energy of the run", "energy.json"
COUNTERS = Path("/sys/class/powercap")
JOULES_PER_WH = 3_600
MICRO = 1_000_000
NOT_MEASURED = (
    "Not measured: the processor's counters cannot be read here. What the cluster recorded, or an estimate, stands in "
    "the run's bill."
)
TOLD = (
    "Processor packages of the whole node, without memory, devices, cooling, or the building's share. No interval, no "
    "baseline, no data: counters were read before and after, once, whatever the model read."
)
PARTLY = "Not measured whole: the run was interrupted, and what was drawn before is not known."


@dataclass(frozen=True)
class Energy:
    """Joules of all processor packages of the node, others' work included; `whole` where no life is missing."""

    joules: float
    seconds: float
    whole: bool


class Meter:
    """Reads the counters when made, and again when asked."""

    def __init__(self, counters: Path = COUNTERS) -> None:
        self.places = sorted(counters.glob("intel-rapl:[0-9]"))
        self.began, self.at = self._read(), time.monotonic()

    def measured(self, *, whole: bool) -> Energy | None:
        """What was drawn since; None where the counters cannot be read."""
        now = self._read()
        if not self.began or set(now) != set(self.began):
            return None
        used = [(now[place] - before) % self._range(place) for place, before in self.began.items()]
        return Energy(sum(used) / MICRO, time.monotonic() - self.at, whole)

    def _read(self) -> dict[Path, int]:
        try:
            return {place: int((place / "energy_uj").read_text()) for place in self.places}
        except (OSError, ValueError):
            return {}

    def _range(self, place: Path) -> int:
        """Where a counter begins again."""
        try:
            return int((place / "max_energy_range_uj").read_text()) + 1
        except (OSError, ValueError):
            return 1 << 62


def as_json(energy: Energy) -> str:
    """As energy.json holds it."""
    return json.dumps(asdict(energy)) + "\n"


def probe(folder: Path | None) -> list[Result]:
    """What energy.json in the model's folder tells; there is no threshold, so it is told and not judged."""
    try:
        energy = Energy(**json.loads(((folder or Path()) / FILE).read_bytes()))
    except (OSError, ValueError, TypeError):
        return [not_run(PROBE, NAME, NOT_MEASURED)]
    if not energy.whole:
        return [not_run(PROBE, NAME, PARTLY, more=asdict(energy))]
    return [
        Result(
            probe=PROBE,
            name=NAME,
            verdict=Verdict.TOLD,
            value=energy.joules / JOULES_PER_WH,
            unit="Wh",
            n=1,
            note=TOLD,
            threshold="none: told, not judged",
            more={"seconds": energy.seconds},
        )
    ]
