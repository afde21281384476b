"""Dataspaces: data that organisations share under a policy, and data a project brings itself.

Owns: the catalogue (datasets, their versions and files), agreements to a licence and policy, stagings (copies of a
version in a project's folder, checked hash by hash).
Words: a *provider* publishes for an organisation; a *version* is a draft, then published and frozen, at last perhaps
withdrawn; a member of a project *accepts* the terms and *stages* a version; *own data* is seen by its project alone.
Never: opens, unpickles or runs what was uploaded; changes a published file; tells anybody of a project's own data.
"""
