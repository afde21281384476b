"""Awards under capacity: a pure function from a ranking, systems, pools and caps to the awards that keep every limit.

Words: a *limit* is a system's hours in a period, or a *cap* on what pools give together; *rank first* means that nobody
is in place of somebody before them who would fit; a *proof* puts prices on limits and shows that some do not fit.

The way: `reading` makes what is `given` of a file, `house` the limits as rows of whole numbers, `placing` asks where
everybody stands (with `proofs` of who does not fit), `proposing` goes down the ranking, `left_out` says why not,
`answer` makes plain data of it.
"""

from fabrica.allocations.engine.capacity.answer import as_dict
from fabrica.allocations.engine.capacity.given import Given
from fabrica.allocations.engine.capacity.proposing import EFFORT, Proposal, propose
from fabrica.allocations.engine.capacity.reading import MAX_BYTES, read

__all__ = ["EFFORT", "MAX_BYTES", "Given", "Proposal", "as_dict", "propose", "read"]
