"""Figures for Prometheus, in its text format: what this host's web processes answered, and how the site stands.

Labels are names of our own code, states, and machines: never a person, an address or anything that somebody typed.
"""

from fabrica.config.metrics.requests import Measured
from fabrica.config.metrics.text import CONTENT_TYPE, text

__all__ = ["CONTENT_TYPE", "Measured", "text"]
