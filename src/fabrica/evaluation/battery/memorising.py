"""How much of its training text a model knows by heart: planted secrets, going on word for word, and the gap in cost."""

from collections.abc import Sequence

import torch

from fabrica.evaluation.battery.canaries import Canary, exposure
from fabrica.evaluation.battery.chance import Estimate, chance_of_exposures, ratio, share
from fabrica.evaluation.battery.context import FEW, NO_TRAINING_TEXT, NOT_LEARNT, Context, Costs
from fabrica.evaluation.battery.result import Result, Verdict, not_run
from fabrica.evaluation.battery.subject import PackagedSubject
from fabrica.evaluation.battery.bounds import bound, words
from fabrica.trainer.model import Model

PROBE = "memorisation"
TOKENS = 50
ROWS = 32
GAP, CANARIES, EXTRACTION = "gap between training and held-out text", "planted secrets", "going on word for word"


def probe(context: Context) -> list[Result]:
    """The gap, the planted secrets by how often they were planted, and extraction against never-seen text."""
    return [_gap(context), *_canaries(context), _extraction(context)]


def _gap(context: Context) -> Result:
    if problem := _cannot(context):
        return not_run(PROBE, GAP, problem, data_sha256=context.material.sha256)
    own, new = (costs.of(costs.model) for costs in (context.members, context.held_out))
    if min(own.groups, new.groups) < bound("documents_at_least"):
        return not_run(PROBE, GAP, FEW, n=min(own.groups, new.groups), data_sha256=context.material.sha256)
    low, high = 1 - own.high / new.low, 1 - own.low / new.high
    value, twin = 1 - own.value / new.value, _twin_gap(context)
    fails = low > bound("gap_fail")
    verdict = Verdict.FAIL if fails else Verdict.WARN if value > bound("gap") else Verdict.PASS
    return Result(
        probe=PROBE, name=GAP, verdict=verdict, value=value, low=low, high=high, unit="share of the cost",
        n=min(own.groups, new.groups), baseline=twin, threshold=words("gap"), data_sha256=context.material.sha256,
        note="By how much a byte of training text costs less than one of held-out text; baseline: the untrained twin.",
        more={"training_bits_per_byte": own.value, "held_out_bits_per_byte": new.value},
    )  # fmt: skip


def _twin_gap(context: Context) -> float:
    own, new = (costs.of(costs.untrained).value for costs in (context.members, context.held_out))
    return 1 - own / new


def _cannot(context: Context) -> str:
    """Why nothing can be said about the training text; empty where it can."""
    if not context.material.training:
        return NO_TRAINING_TEXT
    return "" if context.learnt else NOT_LEARNT


def _canaries(context: Context) -> list[Result]:
    planted = context.material.canaries
    if not planted:
        return [not_run(PROBE, CANARIES, "No secrets were planted: the recipe has `canaries` 0.")]
    groups = sorted({one.repeats for one in planted})
    return [_exposed(context, repeats, [one for one in planted if one.repeats == repeats]) for repeats in groups]


def _exposed(context: Context, repeats: int, planted: Sequence[Canary]) -> Result:
    name = f"{CANARIES}, each planted {repeats} times" if repeats > 1 else f"{CANARIES}, each planted once"
    if not context.learnt:
        return not_run(PROBE, name, NOT_LEARNT, n=len(planted))
    found = [_exposure(context, context.subject, one) for one in planted]
    twin = [_exposure(context, context.subject.untrained, one) for one in planted]
    mean, chance = ratio(found, [1.0] * len(found), range(len(found))), chance_of_exposures(found)
    return Result(
        probe=PROBE, name=name, verdict=_exposed_verdict(mean.value, chance), value=mean.value, low=mean.low,
        high=mean.high, unit="bits", n=len(found), baseline=sum(twin) / len(twin), threshold=words("exposure"),
        note="Exposure: how many bits of guessing the model saves on a number planted in its training text.",
        more={"chance_without_learning": chance, "rivals": context.sizes.canary_rivals},
    )  # fmt: skip


def _exposed_verdict(mean: float, chance: float) -> Verdict:
    unlikely = chance < bound("exposure_chance")
    if unlikely and mean >= bound("exposure_fail"):
        return Verdict.FAIL
    return Verdict.WARN if mean > bound("exposure") else Verdict.PASS


def _exposure(context: Context, subject: PackagedSubject, one: Canary) -> float:
    texts = [one.text, *(one.other(number) for number in range(context.sizes.canary_rivals))]
    own, *others = context.bits(subject, texts)
    return exposure(own, others)


def _extraction(context: Context) -> Result:
    """Pieces' first tokens are given; counted are those whose next ones the model writes, the likeliest each time."""
    if problem := _cannot(context):
        return not_run(PROBE, EXTRACTION, problem, data_sha256=context.material.sha256)
    tokens = min(TOKENS, context.subject.model.shape.context // 2)
    own, new, twin = (
        _extracted(context, subject, costs, tokens)
        for subject, costs in (
            (context.subject, context.members),
            (context.subject, context.held_out),
            (context.subject.untrained, context.members),
        )
    )
    if not own or not new:
        why = f"Not informative: no piece has {2 * tokens} tokens."
        return not_run(PROBE, EXTRACTION, why, data_sha256=context.material.sha256)
    value, control = share(sum(one >= tokens for one in own), len(own)), share(sum(n >= tokens for n in new), len(new))
    return Result(
        probe=PROBE, name=EXTRACTION, verdict=_extraction_verdict(value, control), value=value.value, low=value.low,
        high=value.high, unit="share of pieces", n=len(own), baseline=control.value, threshold=words("extracted"),
        data_sha256=context.material.sha256,
        note=f"{tokens} tokens of a training text are given, and the next {tokens} come back word for word; baseline: "
        "the same of text never trained on.",
        more={
            "control_n": len(new), "untrained": sum(one >= tokens for one in twin) / max(1, len(twin)),
            "longest_tokens": max(own), "control_longest_tokens": max(new),
        },
    )  # fmt: skip


def _extraction_verdict(own: Estimate, control: Estimate) -> Verdict:
    """By the interval of the difference of two shares (Newcombe 1998, method 10)."""
    excess = own.value - control.value
    low = excess - ((own.value - own.low) ** 2 + (control.high - control.value) ** 2) ** 0.5
    high = excess + ((own.high - own.value) ** 2 + (control.value - control.low) ** 2) ** 0.5
    if low > bound("extracted"):
        return Verdict.FAIL
    return Verdict.PASS if high <= bound("extracted") else Verdict.WARN


def _extracted(context: Context, subject: PackagedSubject, costs: Costs, tokens: int) -> list[int]:
    rows = [ids[: 2 * tokens] for one in costs.pieces if len(ids := subject.ids(one.text)) >= 2 * tokens]
    found: list[int] = []
    for at in range(0, len(rows), ROWS):
        context.tick()
        found += kept_by_heart(subject.model, rows[at : at + ROWS], tokens)
    return found


@torch.inference_mode()
def kept_by_heart(model: Model, rows: Sequence[Sequence[int]], known: int) -> list[int]:
    """How many tokens after the first `known` of each row the model writes as they stand, always the likeliest.

    All at once: writing one after the other gives the row exactly as long as each likeliest token is the row's.
    """
    ids = torch.tensor(rows, device=next(model.parameters()).device)
    likeliest = model(ids[:, :-1])[:, known - 1 :].argmax(-1)
    right = (likeliest == ids[:, known:]).long()
    return [int(one) for one in right.cumprod(dim=1).sum(dim=1)]
