"""The API of people: one's own account, organisations, and help for others."""

from ninja import Router

from fabrica.people.api import account, organisations, sme, support

router = Router(tags=["account"])
for part in (account, organisations, sme, support):
    router.add_router("", part.router)
