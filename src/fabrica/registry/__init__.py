"""Registry: models that runs made, with their facts, documents and signatures.

Owns: models and their versions, the facts record of each, its card, its signed manifest, and the list of signing keys.
Words: a run's output is *registered* (its project sees it), then *published* (everybody sees it), perhaps *withdrawn*;
a key *retires* (what it signed stays good) or is *revoked* (nothing it signed is trusted any more).
Never: changes a file of a version, guesses a fact nobody recorded, or trusts a key because it lies beside the files.
"""
