"""Audit: append-only entries, chained by hash, anchored outside the database.

Owns: entries (who, when, verb, subject, facts), seals (batches of entries chained to one another).
Never: a name, an e-mail address or free text, so that a person can be erased and the chain still holds.
"""
