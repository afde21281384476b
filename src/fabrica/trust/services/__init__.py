"""Every write of the gate."""

from fabrica.trust.services.assessing import assess

__all__ = ["assess"]
