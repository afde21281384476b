"""The words in which a publication thanks for hours: an operator's template, filled from an award. Pure.

The form is that of published papers: "We acknowledge the EuroHPC Joint Undertaking for awarding this project access to
the EuroHPC supercomputer LEONARDO, hosted by CINECA (Italy) …, through a EuroHPC … Access call" (seen November 2026).
"""

import string

FIELDS = ("code", "machine", "site", "country", "mode")
MOST = 1_000


def acknowledgement(template: str, **facts: str) -> str:
    """The sentence; `facts` are those of FIELDS. Raises ValueError for a template that asks for anything else."""
    parts = list(string.Formatter().parse(template))
    asked = {name for _text, name, _form, _conversion in parts if name is not None}
    if len(template) > MOST or not asked <= set(FIELDS) or any(form or how for _text, _name, form, how in parts):
        raise ValueError(f"at most {MOST} letters, with no more than {', '.join(f'{{{one}}}' for one in FIELDS)}")
    return template.format_map(facts)
