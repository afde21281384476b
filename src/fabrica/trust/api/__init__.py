"""The API of trust: the gate, the board's cases, conditions, impact assessments."""

from ninja import Router

from fabrica.trust.api import board, conditions, gate, impact

router = Router(tags=["trust"])
for part in (gate, board, conditions, impact):
    router.add_router("", part.router)
