"""The API of what only composed pages show."""

from ninja import Router

from fabrica.portal.api import life, listing, panels, work

router = Router(tags=["portal"])
for part in (work, life, listing, panels):
    router.add_router("", part.router)
