"""The `fabrica` command: a light client of a site's API, and the checks that need no site at all.

Never: imports Django, keeps a token readable for others, or prints a secret.
"""
