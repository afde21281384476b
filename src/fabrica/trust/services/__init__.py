"""Every write of trust.

`assessing` asks the gate, `board` and `conditions` decide what it refers and what is owed, `compute` keeps what
training took, `purposes` re-opens the gate.
"""

from fabrica.trust.services.assessing import assess

__all__ = ["assess"]
