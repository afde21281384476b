"""Trust as pure functions.

`gate`: the questions every application answers today; `act`: the AI Act, rule by rule; `altai`: the requirements of
trustworthy AI, for oneself.
"""
