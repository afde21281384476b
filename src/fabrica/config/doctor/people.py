"""Whether the roles that a site cannot do without are filled."""

from collections.abc import Iterator

from django.db.models import Count

from fabrica.clusters.queries import unnamed
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


def unix_names() -> Iterator[Finding]:
    """Everybody who works on a machine has a name there; nothing is said where all have."""
    for slug, count in unnamed().values_list("site__slug").annotate(count=Count("pk")):
        todo = f"See `fabrica-site clusters names {slug}`, and choose with `fabrica-site clusters name`."
        yield bad(f"At the site {slug}, {count} cannot sign in before you choose their UNIX name.", todo)
