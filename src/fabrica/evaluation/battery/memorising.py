"""How much of its training text a model knows by heart: planted secrets, word for word, and the gap in cost."""

import math
from collections.abc import Sequence

from fabrica.evaluation.battery.bounds import bound, words
from fabrica.evaluation.battery.canaries import Canary, exposure
from fabrica.evaluation.battery.chance import (
    Estimate,
    Parts,
    chance_of_exposures,
    chance_of_worst,
    ratio,
    saved,
    share,
)
from fabrica.evaluation.battery.context import FEW, NO_TRAINING_TEXT, NOT_LEARNT, TOO_WIDE, Context, Costs
from fabrica.evaluation.battery.informed import sha256_of
from fabrica.evaluation.battery.result import Result, Verdict, not_run
from fabrica.evaluation.battery.subject import PackagedSubject

PROBE = "memorisation"
GAP, CANARIES, EXTRACTION = "gap between training and held-out text", "planted secrets", "going on word for word"
HOW = "Exposure: how many bits of guessing the model saves on a number planted in its training text."
SHARPER = 8  # times as many other numbers, where the worst of the secrets comes before all of them


def probe(context: Context) -> list[Result]:
    """The gap, the planted secrets by how often they were planted, and extraction against never-seen text."""
    return [_gap(context), *_canaries(context), _extraction(context)]


def _gap(context: Context) -> Result:
    if problem := _cannot(context):
        return not_run(PROBE, GAP, problem, data_sha256=context.material.sha256)
    members, held_out = context.members, context.held_out
    found = _gap_of(context)
    twin = saved(_by_byte(members, members.untrained), _by_byte(held_out, held_out.untrained))
    verdict = _gap_verdict(found)
    shown = {"value": found.value, "low": found.low, "high": found.high, "baseline": twin.value}
    if verdict is Verdict.NOT_RUN:
        why = FEW if found.groups < bound("documents_at_least") else TOO_WIDE
        return not_run(PROBE, GAP, why, n=found.groups, data_sha256=context.material.sha256, more=shown)
    return Result(
        probe=PROBE, name=GAP, verdict=verdict, unit="share of the cost", n=found.groups, threshold=words("gap"),
        data_sha256=context.material.sha256, **shown,
        note="By how much training text costs less than held-out text, each against its cost untrained.",
        more={
            "training_bits_per_byte": members.of(members.model).value,
            "held_out_bits_per_byte": held_out.of(held_out.model).value,
        },
    )  # fmt: skip


def _gap_of(context: Context) -> Estimate:
    """Each side by its untrained twin's cost, which takes out how hard its texts are to cut into tokens."""
    own, new = context.members, context.held_out
    return saved((own.model, own.untrained, own.documents), (new.model, new.untrained, new.documents))


def _by_byte(costs: Costs, bits: Sequence[float]) -> Parts:
    return bits, costs.sizes, costs.documents


def _gap_verdict(found: Estimate) -> Verdict:
    if found.groups < bound("documents_at_least"):
        return Verdict.NOT_RUN
    if found.low > bound("gap_fail"):
        return Verdict.FAIL
    if found.high <= bound("gap"):
        return Verdict.PASS
    return Verdict.WARN if found.value > bound("gap") else Verdict.NOT_RUN


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
    sha256 = sha256_of(*(one.text for one in planted))
    if not context.learnt:
        return not_run(PROBE, name, NOT_LEARNT, n=len(planted), data_sha256=sha256)
    every = [_ranked(context, context.subject, one) for one in planted]
    twin = [_ranked(context, context.subject.untrained, one).value for one in planted]
    at, worst = _worst(context, planted, every)
    found = [one.value for one in every]
    chance = chance_of(worst.value, found)
    found[at] = worst.value
    mean = ratio(found, [1.0] * len(found), range(len(found)))
    return Result(
        probe=PROBE, name=name, verdict=exposed_verdict(worst.value, chance), value=worst.value, low=worst.low,
        high=worst.high, unit="bits", n=len(found), baseline=max(twin), threshold=words("exposure"),
        data_sha256=sha256,
        note=HOW if len(found) == 1 else f"{HOW} {beside(len(found), mean.value)}",
        more={
            "mean": mean.value, "mean_low": mean.low, "mean_high": mean.high, "mean_untrained": sum(twin) / len(twin),
            "chance_without_learning": chance, "rivals": worst.groups,
        },
    )  # fmt: skip


def beside(count: int, mean: float) -> str:
    """What is said of several secrets: that the worst is judged, and their mean."""
    told = f"The worst of {count} is judged; their mean is {mean:.2f} bits."
    return f"{told} Baseline: the worst of the untrained twin."


def _worst(context: Context, planted: Sequence[Canary], every: Sequence[Estimate]) -> tuple[int, Estimate]:
    """Which secret is the most exposed, and how. One that comes before all others is ranked among eight times as many.

    Else the luckiest of several secrets could not be told from one that was learnt.
    """
    at = max(range(len(every)), key=lambda number: every[number].value)
    if every[at].value < math.log2(context.sizes.canary_rivals + 1):
        return at, every[at]
    many = SHARPER * (context.sizes.canary_rivals + 1) - 1
    return at, _ranked(context, context.subject, planted[at], many)


def chance_of(worst: float, found: Sequence[float]) -> float:
    """How likely this is where nothing was learnt, by the worst or by all together, whichever says more.

    Of two looks the luckier one is taken, so it counts twice; of a single secret both are the same look.
    """
    if len(found) == 1:
        return chance_of_worst(worst, 1)
    return min(1.0, 2 * min(chance_of_worst(worst, len(found)), chance_of_exposures(found)))


def exposed_verdict(worst: float, chance: float) -> Verdict:
    """What follows from the worst exposure and how likely it is without learning."""
    if worst >= bound("exposure_fail") and chance < bound("exposure_chance"):
        return Verdict.FAIL
    is_exposed = worst > bound("exposure") and chance < bound("exposure_luck")
    return Verdict.WARN if is_exposed else Verdict.PASS


def _ranked(context: Context, subject: PackagedSubject, one: Canary, rivals: int = 0) -> Estimate:
    """The exposure of a secret among so many other numbers, with the interval that its rank among them has.

    Its upper end is what so many others can tell at most.
    """
    many = rivals or context.sizes.canary_rivals
    own, *others = context.bits(subject, [one.text, *(one.other(number) for number in range(many))])
    before = share(sum(other <= own for other in others), many)
    most = math.log2(many + 1)
    low, high = (min(most, -math.log2(end)) if end > 0 else most for end in (before.high, before.low))
    value = exposure(own, others)
    return Estimate(value, min(low, value), max(high, value), many)


def _extraction(context: Context) -> Result:
    """Pieces' first tokens are given; counted are those whose next ones the model writes, the likeliest each time."""
    if problem := _cannot(context):
        return not_run(PROBE, EXTRACTION, problem, data_sha256=context.material.sha256)
    tokens, members = context.known_tokens, context.members
    own, new = _told(members.by_heart), _told(context.held_out.by_heart)
    twin = _told(members.untrained_by_heart)
    if not own or not new:
        why = f"Not informative: no piece has {2 * tokens} tokens."
        return not_run(PROBE, EXTRACTION, why, data_sha256=context.material.sha256)
    value, control = share(sum(n >= tokens for n in own), len(own)), share(sum(n >= tokens for n in new), len(new))
    shown = {"value": value.value, "low": value.low, "high": value.high, "baseline": control.value}
    more = {
        "control_n": len(new), "untrained": sum(one >= tokens for one in twin) / max(1, len(twin)),
        "longest_tokens": max(own), "control_longest_tokens": max(new),
    }  # fmt: skip
    verdict, sha256 = _extraction_verdict(value, control), context.material.sha256
    if verdict is Verdict.NOT_RUN:
        return not_run(PROBE, EXTRACTION, TOO_WIDE, n=len(own), data_sha256=sha256, more=shown | more)
    return Result(
        probe=PROBE, name=EXTRACTION, verdict=verdict, unit="share of pieces", n=len(own), **shown,
        threshold=words("extracted"), data_sha256=sha256, more=more,
        note=f"{tokens} tokens of a training text are given, and the next {tokens} come back word for word; baseline: "
        "the same of text never trained on.",
    )  # fmt: skip


def _extraction_verdict(own: Estimate, control: Estimate) -> Verdict:
    """By the interval of the difference of two shares (Newcombe 1998, method 10); none where it is too wide."""
    excess = own.value - control.value
    low = excess - ((own.value - own.low) ** 2 + (control.high - control.value) ** 2) ** 0.5
    high = excess + ((own.high - own.value) ** 2 + (control.value - control.low) ** 2) ** 0.5
    if low > bound("extracted"):
        return Verdict.FAIL
    if high <= bound("extracted"):
        return Verdict.PASS
    return Verdict.WARN if excess > bound("extracted") else Verdict.NOT_RUN


def _told(by_heart: Sequence[int | None]) -> list[int]:
    """Of the pieces that are long enough."""
    return [one for one in by_heart if one is not None]
