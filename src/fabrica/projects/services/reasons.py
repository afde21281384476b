"""Why somebody did something to a project, in their words."""

from django.utils.translation import gettext as _

from fabrica.kit.errors import Refused
from fabrica.projects.models import TEXT_LIMIT


def kept_reason(reason: str) -> str:
    """The reason as it is kept. Raises Refused where there is none, or one that is too long."""
    kept = reason.strip()
    if not kept or len(kept) > TEXT_LIMIT:
        raise Refused(_("A reason is needed, of at most %(most)s letters.") % {"most": TEXT_LIMIT})
    return kept
