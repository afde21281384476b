"""The problems a person can be told about. Edges map each class once to a status and a page.

Problem
  Refused       the rules say no                      409
  NotAllowed    this person may not                   403
  NotFound      absent, or not this person's to see   404
  Unreachable   an outside system does not answer     503
"""

from typing import Any


class Problem(Exception):
    """Something a person must be told: what happened, why, and what to do next."""

    status = 500

    def __init__(self, what: str, *, why: str = "", todo: str = "", **facts: Any) -> None:
        super().__init__(what)
        self.what = str(what)
        self.why = str(why)
        self.todo = str(todo)
        self.facts = facts

    def __str__(self) -> str:
        return " ".join(part for part in (self.what, self.why, self.todo) if part)

    def as_dict(self) -> dict[str, Any]:
        """The problem as the API and `--json` print it."""
        return {"what": self.what, "why": self.why, "todo": self.todo, **self.facts}


class Refused(Problem):
    """The rules say no; nothing was changed."""

    status = 409


class NotAllowed(Problem):
    """This person may not do this."""

    status = 403


class NotFound(Problem):
    """It does not exist, or it is not this person's to see: the answer is the same on purpose."""

    status = 404


class Unreachable(Problem):
    """An outside system does not answer; trying again later may work."""

    status = 503
