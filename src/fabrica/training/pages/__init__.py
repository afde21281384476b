"""Pages of runs."""

from fabrica.training.pages.runs import cancel, listing, live, new, run

__all__ = ["cancel", "listing", "live", "new", "run"]
