"""The SME status of an enterprise (Recommendation 2003/361/EC): a pure function of an ownership graph.

Words: *linked* enterprises control one another; a *partner* holds, or is held by, 25 % or more; a *stake* is what
linked enterprises hold jointly; the *applicant* is the enterprise whose status is asked for.

The way: `reading` makes a graph of a file, `linked` and `persons` find who is linked, `partners` the stakes, `places`
the relation of each, `adding` the sums, `years` the category; `public` looks at public bodies, `unknown` at what is
missing, `explaining` at why, `declaration` at what is signed.
"""

from fabrica.people.engine.sme.answer import as_dict
from fabrica.people.engine.sme.assessing import Assessment, assess
from fabrica.people.engine.sme.declaration import Declaration, declaration
from fabrica.people.engine.sme.explaining import answered, phrase
from fabrica.people.engine.sme.printing import to_html
from fabrica.people.engine.sme.reading import MAX_BYTES, read
from fabrica.people.engine.sme.rules import Rules, current, rules_from

__all__ = [
    "MAX_BYTES",
    "Assessment",
    "Declaration",
    "Rules",
    "answered",
    "as_dict",
    "assess",
    "current",
    "declaration",
    "phrase",
    "read",
    "rules_from",
    "to_html",
]
