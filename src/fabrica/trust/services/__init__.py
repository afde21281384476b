"""Every write of trust: the gate's assessments, the board's cases, conditions."""

from fabrica.trust.services.assessing import assess

__all__ = ["assess"]
