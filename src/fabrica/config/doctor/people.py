"""Whether the roles that a site cannot do without are filled."""

from collections.abc import Iterator

from fabrica.config.doctor.finding import Finding, bad, well
from fabrica.people.queries import with_role
from fabrica.people.states import Role


def roles() -> Iterator[Finding]:
    """Somebody operates, decides and assesses."""
    for role in (Role.OPERATOR, Role.OFFICER, Role.ASSESSOR):
        count = with_role(role).count()
        if count:
            yield well(f"{count} with the role {role.value}.")
        else:
            yield bad(f"Nobody has the role {role.value}.", f"Run `fabrica-site grant EMAIL {role.value}`.")
