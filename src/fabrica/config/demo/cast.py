"""Who plays: made-up people, each with a random password that is kept on this machine only."""

import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from fabrica.kit.files import write_atomic
from fabrica.people.states import Role, Scope


@dataclass(frozen=True)
class Part:
    """A member of the cast: name, roles, and what the play's token may do."""

    key: str
    name: str
    what: str
    roles: tuple[Role, ...]
    scopes: tuple[Scope, ...]

    @property
    def email(self) -> str:
        return f"{self.key}@demo.example"


CAST = (
    Part("ada", "Ada Moreau", "applicant, Novalis Labs", (), (Scope.APPLY, Scope.TRAIN, Scope.ACCOUNT)),
    Part("max", "Max Keller", "team mate, Novalis Labs", (), (Scope.TRAIN, Scope.ACCOUNT)),
    Part("lea", "Léa Fontaine", "applicant, Meridian Weather", (), (Scope.APPLY, Scope.TRAIN, Scope.ACCOUNT)),
    Part("olga", "Olga Nowak", "officer", (Role.OFFICER,), (Scope.DECIDE, Scope.ACCOUNT)),
    Part("tomas", "Tomás Silva", "assessor", (Role.ASSESSOR,), (Scope.DECIDE, Scope.ACCOUNT)),
    Part(
        "petra", "Petra Lind", "data provider, Open Text Foundation", (Role.PROVIDER,), (Scope.PUBLISH, Scope.ACCOUNT)
    ),
    Part("nadia", "Nadia Rossi", "expert with a review in hand", (), (Scope.DECIDE, Scope.ACCOUNT)),
    Part("erik", "Erik Lund", "expert who is asked for a review", (), (Scope.DECIDE, Scope.ACCOUNT)),
    Part("paula", "Paula Vermeer", "member of the panel", (Role.PANEL,), (Scope.DECIDE, Scope.ACCOUNT)),
    Part("edda", "Edda Holm", "ethics officer", (Role.ETHICS,), (Scope.DECIDE, Scope.ACCOUNT)),
    Part("bruno", "Bruno Ferri", "member of the ethics board", (Role.BOARD,), (Scope.DECIDE, Scope.ACCOUNT)),
    Part("ingrid", "Ingrid Berg", "operator", (Role.OPERATOR,), (Scope.ACCOUNT,)),
)


def passwords(home: Path) -> dict[str, str]:
    """A password for each, random per clone, made once and readable for this user only."""
    path = home / "cast.json"
    kept: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    missing = [part.key for part in CAST if part.key not in kept]
    if missing:
        kept |= {key: f"{secrets.token_hex(2)}-{secrets.token_hex(4)}-{secrets.token_hex(2)}" for key in missing}
        write_atomic(path, json.dumps(kept), mode=0o600)
    return kept
