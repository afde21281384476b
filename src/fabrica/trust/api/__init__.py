"""The API of trust: the gate, the board's cases, conditions."""

from ninja import Router

from fabrica.trust.api import board, conditions, gate

router = Router(tags=["trust"])
for part in (gate, board, conditions):
    router.add_router("", part.router)
