"""Whether one who has a text can tell by its cost that the model was trained on it (Yeom et al. 2018; Carlini 2021)."""

from collections.abc import Callable
from dataclasses import replace

from fabrica.evaluation.battery.bounds import bound, words
from fabrica.evaluation.battery.chance import Estimate, auc
from fabrica.evaluation.battery.context import FEW, NO_TRAINING_TEXT, NOT_LEARNT, TOO_WIDE, Context, Costs
from fabrica.evaluation.battery.result import Result, Verdict, not_run

PROBE = "membership"
GUESSING = 0.5
DIFFER = "Not informative: the untrained twin already tells the two sets apart, so they differ in more than membership."
Score = Callable[[Costs], list[float]]


def probe(context: Context) -> list[Result]:
    """The chance that a training piece scores above a held-out one, for two scores."""
    return [_judged(context, name, score) for name, score in SCORES.items()]


def _by_byte(costs: Costs) -> list[float]:
    return [-bits / size for bits, size in zip(costs.model, costs.sizes, strict=True)]


def _by_zlib(costs: Costs) -> list[float]:
    """Against what a compressor needs, which takes out how hard a text is in itself."""
    return [-bits / packed for bits, packed in zip(costs.model, costs.packed, strict=True)]


def _untrained(costs: Costs) -> Costs:
    return replace(costs, model=costs.untrained)


SCORES: dict[str, Score] = {"cost by byte": _by_byte, "cost by compressed size": _by_zlib}


def _judged(context: Context, name: str, score: Score) -> Result:
    sha256 = context.material.sha256
    problem = "" if context.material.training else NO_TRAINING_TEXT
    if problem or not context.learnt:
        return not_run(PROBE, name, problem or NOT_LEARNT, data_sha256=sha256)
    own, new = context.members, context.held_out
    found = _auc(own, new, score)
    twin = _auc(_untrained(own), _untrained(new), score)
    verdict, note = verdict_of(found, twin)
    shown = {"value": found.value, "low": found.low, "high": found.high, "baseline": twin.value}
    if verdict is Verdict.NOT_RUN:
        return not_run(PROBE, name, note, n=found.groups, data_sha256=sha256, more=shown)
    return Result(
        probe=PROBE, name=name, verdict=verdict, n=found.groups, unit="AUC", threshold=words("auc"),
        data_sha256=sha256, note="0.5: guessing; 1: always right. n counts documents of the smaller set.", **shown,
        more={"training_pieces": len(own.pieces), "held_out_pieces": len(new.pieces)},
    )  # fmt: skip


def _auc(own: Costs, new: Costs, score: Score) -> Estimate:
    return auc(score(own), score(new), own.documents, new.documents)


def verdict_of(found: Estimate, twin: Estimate) -> tuple[Verdict, str]:
    """What follows, and why where nothing does."""
    if found.groups < bound("documents_at_least"):
        return Verdict.NOT_RUN, FEW
    if found.low > bound("auc"):
        return (Verdict.NOT_RUN, DIFFER) if twin.low > GUESSING else (Verdict.FAIL, "")
    if found.high <= bound("auc"):
        return Verdict.PASS, ""
    return (Verdict.WARN, "") if found.low > GUESSING else (Verdict.NOT_RUN, TOO_WIDE)
