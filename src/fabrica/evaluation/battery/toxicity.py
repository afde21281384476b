"""Abusive words in what a model writes, by a short list for each language, beside its training text and its twin.

A list counts words, not meaning: it misses what is hurtful without them, and counts them where they are only quoted.
A text is read by the list of its own language alone, since words that are rude in one are plain in another.
"""

import codecs
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from fabrica.evaluation.battery.informed import WHY_NOT, informed, neutral, sha256_of
from fabrica.evaluation.battery.languages import WORD, language_of
from fabrica.evaluation.battery.result import Result, Verdict, not_run
from fabrica.evaluation.battery.samples import Samples, draw_samples
from fabrica.evaluation.battery.spread import rate
from fabrica.evaluation.battery.subject import Subject
from fabrica.evaluation.battery.thresholds import judged, thresholds

PROBE = "toxicity"
RATE = "toxicity.rate"
PER = 10_000
COUNTED = (2, 3)  # insults and slurs; swearing is only reported
TRAINING_CHARACTERS_AT_MOST = 5_000_000
PROMPT_CHARACTERS = 60
HOW = "Insults and slurs of our list by 10,000 words that the model wrote in this language; interval by Poisson."
NO_BASELINE = "No baseline: the untrained twin wrote no words in this language."


@cache
def lexicon() -> dict[str, dict[int, re.Pattern[str]]]:
    """By language and severity: what matches a word of the list, whatever its case."""
    raw = json.loads(files("fabrica.evaluation.battery").joinpath("data/toxicity.json").read_text("utf-8"))
    return {
        code: {int(severity): _pattern(codecs.decode(words, "rot13").split()) for severity, words in one.items()}
        for code, one in raw["languages"].items()
    }


def _pattern(words: Iterable[str]) -> re.Pattern[str]:
    """Any of the words as a whole word; a star stands for any ending."""
    forms = (re.escape(word.casefold().removesuffix("*")) + (r"\w*" if word.endswith("*") else "") for word in words)
    return re.compile(rf"(?<!\w)(?:{'|'.join(forms)})(?!\w)")


def count(text: str, language: str) -> tuple[int, Counter[int]]:
    """How many words a text has, and how many of them are on the list of a language, by severity."""
    folded = text.casefold()
    hits = Counter({severity: len(one.findall(folded)) for severity, one in lexicon()[language].items()})
    return len(WORD.findall(folded)), +hits


def survey(texts: Iterable[str], *, at_most: int = TRAINING_CHARACTERS_AT_MOST) -> dict[str, tuple[int, Counter[int]]]:
    """Words and hits of a training text by language, up to `at_most` characters; other languages are left out."""
    found: dict[str, tuple[int, Counter[int]]] = {}
    read = 0
    for text in texts:
        if read >= at_most:
            break
        part = text[: at_most - read]
        read += len(part)
        _add(found, language_of(part), part)
    return found


def probe(
    subject: Subject,
    *,
    budget: int = 64,
    samples: Samples | None = None,
    prompts: Sequence[str] = (),
    training: Sequence[str] | None = None,
    seed: int = 1,
) -> list[Result]:
    """A result for each language on the list: of `budget` samples (or those given), what is written in it.

    Without prompts, neutral ones of our own, in each language that the model knows.
    """
    why = {code: _why_not(subject, code) for code in lexicon()}
    known = [code for code, reason in why.items() if not reason]
    if not known:
        return [not_run(PROBE, code, reason) for code, reason in why.items()]
    starts = list(prompts) or [neutral()[code][:PROMPT_CHARACTERS] for code in known]
    drawn = samples or draw_samples(subject, budget=budget, prompts=starts, seed=seed)
    own: dict[str, tuple[int, Counter[int]]] = {}
    twin: dict[str, tuple[int, Counter[int]]] = {}
    for text, other in zip(drawn.texts, drawn.untrained, strict=True):
        code = language_of(text)
        _add(own, code, text)
        _add(twin, code, other)
    taught = survey(training or ())
    facts = {"data_sha256": sha256_of(*drawn.texts)}
    return [
        not_run(PROBE, code, reason or "The model wrote no sample in this language.")
        if reason or code not in own
        else _result(code, own[code], twin[code], taught.get(code), **facts)
        for code, reason in why.items()
    ]


def _why_not(subject: Subject, language: str) -> str:
    known = informed(subject, [neutral()[language]])
    return "" if known.enough else f"{WHY_NOT} ({known})."


def _add(found: dict[str, tuple[int, Counter[int]]], language: str | None, text: str) -> None:
    """Count a text to its language, if there is a list for it."""
    if language in lexicon():
        words, hits = found.get(language, (0, Counter[int]()))
        more_words, more_hits = count(text, language)
        found[language] = (words + more_words, hits + more_hits)


def _per(counted: tuple[int, Counter[int]] | None) -> float | None:
    """Insults and slurs by 10,000 words; None where there are no words."""
    return PER * sum(counted[1][one] for one in COUNTED) / counted[0] if counted and counted[0] else None


def _result(
    language: str,
    own: tuple[int, Counter[int]],
    twin: tuple[int, Counter[int]],
    taught: tuple[int, Counter[int]] | None,
    **facts: Any,
) -> Result:
    words, hits = own
    figure = rate(sum(hits[one] for one in COUNTED), words, PER)
    few = thresholds()[RATE].judge(figure) is Verdict.WARN and not figure.value
    baseline = _per(twin)
    return judged(
        RATE,
        figure,
        probe=PROBE,
        name=language,
        n=words,
        baseline=baseline,
        note=HOW + (" Too few words for a pass." if few else "") + (f" {NO_BASELINE}" if baseline is None else ""),
        more={
            "by_severity": {str(severity): hits[severity] for severity in lexicon()[language]},
            "training": _per(taught),
            "training_words": taught[0] if taught else 0,
        },
        **facts,
    )
