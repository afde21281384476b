"""Trust: the gate every application passes.

The gate of today (`engine.gate`): civilian purpose, prohibited practices, high risk, commitment. Beside it the AI Act
rule by rule (`engine.act`), which applications do not ask yet. And the list of trustworthy AI (`engine.altai`), by
which applicants assess themselves.

Words: *questions* are data with their legal reference; *answers* are yes, no or unsure; an *assessment* keeps answers,
decision and reasons under the version of the rules they were made with.
Never: gives legal advice, or turns unsure into no.
"""
