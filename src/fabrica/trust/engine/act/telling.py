"""Outcomes and questions as plain data, in a language: what `--json` prints and a record keeps."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from fabrica.kit.facts import Source, load, source_of
from fabrica.trust.engine.act.answers import FORMAT, UNSURE
from fabrica.trust.engine.act.asking import Asking, next_questions
from fabrica.trust.engine.act.evaluating import Comparison, Obligation, Outcome, Step
from fabrica.trust.engine.act.ruleset import ENGLISH, Decision, Question, Rule, RuleSet, said
from fabrica.trust.engine.act.versions import VERSIONS, ruleset
from fabrica.trust.engine.articles import article_in

NOTICE = {
    "text": "This weighs your answers by rules kept as data. It is no legal advice; a person decides, and the "
    "Commission's AI Act Service Desk answers questions: ",
    "text_fr": "Vos réponses sont pesées selon des règles conservées comme données. Ce n’est pas un avis juridique ; "  # noqa: RUF001 - French spells it so
    "une personne décide, et le service d’assistance de la Commission répond aux questions : ",  # noqa: RUF001 - as above
}
Rows = Sequence[Mapping[str, Any]]


def service_desk() -> tuple[str, Source]:
    """The address of the Commission's own service desk, and where we have it from."""
    row = load("fabrica.trust", "service-desk.json")
    return str(row["url"]), source_of(row)


def as_dict(found: Outcome, language: str = ENGLISH) -> dict[str, Any]:
    """The record: version, day, answers, decision, labels, duties, path, and what is still to be answered."""
    rules = ruleset(found.version)
    asking = next_questions(found.answers, found.as_of, rules)
    return {
        "format": FORMAT,
        "ruleset_version": found.version,
        "as_of": found.as_of.isoformat(),
        "answers": dict(found.answers),
        "decision": found.decision.value,
        "labels": [_label(key, rules, language) for key in sorted(found.labels)],
        "possible_labels": [_label(key, rules, language) for key in sorted(found.possible)],
        "obligations": [_obligation(one, found.as_of, rules, language) for one in found.obligations],
        "path": [_step(one, rules, language) for one in found.path],
        "not_met": list(found.not_met),
        "open_questions": [one.id for one in asking.questions],
        "notice": said(NOTICE, "text", language) + service_desk()[0],
    }


def reasons_of(told: Mapping[str, Any]) -> list[dict[str, str]]:
    """What of a record's path leads to more than a plain yes, in the form of the reasons of the first gate.

    `question` is the rule's title, `answer` whether it holds: yes, or unsure where it may.
    """
    return [
        {
            "rule": one["rule"], "question": one["title"], "answer": "yes" if one["holds"] else UNSURE,
            "leads_to": one["leads_to"], "ref": one["article"],
        }
        for one in told["path"]
        if one["leads_to"] != Decision.ACCEPT.value
    ]  # fmt: skip


def kept_in(version: str, labels: Rows, duties: Rows, path: Rows, language: str) -> dict[str, Any]:
    """What a record keeps, with its words in a language; what was decided is never weighed again."""
    rules = ruleset(version)
    return {
        "labels": [{**one, **_label(one["label"], rules, language)} for one in labels],
        "obligations": [_kept_duty(one, rules, language) for one in duties],
        "path": [_kept_step(one, rules, language) for one in path],
    }


def _kept_duty(one: Mapping[str, Any], rules: RuleSet, language: str) -> dict[str, Any]:
    text = said(rules.duties[one["duty"]].words, "text", language)
    return {**one, "text": text, **_where(one, language)}


def _kept_step(one: Mapping[str, Any], rules: RuleSet, language: str) -> dict[str, Any]:
    return {**one, **_words(rules.rules[one["rule"]], rules, language), **_where(one, language)}


def _where(one: Mapping[str, Any], language: str) -> dict[str, str]:
    return {key: article_in(language, one[key]) for key in ("ref", "article", "source") if key in one}


def labels_said(version: str, labels: Iterable[str], language: str) -> list[str]:
    """Labels in words of a language; one that this version of the rules does not know stands as it is."""
    known = ruleset(version).labels if version in VERSIONS else {}
    return [said(known[one], "text", language) if one in known else one for one in labels]


def _words(rule: Rule, rules: RuleSet, language: str) -> dict[str, str]:
    text = said(rules.consequences[rule.consequence], "text", language)
    return {"title": said(rule.words, "title", language), "text": text}


def _label(key: str, rules: RuleSet, language: str) -> dict[str, str]:
    return {"label": key, "text": said(rules.labels[key], "text", language)}


def _obligation(one: Obligation, day: date, rules: RuleSet, language: str) -> dict[str, Any]:
    duty = rules.duties[one.duty]
    return {
        "duty": one.duty,
        "ref": article_in(language, duty.article),
        "owed_by": duty.owed_by,
        "text": said(duty.words, "text", language),
        "applies_from": one.applies_from.isoformat(),
        "in_force": one.applies_from <= day,
        "certain": one.is_certain,
        "date_disputed": one.is_disputed,
        "because_of": list(one.rules),
    }


def _step(one: Step, rules: RuleSet, language: str) -> dict[str, Any]:
    rule = rules.rules[one.rule]
    return {
        "rule": one.rule,
        **_words(rule, rules, language),
        "article": article_in(language, rule.article),
        "holds": one.holds,
        "excluded": one.excluded,
        "leads_to": one.decision.value,
        "source": article_in(language, rule.source.text),
        "checked_on": rule.source.checked_on.isoformat(),
        "confidence": rule.source.confidence,
    }


def question_as_dict(one: Question, language: str = ENGLISH) -> dict[str, Any]:
    """A question with its help and example."""
    return {
        "id": one.id,
        **{name: said(one.words, name, language) for name in ("question", "help", "example")},
        "answers": "number" if one.is_number else "yes, no, unsure",
        "answered_by": one.answered_by,
        "usual": one.usual,
        "stands_for": list(one.stands_for),
    }


def asking_as_dict(asking: Asking, rules: RuleSet, language: str = ENGLISH) -> dict[str, Any]:
    """What to ask next, and how many are left."""
    return {
        "ruleset_version": rules.version,
        "questions": [question_as_dict(one, language) for one in asking.questions],
        "left_at_most": asking.at_most,
        "left_usually": asking.usually,
    }


def comparison_as_dict(found: Comparison, language: str = ENGLISH) -> dict[str, Any]:
    """Both records, and what came and went."""
    return {
        "then": as_dict(found.then, language),
        "now": as_dict(found.now, language),
        "gained": {key: sorted(one) for key, one in found.gained.items()},
        "lost": {key: sorted(one) for key, one in found.lost.items()},
        "answers_not_asked_any_more": list(found.dropped),
    }
