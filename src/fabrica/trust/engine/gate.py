"""The gate as a pure function: answers in, decision and reasons out. Needs no Django tables."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

from fabrica.kit.errors import Refused
from fabrica.kit.facts import load, source_of
from fabrica.trust.states import SEVERITY, Answer, Decision


@dataclass(frozen=True)
class Question:
    """One question: the answer that passes, and what follows from the other and from unsure."""

    id: str
    question: str
    help: str
    ref: str
    expects: Answer
    otherwise: Decision
    unsure: Decision

    @property
    def hint(self) -> str:
        """What helps to answer it, and where it is written."""
        return f"{self.help} ({self.ref})"


@dataclass(frozen=True)
class Reason:
    """Why the decision is not a plain yes: the rule, what was answered, what follows, where it is written."""

    rule: str
    question: str
    answer: str
    leads_to: str
    ref: str


@dataclass(frozen=True)
class Outcome:
    """What the gate says. `reasons` is empty for a plain ACCEPT."""

    decision: Decision
    reasons: tuple[Reason, ...]
    version: str

    def as_dict(self) -> dict[str, Any]:
        """As it is stored and sent."""
        reasons = [asdict(reason) for reason in self.reasons]
        return {"decision": self.decision.value, "version": self.version, "reasons": reasons}


SOURCE_LANGUAGE = "en"
SAID = ("question", "help", "ref")


@cache
def questions(language: str | None = SOURCE_LANGUAGE) -> tuple[Question, ...]:
    """The questions now in force, validated: known words only, each with a source, no id twice.

    `language` chooses the words (`question_fr` in the data); what is not translated is said in English.
    """
    rows = load("fabrica.trust", "questions.json")["questions"]
    found = tuple(_question(row, (language or SOURCE_LANGUAGE).partition("-")[0]) for row in rows)
    if len({one.id for one in found}) != len(found):
        raise ValueError("a question's id stands twice")
    return found


def _question(row: dict[str, Any], language: str) -> Question:
    source_of(row)
    said = {name: str(row.get(f"{name}_{language}") or row[name]) for name in SAID}
    expects, otherwise, unsure = Answer(row["expects"]), Decision(row["otherwise"]), Decision(row["unsure"])
    if expects is Answer.UNSURE or otherwise is Decision.ACCEPT:
        raise ValueError(f"a question must expect yes or no, and the other answer must lead somewhere: {row['id']}")
    if unsure not in (Decision.REJECT, Decision.REFER_ETHICS):
        raise ValueError(f"unsure may never let through: {row['id']}")
    return Question(id=row["id"], **said, expects=expects, otherwise=otherwise, unsure=unsure)


def version() -> str:
    """The version of the questions."""
    return str(load("fabrica.trust", "questions.json")["version"])


def missing(answers: Mapping[str, str]) -> tuple[Question, ...]:
    """The questions without an answer yet."""
    return tuple(one for one in questions() if one.id not in answers)


def check(answers: Mapping[str, str]) -> None:
    """Raises Refused for an unknown question or an answer that is neither yes, no nor unsure."""
    known = [one.id for one in questions()]
    for key, answer in answers.items():
        if key not in known:
            raise Refused(f"There is no question {key}.", todo=f"Answer these: {', '.join(known)}.")
        if answer not in Answer.values:
            raise Refused(f"{key}: {answer!r} is no answer.", todo=f"Use one of: {', '.join(Answer.values)}.")


def evaluate(answers: Mapping[str, str]) -> Outcome:
    """The decision on complete answers: the worst that any answer leads to. Raises Refused when one is missing.

    Its reasons are in English, as they are kept on record; `translated` shows them in another language.
    """
    check(answers)
    if gaps := missing(answers):
        raise Refused("The gate needs every answer.", why=f"Missing: {', '.join(one.id for one in gaps)}.")
    found = [(one, _leads_to(one, Answer(answers[one.id]))) for one in questions()]
    reasons = tuple(
        Reason(one.id, one.question, answers[one.id], decision.value, one.ref)
        for one, decision in found
        if decision is not Decision.ACCEPT
    )
    return Outcome(min((decision for _, decision in found), key=SEVERITY.index), reasons, version())


def _leads_to(question: Question, answer: Answer) -> Decision:
    if answer is Answer.UNSURE:
        return question.unsure
    return Decision.ACCEPT if answer is question.expects else question.otherwise


def translated(reasons: Iterable[Mapping[str, str]], language: str | None) -> list[dict[str, str]]:
    """Kept reasons as a person reads them: words of `language` where the question still reads as it did then.

    Takes and returns reasons as `Outcome.as_dict` keeps them.
    """
    asked = {one.id: one for one in questions()}
    now_said = {one.id: one for one in questions(language)}
    shown = []
    for one in reasons:
        same = one["rule"] in asked and asked[one["rule"]].question == one["question"]
        words = {"question": now_said[one["rule"]].question, "ref": now_said[one["rule"]].ref} if same else {}
        shown.append({**one, **words, "answer": str(Answer(one["answer"]).label)})
    return shown
