"""How much compute a training took, by two methods with their error, and what is owed from how much on. No Django.

Words: an *estimate* has a method, a value and the range that its error allows; a *threshold* is a figure from which on
the AI Act asks for something; a *crossing* is a threshold of which an estimate reaches a level (50 or 100 per cent).
"""

from fabrica.trust.engine.compute.crossing import Base, Crossing, Measure, crossed, measures, operations
from fabrica.trust.engine.compute.declared import base_from
from fabrica.trust.engine.compute.estimates import (
    ARCHITECTURE,
    GRANTED,
    METERED,
    Estimate,
    from_architecture,
    from_grant,
    from_metering,
    from_operations,
    total,
)
from fabrica.trust.engine.compute.thresholds import LEVELS, Threshold, due_on, thresholds

__all__ = [
    "ARCHITECTURE", "GRANTED", "LEVELS", "METERED", "Base", "Crossing", "Estimate", "Measure", "Threshold", "base_from",
    "crossed", "due_on", "from_architecture", "from_grant", "from_metering", "from_operations", "measures",
    "operations", "thresholds", "total",
]  # fmt: skip
