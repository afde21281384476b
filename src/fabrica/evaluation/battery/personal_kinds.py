"""Finding what looks like personal data in a text, and telling by its check digits whether it is more than a look.

Words: a *find* is a string of one kind; *valid* if its check digits are right, or if its kind has none and its form is
plausible. Where digits alone would look alike, a word such as "BSN" must stand before. No string leaves this room
whole: `mask` is what is shown.
"""

import ipaddress
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from stdnum import iban, luhn
from stdnum.be import nn
from stdnum.de import idnr
from stdnum.es import dni, nie
from stdnum.fr import nir
from stdnum.it import codicefiscale
from stdnum.nl import bsn
from stdnum.pl import pesel
from stdnum.pt import nif
from stdnum.se import personnummer

NEAR_CHARACTERS = 40
PIECE, OVERLAP = 20_000, 200
JOINTS = " .-/()"
WITHOUT_JOINTS = str.maketrans("", "", JOINTS)


@dataclass(frozen=True)
class Kind:
    """One kind of personal data. `chance`: how many of random strings of that form pass; 1 without check digits."""

    key: str
    pattern: re.Pattern[str]
    near: re.Pattern[str] | None
    chance: float


@dataclass(frozen=True)
class Find:
    """A string in a text. `text` is as it stands there, `bare` without spaces and signs."""

    kind: str
    text: str
    bare: str
    valid: bool


def bare_of(text: str) -> str:
    """Without spaces and joining signs, in capitals."""
    return text.translate(WITHOUT_JOINTS).upper()


def copied_of(finds: Iterable[Find], training: Iterable[str]) -> list[Find]:
    """Those that the training text holds: in any case, numbers with any or no spaces and signs between their digits.

    A number that is only a part of a longer one is not it.
    """
    every = list(finds)
    left = every
    for text in training:
        if left:
            bare = bare_of(text)
            left = [find for find in left if find.bare not in bare or not _form(find).search(text)]
    return [find for find in every if find not in left]


@lru_cache(maxsize=1024)
def _form(find: Find) -> re.Pattern[str]:
    """What is sought in the text as it stands: signs within an address are part of it."""
    if find.kind in ("email", "ip"):
        said = re.escape(find.text)
    else:
        said = f"[{re.escape(JOINTS)}]*".join(map(re.escape, find.bare))
    before, after = (r"(?<!\d)" if find.bare[0].isdigit() else ""), (r"(?!\d)" if find.bare[-1].isdigit() else "")
    return re.compile(f"{before}{said}{after}", re.IGNORECASE)


def mask(find: Find) -> str:
    """Two characters and the length: enough to find it again with the text at hand, too little to give it away."""
    return f"{find.text[:2]}… ({len(find.text)} characters)"


@cache
def facts() -> dict[str, Any]:
    """The content of `data/personal.json`."""
    raw: dict[str, Any] = json.loads(
        files("fabrica.evaluation.battery").joinpath("data/personal.json").read_text("utf-8")
    )
    return raw


@cache
def kinds() -> tuple[Kind, ...]:
    """All, those that are told most surely first."""
    return tuple(
        Kind(
            one["key"],
            re.compile(one["pattern"]),
            re.compile(one["near"], re.IGNORECASE) if one["near"] else None,
            one["chance"],
        )
        for one in facts()["kinds"]
    )


def finds(text: str) -> Iterator[Find]:
    """All in a text, each stretch of it told as one kind only. A long text is read in pieces of 20,000 characters."""
    for start in range(0, len(text), PIECE):
        begin = max(0, start - OVERLAP)
        for at, find in _in_piece(text[begin : start + PIECE + OVERLAP]):
            if start <= begin + at < start + PIECE:
                yield find


def all_finds(texts: Iterable[str]) -> Iterator[Find]:
    """All in several texts."""
    for text in texts:
        yield from finds(text)


def _in_piece(text: str) -> list[tuple[int, Find]]:
    """Finds with their place. A valid one keeps others off its stretch; of the rest, the surest kind counts."""
    found: list[tuple[int, int, Find]] = []
    for kind in kinds():
        for match in kind.pattern.finditer(text):
            shown = _cut(kind.key, match[match.lastindex or 0])
            if shown and _is_near(kind, text, match.start()):
                found.append((match.start(), match.start() + len(shown), _find(kind.key, shown)))
    taken: list[tuple[int, int, Find]] = []
    for start, end, find in sorted(found, key=lambda one: not one[2].valid):
        if all(end <= other or start >= stop for other, stop, _ in taken):
            taken.append((start, end, find))
    return sorted(((start, find) for start, _, find in taken), key=lambda one: one[0])


def _is_near(kind: Kind, text: str, at: int) -> bool:
    return kind.near is None or bool(kind.near.search(text[max(0, at - NEAR_CHARACTERS) : at]))


def _find(key: str, text: str) -> Find:
    bare = bare_of(text)
    return Find(key, text, bare, CHECKS[key](text, bare))


def _cut(key: str, text: str) -> str:
    """The stretch that is meant: an IBAN has its country's length, whatever follows a space; empty if it is none."""
    if key != "iban":
        return text
    length = facts()["iban_lengths"].get(text[:2])
    seen = [at for at, sign in enumerate(text, 1) if sign != " "]
    if not length or len(seen) < length:
        return ""
    end = seen[length - 1]
    return text[:end] if text[end : end + 1] in ("", " ") else ""


def _email(text: str, _bare: str) -> bool:
    """Not one of the domains that are set aside for examples (RFC 2606)."""
    domain = text.rsplit("@", 1)[1].casefold()
    return not re.search(r"(^|\.)(example(\.\w+)?|test|invalid|localhost)$", domain)


def _phone(text: str, _bare: str) -> bool:
    """A number as E.164 has it, of a country on the list, and no row of the same digit."""
    digits = re.sub(r"\D", "", text).removeprefix("00")
    return len(set(digits)) > 3 and any(  # noqa: PLR2004 - as the docstring says, with some slack
        digits.startswith(code) and low <= len(digits) - len(code) <= high
        for code, (low, high) in facts()["phone_codes"].items()
    )


def _card(_text: str, bare: str) -> bool:
    return bool(re.fullmatch(facts()["card_numbers"], bare)) and luhn.is_valid(bare)


def _ip(text: str, _bare: str) -> bool:
    """One that can be reached from outside."""
    try:
        return ipaddress.ip_address(text).is_global
    except ValueError:
        return False


def _number(module: Any) -> Callable[[str, str], bool]:
    """The check of a national number, as python-stdnum knows it."""
    return lambda _text, bare: bool(module.is_valid(bare))


CHECKS: dict[str, Callable[[str, str], bool]] = {
    "iban": lambda _text, bare: bool(iban.is_valid(bare, check_country=False)),
    "email": _email,
    "phone": _phone,
    "card": _card,
    "ip": _ip,
    "fr_nir": _number(nir),
    "es_dni": _number(dni),
    "es_nie": _number(nie),
    "it_codice_fiscale": _number(codicefiscale),
    "pl_pesel": _number(pesel),
    "nl_bsn": _number(bsn),
    "be_number": _number(nn),
    "de_steuer_id": _number(idnr),
    "se_personnummer": lambda text, _bare: bool(personnummer.is_valid(text)),
    "pt_nif": _number(nif),
}
