"""Who reviews what: a pure function from experts, applications and conflicts to an assignment with its reasons.

Words: *points* are given for shared fields, for rare ones more; a pair is *open* with a shared field, the application's
language, and neither conflict of interest nor block; the *limit* is the most an expert takes.

The way: `reading` makes what is `given` of a file, `pairing` weighs each pair, `assigning` asks the solver, `answer`
tells.
"""

from fabrica.reviews.engine.answer import as_dict
from fabrica.reviews.engine.assigning import Assignment, assign
from fabrica.reviews.engine.given import Given
from fabrica.reviews.engine.reading import MAX_BYTES, read

__all__ = ["MAX_BYTES", "Assignment", "Given", "as_dict", "assign", "read"]
