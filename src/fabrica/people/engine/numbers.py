"""What organisations are told apart by: their register or VAT number and their name. Pure; nobody is asked anything.

Only the form of a VAT number is checked, check digits included (`python-stdnum`): whether it was given out, its
register knows.
"""

import re
import unicodedata
from importlib import import_module

from django.utils.translation import gettext as _
from stdnum.eu import vat
from stdnum.exceptions import ValidationError
from stdnum.util import get_cc_module

from fabrica.kit.errors import Refused
from fabrica.people.engine.countries import countries
from fabrica.people.engine.sme.words import gettext_noop

PREFIXES = {"GR": "EL"}  # Greece writes EL before its VAT numbers (Directive 2006/112/EC, Article 215)
MANY_DIGITS = 6
# Register numbers that are digits alone and carry check digits; others have no form that could be checked.
REGISTERS = {
    "DK": ("stdnum.dk.cvr",), "EE": ("stdnum.ee.registrikood",), "FI": ("stdnum.fi.ytunnus",),
    "FR": ("stdnum.fr.siren", "stdnum.fr.siret"), "SE": ("stdnum.se.orgnr",),
}  # fmt: skip
SAYINGS = (  # of `stdnum`, about a number that cannot be one
    gettext_noop("The number has an invalid format."),
    gettext_noop("The number's checksum or check digit is invalid."),
    gettext_noop("The number has an invalid length."),
    gettext_noop("One of the parts of the number are invalid or unknown."),
)
ABROAD = ("vat", "uid")  # what `stdnum` calls a VAT number, and the Swiss number it is made of
PIC = re.compile(r"[1-9][0-9]{8}")
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
    if plain.isdigit() and len(plain) >= MANY_DIGITS:
        return _checked_register(number.strip(), plain, country)
    many = sum(letter.isdigit() for letter in plain) >= MANY_DIGITS
    if not (many and plain.startswith(prefix) and country in countries().members):
        return number.strip()
    return _checked_vat(number, plain)


def checked_vat(number: str, country: str) -> str:
    """A VAT number in its plain form, its country's letters before it; empty for none. Raises Refused."""
    plain, prefix = compact(number), PREFIXES.get(country, country)
    if not plain:
        return ""
    if country not in countries().members:
        return _checked_abroad(number, plain, country)
    return _checked_vat(number, plain if plain.startswith(prefix) else f"{prefix}{plain}")


def known_number(number: str, country: str) -> str:
    """A number that somebody else's enterprise is known by, as it is compared; checked where it is a VAT number."""
    return compact(checked_number(number, country)) if number.strip() else ""


def vat_within(key: str) -> str:
    """The number itself where it is a VAT number in its plain form, else nothing."""
    return key if vat.is_valid(key) else ""


def checked_pic(number: str) -> str:
    """A participant identification code of the EU's portals, nine digits; empty for none. Raises Refused."""
    plain = compact(number)
    if plain and not PIC.fullmatch(plain):
        raise Refused(
            _("%(number)s is not a PIC.") % {"number": number.strip()},
            why=_("A PIC has nine digits, the first of them not 0."),
            todo=_("See it in the EU Funding and Tenders Portal, or leave it out."),
        )  # fmt: skip
    return plain


def _checked_register(number: str, plain: str, country: str) -> str:
    modules = [import_module(one) for one in REGISTERS.get(country, ())]
    if modules and not any(one.is_valid(plain) for one in modules):
        raise Refused(
            _("%(number)s is not a register number of this country.") % {"number": number},
            why=_("Its digits do not fit together."),
            todo=_("Compare it with your papers."),
        )  # fmt: skip
    return number


def _checked_vat(number: str, plain: str) -> str:
    try:
        return str(vat.validate(plain))
    except ValidationError as error:
        raise Refused(
            _("%(number)s is not a VAT number of this country.") % {"number": number.strip()},
            why=_(str(error)),
            todo=_("Compare it with your papers, or give the number of the commercial register instead."),
        ) from error


def _checked_abroad(number: str, plain: str, country: str) -> str:
    """A VAT number of a country outside the Union: checked where `stdnum` knows its form, else kept as it is."""
    known = [one for one in (get_cc_module(country.lower(), name) for name in ABROAD) if one is not None]
    tries = {plain, plain.removeprefix(country)}
    if known and not any(module.is_valid(one) for module in known for one in tries):
        raise Refused(
            _("%(number)s is not a VAT number of this country.") % {"number": number.strip()},
            why=_("Its digits do not fit together."),
            todo=_("Compare it with your papers, or leave it out."),
        )  # fmt: skip
    return plain


def name_key(name: str) -> str:
    """A name as it is compared: without accents, signs, capitals and the legal form at its end."""
    plain = "".join(one for one in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(one))
    words = re.findall(r"[^\W_]+", re.sub(r"(?<=\b\w)\.(?=\w\b|\s|$)", "", plain))
    while len(words) > 1 and words[-1] in FORMS:
        words.pop()
    return " ".join(words)
