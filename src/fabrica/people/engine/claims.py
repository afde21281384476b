"""What a provider says of a person, cut down to what is kept: names and lists within bounds, nothing else."""

import re
from dataclasses import asdict, dataclass
from typing import Any, Final

MOST_VALUES: Final = 20
MOST_CHARACTERS: Final = 255
SCOPED: Final = re.compile(r"[A-Za-z-]{1,40}@[A-Za-z0-9.-]{1,200}")
EMAIL_LIMIT: Final = 254
NAME_LIMIT: Final = 120
LAST_SECOND: Final = 4_102_444_800  # 2100
# who vouches for whom: eduPerson, voPerson, and the affiliations that MyAccessID hands on
AFFILIATIONS: Final = ("eduperson_scoped_affiliation", "voperson_external_affiliation")


@dataclass(frozen=True)
class Told:
    """One person as one provider knows them. `email` counts only where the provider says that it is verified.

    `session` is the provider's own name for the session there; `proved_at` when the person proved who they are there.
    """

    provider: str
    issuer: str
    subject: str
    email: str = ""
    is_email_verified: bool = False
    name: str = ""
    home: str = ""
    acr: str = ""
    assurance: tuple[str, ...] = ()
    affiliations: tuple[str, ...] = ()
    session: str = ""
    proved_at: int = 0

    def as_dict(self) -> dict[str, Any]:
        """For a session, which keeps JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, kept: dict[str, Any]) -> "Told":
        """Back from a session."""
        lists = {name: tuple(kept.get(name, ())) for name in ("assurance", "affiliations")}
        return cls(**{**kept, **lists})


def read_claims(provider: str, id_token: dict[str, Any], userinfo: dict[str, Any]) -> Told:
    """What both sources say together. The subject and the way of signing in come from the signed one alone."""
    both = {**id_token, **userinfo}
    # the address and what is said of it are of one source: else a checked address could vouch for another
    about = userinfo if "email" in userinfo else id_token
    if about.get("email") == id_token.get("email") and "email_verified" not in about:
        about = id_token
    email = _line(about.get("email"), EMAIL_LIMIT).lower()
    return Told(
        provider=provider,
        issuer=id_token["iss"],
        subject=id_token["sub"],
        email=email if "@" in email else "",
        # only the word true: a provider that writes "false" as text must not be misread
        is_email_verified=about.get("email_verified") is True,
        name=_name(both),
        home=_line(both.get("schac_home_organization")),
        acr=_line(id_token.get("acr")),
        assurance=_lines(both.get("eduperson_assurance")),
        affiliations=tuple(
            sorted({one for name in AFFILIATIONS for one in _lines(both.get(name)) if SCOPED.fullmatch(one)})
        )[:MOST_VALUES],
        session=_line(id_token.get("sid")),
        proved_at=_second(id_token.get("auth_time")),
    )


def _second(value: object) -> int:
    """A moment in seconds, or nought."""
    return int(value) if isinstance(value, int | float) and 0 < value < LAST_SECOND else 0


def _name(claims: dict[str, Any]) -> str:
    parts = (_line(claims.get(one), NAME_LIMIT) for one in ("given_name", "family_name"))
    return (_line(claims.get("name"), NAME_LIMIT) or " ".join(filter(None, parts)))[:NAME_LIMIT]


def _line(value: object, most: int = MOST_CHARACTERS) -> str:
    """One printable line, or nothing: what is too long is not cut, since half a value is another value."""
    if not isinstance(value, str) or len(value) > most or not value.isprintable():
        return ""
    return value.strip()


def _lines(value: object) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    return tuple(sorted({line for one in values[:MOST_VALUES] if (line := _line(one))}))
