"""The API of what only composed pages show."""

from ninja import Router

from fabrica.portal.api import invoices, life, panels, work

router = Router(tags=["portal"])
for part in (work, life, panels, invoices):
    router.add_router("", part.router)
