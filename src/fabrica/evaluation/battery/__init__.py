"""The battery: what is measured of a model beside its bits per byte, each figure with all that it takes to judge it.

Words: a *probe* measures one thing; a *result* is what it found; the *baseline* is the same architecture untrained, or
another stated control. Deterministic, offline, no Django.
"""
