"""What organisations are told apart by: their register or VAT number and their name. Pure; nobody is asked anything.

Only the form of a VAT number is checked, check digits included (`python-stdnum`): whether it was given out, its
register knows.
"""

import re
import unicodedata

from stdnum.eu import vat
from stdnum.exceptions import ValidationError

from fabrica.kit.errors import Refused

PREFIXES = {"GR": "EL"}  # Greece writes EL before its VAT numbers (Directive 2006/112/EC, Article 215)
MANY_DIGITS = 6
# How legal forms are written at the end of a name; without them two spellings of one name are alike.
FORMS = frozenset({
    "ab", "ad", "ag", "aps", "as", "asbl", "bv", "bvba", "cv", "doo", "ds", "ead", "eg", "ek", "eood", "eurl", "ev",
    "ggmbh", "gmbh", "inc", "kda", "kft", "kg", "lda", "llc", "ltd", "mbh", "nv", "nyrt", "oo", "ood", "ou", "oy",
    "oyj", "plc", "sa", "sarl", "sas", "sasu", "sca", "scs", "se", "sia", "sicav", "sl", "slu", "sp", "spa", "spol",
    "sprl", "srl", "sro", "uab", "ug", "z", "zoo", "zrt",
})  # fmt: skip


def compact(number: str) -> str:
    """A number without blanks and signs, in capitals: two spellings of one number are the same."""
    return "".join(letter for letter in number.upper() if letter.isalnum())


def checked_number(number: str, country: str) -> str:
    """A number as it is kept: stripped, and a VAT number of the country in its plain form.

    What begins as a VAT number of the country does and has many digits is meant as one. Raises Refused where it cannot
    be one; other numbers have no common form and are kept as they are.
    """
    plain, prefix = compact(number), PREFIXES.get(country, country)
    if not plain.startswith(prefix) or sum(letter.isdigit() for letter in plain) < MANY_DIGITS:
        return number.strip()
    try:
        return str(vat.validate(plain))
    except ValidationError as error:
        raise Refused(
            f"{number.strip()} is not a VAT number of this country.",
            why=str(error),
            todo="Compare it with your papers, or give the number of the commercial register instead.",
        ) from error


def name_key(name: str) -> str:
    """A name as it is compared: without accents, signs, capitals and the legal form at its end."""
    plain = "".join(one for one in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(one))
    words = re.findall(r"[^\W_]+", re.sub(r"(?<=\b\w)\.(?=\w\b|\s|$)", "", plain))
    while len(words) > 1 and words[-1] in FORMS:
        words.pop()
    return " ".join(words)
