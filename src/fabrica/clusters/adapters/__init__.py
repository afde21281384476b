"""The ways to a machine: one small port, the embedded default (`local`), and a fake with a clock for tests.

Nothing here knows Django: the supervisor of a job imports this package and must stay light.
"""
