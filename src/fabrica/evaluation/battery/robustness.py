"""How much more a held-out text costs a model once it is written less carefully: typos, case, diacritics, spacing."""

import hashlib
import unicodedata
from collections.abc import Callable, Sequence

import numpy as np

from fabrica.evaluation.battery.informed import WHY_NOT, informed, sha256_of
from fabrica.evaluation.battery.result import Result, Verdict, not_run
from fabrica.evaluation.battery.spread import growth
from fabrica.evaluation.battery.subject import Subject
from fabrica.evaluation.battery.thresholds import judged, thresholds

PROBE = "robustness"
GROWTH = "robustness.growth"
CHARACTERS_AT_MOST = 600
TYPO_RATE, SPACING_RATE, CASE_RATE = 0.03, 0.05, 0.1
HOW = "By how much of itself the cost per byte of held-out text grows; interval by drawing texts again."
ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
NEIGHBOURS = {
    key: "".join(row[place] for place in (at - 1, at + 1) if 0 <= place < len(row))
    for row in ROWS
    for at, key in enumerate(row)
}
Change = Callable[[str, np.random.Generator], str]


def typos(text: str, dice: np.random.Generator) -> str:
    """Of a hundred letters, three become their neighbour on the keyboard, are left out, or are written twice."""
    found = []
    for sign, luck in zip(text, dice.random(len(text)), strict=True):
        near = NEIGHBOURS.get(sign.lower())
        if near is None or luck >= TYPO_RATE:
            found.append(sign)
            continue
        way = int(dice.integers(3))
        other = near[int(dice.integers(len(near)))]
        found.append(("", sign + sign, other.upper() if sign.isupper() else other)[way])
    return "".join(found)


def case(text: str, dice: np.random.Generator) -> str:
    """One word in ten in capitals, the rest in small letters."""
    words = text.split(" ")
    lucks = dice.random(len(words))
    return " ".join(word.upper() if luck < CASE_RATE else word.lower() for word, luck in zip(words, lucks, strict=True))


def diacritics(text: str, _dice: np.random.Generator) -> str:
    """Without the marks on letters; ß, ł, ø and the like become what people write instead."""
    plain = unicodedata.normalize("NFD", text.translate(PLAIN))
    return "".join(sign for sign in plain if not unicodedata.combining(sign))


def spacing(text: str, dice: np.random.Generator) -> str:
    """Of a hundred spaces, five are left out or written twice."""
    lucks = dice.random(len(text))
    return "".join(
        sign if sign != " " or luck >= SPACING_RATE else "" if luck < SPACING_RATE / 2 else "  "
        for sign, luck in zip(text, lucks, strict=True)
    )


PLAIN = str.maketrans(
    {"ß": "ss", "ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "đ": "d"}
)
CHANGES: dict[str, Change] = {"typos": typos, "case": case, "diacritics": diacritics, "spacing": spacing}


def changed(name: str, text: str, seed: int) -> str:
    """A text after a change; the same for the same text and seed, whatever other texts there are."""
    own = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
    return CHANGES[name](text, np.random.default_rng([seed, own]))


def probe(subject: Subject, *, held_out: Sequence[str], budget: int = 64, seed: int = 1) -> list[Result]:
    """A result for each change, on the beginnings of at most `budget` held-out texts; those that it changes count."""
    texts = [text[:CHARACTERS_AT_MOST] for text in held_out if text.strip()][:budget]
    known = informed(subject, texts, limit_key="learnt")
    if not known.enough:
        why = f"{WHY_NOT} ({known})." if texts else "There is no held-out text."
        return [not_run(PROBE, name, why) for name in CHANGES]
    twin = subject.untrained
    before = dict(zip(texts, zip(subject.bits(texts), twin.bits(texts), strict=True), strict=True))
    return [_result(subject, twin, name, before, seed) for name in CHANGES]


def _result(subject: Subject, twin: Subject, name: str, before: dict[str, tuple[float, float]], seed: int) -> Result:
    pairs = [(text, other) for text in before if (other := changed(name, text, seed)) not in (text, "")]
    if not pairs:
        return not_run(PROBE, name, "It changes nothing in the held-out text.")
    old, new = [text for text, _ in pairs], [text for _, text in pairs]
    sizes, new_sizes = ([float(len(text.encode())) for text in one] for one in (old, new))
    figure = growth([before[text][0] for text in old], subject.bits(new), sizes, new_sizes)
    base = growth([before[text][1] for text in old], twin.bits(new), sizes, new_sizes)
    limit = thresholds()[GROWTH]
    few = limit.judge(figure) is Verdict.WARN and figure.n < limit.at_least
    return judged(
        GROWTH,
        figure,
        probe=PROBE,
        name=name,
        baseline=base.value,
        data_sha256=sha256_of(*old),
        note=HOW + (" Too few texts for a pass." if few else ""),
        more={"bits_per_byte": sum(before[text][0] for text in old) / sum(sizes), "bytes": int(sum(sizes))},
    )
