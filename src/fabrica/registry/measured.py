"""Which of a version's evaluations counts, and what is told of the others. Pure: batteries in, facts out.

The newest counts that is no less complete than the one it takes the place of: no smaller a profile, the training's own
text where that one had it, and every probe heard out that was heard out there. The others stay in the history, so that
nobody can measure until it suits without everybody reading how often.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fabrica.evaluation.battery.result import Verdict

PROFILES = ("quick", "full")
FIRST = 1


@dataclass(frozen=True)
class Measured:
    """A battery and where it comes from; the training's own has number 1."""

    number: int
    battery: dict[str, Any]
    run: str
    run_number: int
    at: str

    def as_history(self) -> dict[str, Any]:
        """What is told of it beside the figures that count."""
        found = self.battery
        return {
            "number": self.number, "run": self.run, "run_number": self.run_number, "at": self.at,
            "version": version_of(found), "profile": found.get("profile"), "seed": found.get("seed"),
            "own_text": has_own_text(found), "summary": found.get("summary"),
        }  # fmt: skip


def version_of(battery: dict[str, Any]) -> int:
    """By which version of the battery it was measured; before there were numbers it was 1."""
    found = battery.get("version", 1)
    return found if isinstance(found, int) else 1


def has_own_text(battery: dict[str, Any]) -> bool:
    """Whether it measured beside the very text that the model was trained on."""
    data = battery.get("data")
    found = data.get("training_documents") if isinstance(data, dict) else None
    return isinstance(found, int) and found > 0


def is_battery(values: dict[str, Any]) -> bool:
    """Whether it has what is read of it here; a run of a project wrote it, so it may be anything."""
    results, summary = values.get("results"), values.get("summary")
    told = isinstance(results, list) and bool(results) and all(isinstance(one, dict) for one in results)
    counted = isinstance(summary, dict) and all(type(one) is int for one in summary.values())
    return told and counted and isinstance(values.get("model"), dict)


def is_no_less_complete(one: dict[str, Any], than: dict[str, Any]) -> bool:
    """Whether a battery may take the place of another."""
    as_large = _rank(one) >= _rank(than)
    as_near = has_own_text(one) or not has_own_text(than)
    return as_large and as_near and _heard(than) <= _heard(one)


def _rank(battery: dict[str, Any]) -> int:
    name = battery.get("profile")
    return PROFILES.index(name) if name in PROFILES else 0


def _heard(battery: dict[str, Any]) -> set[str]:
    """The probes that ran to their end; one that did not tells a single result under its own name."""
    rows = [one for one in battery.get("results") or [] if isinstance(one, dict)]
    every = {str(one.get("probe")) for one in rows}
    told = [one for one in rows if one.get("verdict") == Verdict.NOT_RUN and one.get("name") == one.get("probe")]
    return every - {str(one.get("probe")) for one in told}


def counting(every: Sequence[Measured]) -> Measured | None:
    """The one that counts, of all in order of their numbers; None where there is none."""
    found: Measured | None = None
    for one in every:
        if found is None or is_no_less_complete(one.battery, found.battery):
            found = one
    return found


def every_of(facts: dict[str, Any], later: Sequence[Measured]) -> list[Measured]:
    """All evaluations in order: the training's own, which is signed with the model, and those that came later."""
    own, run = facts.get("battery"), facts.get("run")
    if not isinstance(own, dict) or not own.get("results"):
        return list(later)
    told = run if isinstance(run, dict) else {}
    return [Measured(FIRST, own, str(told.get("uid")), told.get("number") or 0, str(told.get("ended_at"))), *later]


def before_it(every: Sequence[Measured], number: int | None) -> Measured | None:
    """The one that counted before the one of this number came."""
    return counting([one for one in every if number is not None and one.number < number])


def with_measurements(facts: dict[str, Any], later: Sequence[Measured]) -> dict[str, Any]:
    """The facts with the battery that counts, and the history of all; the same where nothing came later."""
    every = every_of(facts, later)
    found = counting(every)
    if not later or found is None:
        return facts
    history = [one.as_history() for one in every]
    return {**facts, "battery": {**found.battery, "counts": found.number, "history": history}}
