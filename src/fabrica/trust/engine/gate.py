"""The questions of the first gate, asked until `engine.act` took over: kept to read what was decided by them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from fabrica.kit.facts import load, source_of
from fabrica.trust.states import Answer

SOURCE_LANGUAGE = "en"
SAID = ("question", "ref")


@dataclass(frozen=True)
class Question:
    """One question, and where it is written."""

    id: str
    question: str
    ref: str


@cache
def questions(language: str | None = SOURCE_LANGUAGE) -> tuple[Question, ...]:
    """The questions as they were asked last, each with a source, no id twice.

    `language` chooses the words (`question_fr` in the data); what is not translated is said in English.
    """
    rows = load("fabrica.trust", "questions.json")["questions"]
    found = tuple(_question(row, (language or SOURCE_LANGUAGE).partition("-")[0]) for row in rows)
    if len({one.id for one in found}) != len(found):
        raise ValueError("a question's id stands twice")
    return found


def _question(row: dict[str, Any], language: str) -> Question:
    source_of(row)
    return Question(id=row["id"], **{name: str(row.get(f"{name}_{language}") or row[name]) for name in SAID})


def translated(reasons: Iterable[Mapping[str, str]], language: str | None) -> list[dict[str, str]]:
    """Kept reasons as a person reads them: words of `language` where the question still reads as it did then."""
    asked = {one.id: one for one in questions()}
    now_said = {one.id: one for one in questions(language)}
    shown = []
    for one in reasons:
        same = one["rule"] in asked and asked[one["rule"]].question == one["question"]
        words = {"question": now_said[one["rule"]].question, "ref": now_said[one["rule"]].ref} if same else {}
        shown.append({**one, **words, "answer": str(Answer(one["answer"]).label)})
    return shown
