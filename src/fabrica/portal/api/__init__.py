"""The API of what only composed pages show."""

from ninja import Router

from fabrica.portal.api import compute, idle, invoices, life, listing, panels, proposals, self_assessment, storage, work

router = Router(tags=["portal"])
for part in (work, life, idle, listing, storage, panels, proposals, invoices, compute, self_assessment):
    router.add_router("", part.router)
