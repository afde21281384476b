"""Trust: the gate every application passes.

First version: civilian purpose, prohibited practices, high risk, commitment.

Words: *questions* are data with their legal reference; *answers* are yes, no or unsure; an *assessment* keeps answers,
decision and reasons under the version of the rules they were made with.
Never: gives legal advice, or turns unsure into no.
"""
