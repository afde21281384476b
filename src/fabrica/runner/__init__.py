"""What runs inside a job: reads job.json, trains and measures a model or runs a command, and writes files beside it.

Words: a *job folder* is all that one run owns on the machine; an *attempt* is one process working on it; a *phase* is
a piece of work that leaves a result and is skipped when that is there. No Django, no portal secret, no network: any
attempt may be killed at any instant, and the next goes on from what is whole.
"""
