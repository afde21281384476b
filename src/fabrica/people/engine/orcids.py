"""ORCID iDs: their form, check digit included (ISO 7064, MOD 11-2). Pure; nobody is asked whether one was given out."""

import re

from stdnum.iso7064 import mod_11_2

FORM = re.compile(r"\d{4}-\d{4}-\d{4}-\d{3}[\dX]", re.ASCII)
WITHIN = re.compile(r"(?<![\dX-])\d{4}-\d{4}-\d{4}-\d{3}[\dX](?![\dX-])", re.ASCII)
MOST_LISTED = 500
MOST_LETTERS = 64_000


def is_orcid(text: str) -> bool:
    """Whether it has the form of an ORCID iD and its check digit is right."""
    return bool(FORM.fullmatch(text)) and bool(mod_11_2.is_valid(text.replace("-", "")))


def bare(text: str) -> str:
    """An ORCID iD without the address it may be written as, in capitals; whether it is one, `is_orcid` says."""
    return text.strip().upper().removeprefix("HTTPS://ORCID.ORG/").removesuffix("/")


def found_in(text: str) -> list[str]:
    """All in a text that looks like an ORCID iD, whatever stands between, once and sorted."""
    return sorted(set(WITHIN.findall(text.upper())))
