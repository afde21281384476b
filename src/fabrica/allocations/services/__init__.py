"""Every write about awards and hours."""

from fabrica.allocations.services.accounts import note_read_back, note_trouble
from fabrica.allocations.services.awarding import award
from fabrica.allocations.services.hours import fund, hold, release, spend
from fabrica.allocations.services.transfers import KEY_MAX

__all__ = ["KEY_MAX", "award", "fund", "hold", "note_read_back", "note_trouble", "release", "spend"]
