"""Computation of this context that needs no Django: SSH keys, what providers say, an enterprise's status in `sme`."""

from fabrica.people.engine.assurance import Assurance
from fabrica.people.engine.claims import Told, read_claims
from fabrica.people.engine.ssh_keys import MAX_LINE, PublicKey, public_key

__all__ = ["MAX_LINE", "Assurance", "PublicKey", "Told", "public_key", "read_claims"]
