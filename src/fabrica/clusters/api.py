"""The API of machines: what stands where and how busy it is."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from fabrica.clusters import queries
from fabrica.people.queries import signed_in
from fabrica.web.scopes import needs

router = Router(tags=["machines"])


class MachineOut(Schema):
    """A machine and its load."""

    slug: str
    name: str
    site: str
    country: str
    device: str
    devices_total: int
    devices_busy: int
    jobs_running: int
    jobs_pending: int
    is_reachable: bool
    load_at: datetime | None
    flops_per_second: float | None
    measured_at: datetime | None

    @staticmethod
    def resolve_site(machine: Any) -> str:
        return str(machine.site.name)

    @staticmethod
    def resolve_country(machine: Any) -> str:
        return str(machine.site.country)


@router.get("/machines", response=list[MachineOut])
@needs("read")
def machines(request: HttpRequest) -> Any:  # noqa: ARG001 - that machines exist is public
    """The machines of this factory."""
    return queries.machines()


class UnixNameOut(Schema):
    """What I am called on a site's machines."""

    site: str = Field(alias="site.slug")
    unix_name: str = Field(alias="name")


@router.get("/me/unix-names", response=list[UnixNameOut])
@needs("read")
def unix_names(request: HttpRequest) -> Any:
    """What I am called on the machines of each site where my projects have hours."""
    return queries.names_of(signed_in(request))
