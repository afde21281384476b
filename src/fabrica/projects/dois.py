"""What is a DOI, and when are two the same? By form alone; nothing is looked up. Pure."""

import re

MOST = 200
PREFIXES = ("https://doi.org/", "http://doi.org/", "https://dx.doi.org/", "http://dx.doi.org/", "doi:")
# DOI Handbook: a directory indicator 10, a registrant of digits with dots, a slash, and a name of printable characters.
FORM = re.compile(r"10\.\d{4,9}(?:\.\d+)*/[!-~]+")


def doi_of(text: str) -> str:
    """The DOI in what somebody wrote: bare, as an address, or with `doi:`; small letters, for case says nothing.

    Raises ValueError for what has not its form.
    """
    kept = text.strip().lower()
    for prefix in PREFIXES:
        kept = kept.removeprefix(prefix)
    kept = kept.strip()
    if len(kept) > MOST or not FORM.fullmatch(kept):
        raise ValueError("not a DOI")
    return kept
