"""The examples of the golden file, and an outcome in the same short form."""

import json
from datetime import date
from functools import cache
from pathlib import Path

from fabrica.trust.engine.act import VERSIONS, ruleset

FILE = json.loads((Path(__file__).parent / "golden" / "act.json").read_text(encoding="utf-8"))
EXAMPLES = FILE["examples"]
NEWEST = VERSIONS[-1]
BASE_RULES = FILE["base_rules"]


def version_of(name):
    return EXAMPLES[name]["given"].get("version", NEWEST)


def day_of(name):
    return date.fromisoformat(EXAMPLES[name]["given"].get("as_of", FILE["as_of"]))


@cache
def answers_of(name):
    """Every question answered, as the file says."""
    given, questions = EXAMPLES[name]["given"], ruleset(version_of(name)).questions
    if given.get("answers") == "none":
        return {}
    told = {key: "yes" if one.stands_for else "no" for key, one in questions.items() if not one.is_number}
    told.update(dict.fromkeys(FILE["base"]["yes"], "yes") | FILE["base"]["numbers"])
    for answer in ("yes", "no", "unsure"):
        told.update(dict.fromkeys(given.get(answer, ()), answer))
    return {**told, **given.get("numbers", {})}


@cache
def expected_of(name):
    """What the file says about an outcome, with the base's rules, labels and duties written out."""
    row = EXAMPLES[name]["expected"]
    kept = [key for key in BASE_RULES if key not in row.get("gone", ())]
    holds = {(rule, decision) for decision, rules in row.get("holds", {}).items() for rule in rules}
    unsure = {(rule, decision) for decision, rules in row.get("unsure_rules", {}).items() for rule in rules}
    labels = {*row.get("labels", ()), *(BASE_RULES[key]["label"] for key in kept if "label" in BASE_RULES[key])}
    owes = {tuple(BASE_RULES[key]["owes"]) for key in kept if "owes" in BASE_RULES[key]}
    every = set(ruleset(version_of(name)).labels)
    return {
        "decision": row["decision"],
        "holds": holds | {(key, "ACCEPT") for key in kept},
        "unsure": unsure,
        "labels": labels,
        "possible": every if row.get("possible") == "all" else set(row.get("possible", ())),
        "owes": owes | dated(row.get("owes", {})),
        "may_owe": dated(row["may_owe"]) if "may_owe" in row else None,
    }


def dated(owes):
    """(day, duty) of each."""
    named = {
        day: [one for key in keys for one in (FILE["+hr"] if key == "+hr" else [key])] for day, keys in owes.items()
    }
    return {(day, duty) for day, duties in named.items() for duty in duties}


def short(found):
    """An outcome in the form of the file."""
    owes = {(one.applies_from.isoformat(), one.duty, one.is_certain) for one in found.obligations}
    return {
        "decision": found.decision.value,
        "holds": {(one.rule, one.decision.value) for one in found.path if one.holds},
        "unsure": {(one.rule, one.decision.value) for one in found.path if one.holds is None},
        "labels": set(found.labels),
        "possible": set(found.possible),
        "owes": {one[:2] for one in owes if one[2]},
        "may_owe": {one[:2] for one in owes if not one[2]},
    }


def agrees(found, name):
    """Whether an outcome is the one in the file; what may be owed is compared where the file says it."""
    told, expected = short(found), expected_of(name)
    return all(told[key] == one for key, one in expected.items() if one is not None)
