"""How much of the measured text stands word for word in the training text: then its figures flatter the model."""

from fabrica.evaluation.battery.bounds import bound, words
from fabrica.evaluation.battery.chance import Estimate, ratio
from fabrica.evaluation.battery.context import FEW, NO_TRAINING_TEXT, Context
from fabrica.evaluation.battery.overlap import WORDS_IN_A_RUN, found_in
from fabrica.evaluation.battery.result import Result, Verdict, not_run

PROBE, NAME = "contamination", f"runs of {WORDS_IN_A_RUN} words that the training text has too"
NO_BASELINE = "No baseline: it tells about the data, which is the same whatever the model."


def probe(context: Context) -> list[Result]:
    """One figure: the share of the held-out documents' runs. It tells about the data, not the model."""
    sha256 = context.material.sha256
    if not context.material.training:
        return [not_run(PROBE, NAME, NO_TRAINING_TEXT, data_sha256=sha256)]
    documents = [one.raw for one in context.material.held_out]
    counted = [(hits, of) for hits, of in found_in(documents, context.scanned, context.tick) if of]
    if len(counted) < bound("documents_at_least"):
        return [not_run(PROBE, NAME, FEW, n=len(counted), data_sha256=sha256)]
    found = ratio([hits for hits, _ in counted], [of for _, of in counted], range(len(counted)))
    scanned = context.scanned_share
    verdict = verdict_of(found)
    if verdict is Verdict.PASS and scanned < 1:
        verdict = Verdict.WARN  # what was not looked at may hold more
    return [
        Result(
            probe=PROBE,
            name=NAME,
            verdict=verdict,
            value=found.value,
            low=found.low,
            high=found.high,
            n=found.groups,
            unit="share of runs",
            threshold=words("overlap"),
            data_sha256=sha256,
            note=f"{scanned:.0%} of the training text was looked through. {NO_BASELINE}",
            more={"documents_with_any": sum(hits > 0 for hits, _ in counted), "scanned_share": scanned},
        )
    ]


def verdict_of(found: Estimate) -> Verdict:
    """By the upper end of the interval: what the texts may share, not what they happen to.

    A wide interval alone fails nothing: the figure itself must lie above the bound for a warning.
    """
    if found.high > bound("overlap_fail") and found.value > bound("overlap"):
        return Verdict.FAIL
    return Verdict.PASS if found.high <= bound("overlap") else Verdict.WARN
