"""Who may enter which account of a site by SSH: what `sshd` asks, put together from several contexts."""

from datetime import datetime

from fabrica.allocations.queries import may_enter
from fabrica.clusters.queries import person_named, site_by_slug
from fabrica.people.queries import ssh_keys_of


def lines(site_slug: str, unix_name: str, now: datetime, *, principals: bool = False) -> list[str]:
    """The lines of an authorized-keys file for one account, or the one name that a certificate must bear.

    Nothing unless somebody has this name now, may sign in, and works in a project with a running award there.
    Raises NotFound for a site there is not.
    """
    site = site_by_slug(site_slug)
    person = person_named(site, unix_name)
    if person is None or not may_enter(person, site, now):
        return []
    return [unix_name] if principals else [key.line for key in ssh_keys_of(person)]
