"""The AI Act and the programme's own rules as data: what is prohibited, high-risk, to be told, and owed from when.

Words: a *question* is answered yes, no, unsure, or with a number; a *rule* holds, does not, or may hold; its *outcome*
is a decision with labels and *duties*; the *path* is the rules that led to a decision. The way: `reading` makes a
version's data into a `ruleset` of `conditions`, `checking` and `reaching` look at it as a whole, `versions` keeps
several side by side, `evaluating` weighs answers, `asking` says what to ask next, `explaining` why, `keeping` what a
new answer makes of those before it, `telling` puts it into plain data.
Never legal advice.
"""

from fabrica.trust.engine.act.asking import next_questions
from fabrica.trust.engine.act.evaluating import compare, evaluate
from fabrica.trust.engine.act.ruleset import Decision
from fabrica.trust.engine.act.versions import VERSIONS, in_force, ruleset

__all__ = ["VERSIONS", "Decision", "compare", "evaluate", "in_force", "next_questions", "ruleset"]
