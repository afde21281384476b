"""Names for what is invented: made of a number, so that the same number has the same name."""

from hashlib import sha256

DOMAIN = "@filled.example"
FIRST = ("Ada", "Bruno", "Chiara", "Dora", "Emil", "Freja", "Goran", "Hana", "Iker", "Jana", "Karl", "Lena", "Marek")
LAST = ("Novák", "Rossi", "Silva", "Jansen", "Weber", "Dubois", "Kowalska", "Nielsen", "Horvat", "Ionescu", "Virtanen")
FIELDS = ("weather", "proteins", "batteries", "traffic", "law", "steel", "crops", "speech", "imaging", "grids", "water")
WHAT = ("A language model for", "Forecasts of", "A twin of", "A foundation model for", "Anomalies in", "Agents for")
COUNTRIES = ("FR", "DE", "IT", "ES", "PL", "NL", "SE", "FI", "PT", "CZ", "AT", "BE", "GR", "IE")


def pick(words: tuple[str, ...], number: int) -> str:
    """One of the words; neighbours get different ones."""
    return words[number % len(words)]


def uid(kind: str, number: int) -> str:
    """An opaque id as `kit.ids.new_uid` makes them, but the same each time."""
    return sha256(f"filled:{kind}:{number}".encode()).hexdigest()[:32]


def person(number: int) -> str:
    """Somebody's name."""
    return f"{pick(FIRST, number)} {pick(LAST, number // 3)} {number}"


def email(number: int) -> str:
    """Somebody's address, in a domain that nobody can have."""
    return f"person-{number}{DOMAIN}"


def firm(number: int) -> str:
    """A firm's name."""
    return f"{pick(LAST, number)} {pick(FIELDS, number // 2).title()} {number}"


def title(number: int) -> str:
    """What a project is about."""
    return f"{pick(WHAT, number)} {pick(FIELDS, number // 5)} {number}"
