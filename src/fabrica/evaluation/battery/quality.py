"""What held-out text costs, in bits per byte, over all and for each language and domain, beside the untrained twin."""

from collections.abc import Callable

from fabrica.evaluation.battery.bounds import bound, words
from fabrica.evaluation.battery.chance import Estimate, ratio
from fabrica.evaluation.battery.context import FEW, Context
from fabrica.evaluation.battery.material import SEEN_SHARE, Piece
from fabrica.evaluation.battery.result import Result, Verdict, not_run

PROBE = "held_out"
UNIT = "bits per byte"
NEVER_SEEN = "Not informative: the model's training text has less than one document in a hundred in this language."
NOT_TOLD = "Not informative: which languages the model saw is not known here."


def probe(context: Context) -> list[Result]:
    """One figure for all the text, one for each language in it, one for each domain."""
    pieces = context.held_out.pieces
    found = [_judged(context, "all held-out text", lambda _piece: True)]
    found += [_of_language(context, language) for language in sorted({one.language for one in pieces})]
    return found + [_of_domain(context, domain) for domain in sorted({one.domain for one in pieces})]


def _of_domain(context: Context, domain: str) -> Result:
    return _judged(context, f"domain {domain}", lambda piece: piece.domain == domain)


def _of_language(context: Context, language: str) -> Result:
    """A language that the model never saw has no verdict, however its text comes out."""
    name = f"language {language}"
    judged = _judged(context, name, lambda piece: piece.language == language)
    if context.seen.get(language, 0.0) >= SEEN_SHARE:
        return judged
    why = NEVER_SEEN if context.seen else NOT_TOLD
    measured = {"bits_per_byte": judged.value, "untrained": judged.baseline}
    return not_run(PROBE, name, why, n=judged.n, data_sha256=judged.data_sha256, more=measured)


def _judged(context: Context, name: str, chosen: Callable[[Piece], bool]) -> Result:
    costs = context.held_out.only(chosen)
    sha256 = context.material.sha256
    value, untrained = costs.of(costs.model), costs.of(costs.untrained)
    if value.groups < bound("documents_at_least"):
        measured = {"bits_per_byte": value.value, "untrained": untrained.value}
        return not_run(PROBE, name, FEW, n=value.groups, data_sha256=sha256, more=measured)
    pairs = costs.of(costs.pairs).value if costs.pairs else None
    verdict = _verdict(ratio(costs.model, costs.untrained, costs.documents), value, pairs)
    return Result(
        probe=PROBE,
        name=name,
        verdict=verdict,
        value=value.value,
        low=value.low,
        high=value.high,
        n=value.groups,
        unit=UNIT,
        baseline=untrained.value,
        threshold=words("learnt_ratio"),
        data_sha256=sha256,
        note="n counts documents; the interval draws whole documents again.",
        more={"pieces": len(costs.pieces), "byte_pairs": pairs, "untrained_low": untrained.low},
    )


def _verdict(against: Estimate, value: Estimate, pairs: float | None) -> Verdict:
    limit = bound("learnt_ratio")
    if against.low > limit:
        return Verdict.FAIL
    if against.high > limit or (pairs is not None and value.value >= pairs):
        return Verdict.WARN
    return Verdict.PASS
