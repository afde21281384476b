"""Every write of trust: `assessing` asks the gate, `compute` keeps what training took, `purposes` re-opens the gate."""

from fabrica.trust.services.assessing import assess

__all__ = ["assess"]
