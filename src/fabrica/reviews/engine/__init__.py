"""Who reviews what: a pure function from experts, applications and conflicts to an assignment with its reasons.

Words: an *affinity* is points for shared fields, rare ones more; an expert is *able* for an application with a shared field
and its language, and *free* of it without conflict of interest or block; the *limit* is the most an expert takes.

The way: `reading` makes what is `given` of a file, `pairing` weighs each pair, `assigning` asks the solver, `answer` tells.
"""

from fabrica.reviews.engine.answer import as_dict
from fabrica.reviews.engine.assigning import Assignment, assign
from fabrica.reviews.engine.given import Given
from fabrica.reviews.engine.reading import MAX_BYTES, read

__all__ = ["MAX_BYTES", "Assignment", "Given", "as_dict", "assign", "read"]
