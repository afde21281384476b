"""The seven requirements of trustworthy AI as a list that an applicant goes through for themselves.

Words: an *item* is a question with an example and a recommendation; it belongs to a *topic* of a *requirement*; the
items of the *gate* are asked of every mode. `reading` makes a version's data into a `Checklist` and checks it,
`versions` keeps several side by side, `scoring` weighs answers, `asking` says which items a mode is asked, `telling`
puts it into plain data. Scores are help for who builds a model. Nothing is refused for a low one.
"""

from fabrica.trust.engine.altai.asking import Scope, Sets, sets_on
from fabrica.trust.engine.altai.checklist import Answer, Checklist, Item, Requirement, Topic
from fabrica.trust.engine.altai.scoring import Result, Score, check, score
from fabrica.trust.engine.altai.versions import VERSIONS, checklist, in_force

__all__ = [
    "VERSIONS",
    "Answer",
    "Checklist",
    "Item",
    "Requirement",
    "Result",
    "Scope",
    "Score",
    "Sets",
    "Topic",
    "check",
    "checklist",
    "in_force",
    "score",
    "sets_on",
]
