"""Computation of this context that needs no Django: SSH keys here, the status of an enterprise in `sme`."""

from fabrica.people.engine.ssh_keys import MAX_LINE, PublicKey, public_key

__all__ = ["MAX_LINE", "PublicKey", "public_key"]
