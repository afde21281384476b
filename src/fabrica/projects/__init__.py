"""Projects: what an award opens. Who works in it, until when, under which purpose.

Words: a *project* has *members*; the principal investigator (PI) answers for it. Purpose and gate decision are copied
from the application, because what stands below must not look up.
Never: knows hours or runs.
"""
