"""Which project is meant?"""

from fabrica.cli.client import Client
from fabrica.kit.errors import Refused


def project_of(client: Client, name: str) -> str:
    """The project named, or the only one there is. Raises Refused where that is not clear, naming them."""
    if name:
        return name
    mine = [row["slug"] for row in client.pages("/projects", most=20)]
    if len(mine) == 1:
        return str(mine[0])
    if not mine:
        raise Refused(
            "You have no project yet.", todo="Apply first: see `fabrica calls` and `fabrica apply --example`."
        )
    raise Refused("Which project?", todo=f"Name it with --project. Yours: {', '.join(mine)}.")
