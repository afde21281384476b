"""The closed lists of this context, and the moves between states."""

from django.db.models import TextChoices
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from fabrica.kit.errors import Refused


class Visibility(TextChoices):
    """Who sees a dataset."""

    PUBLIC = "public", _("Everybody")
    PROJECT = "project", _("Your project only")


class State(TextChoices):
    """Where a version stands."""

    DRAFT = "draft", _("Draft")
    PUBLISHED = "published", _("Published")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class StagingState(TextChoices):
    """Where a staging stands. *Refused*: the data is not what was published. *Failed*: the copy did not work."""

    WAITING = "waiting", _("Waiting")
    STAGING = "staging", _("Being copied")
    STAGED = "staged", _("Ready to use")
    REFUSED = "refused", _("Refused")
    FAILED = "failed", _("Failed")


MOVES: dict[State, frozenset[State]] = {
    State.DRAFT: frozenset({State.PUBLISHED}),
    State.PUBLISHED: frozenset({State.WITHDRAWN}),
    State.WITHDRAWN: frozenset(),
}
STAGING_MOVES: dict[StagingState, frozenset[StagingState]] = {
    StagingState.WAITING: frozenset({StagingState.STAGING, StagingState.REFUSED}),
    StagingState.STAGING: frozenset({StagingState.STAGED, StagingState.REFUSED, StagingState.FAILED}),
    StagingState.STAGED: frozenset(),
    StagingState.REFUSED: frozenset({StagingState.WAITING}),
    StagingState.FAILED: frozenset({StagingState.WAITING}),
}
TO_DO = (StagingState.WAITING, StagingState.STAGING)
STOPPED = (StagingState.REFUSED, StagingState.FAILED)


def check_move(before: State, after: State) -> None:
    """Raises Refused where the table allows no such move of a version."""
    if after not in MOVES[before]:
        raise Refused(
            gettext("A version that is %(before)s cannot become %(after)s.")
            % {"before": str(before.label).lower(), "after": str(after.label).lower()},
            todo=gettext("Reload the page."),
        )


# ISO 639 codes: the official languages of the Union, and what is no single language.
LANGUAGES = {
    "und": _("Not stated"), "mul": _("Several languages"), "zxx": _("No human language, such as code or figures"),
    "bg": _("Bulgarian"), "hr": _("Croatian"), "cs": _("Czech"), "da": _("Danish"), "nl": _("Dutch"),
    "en": _("English"), "et": _("Estonian"), "fi": _("Finnish"), "fr": _("French"), "de": _("German"),
    "el": _("Greek"), "hu": _("Hungarian"), "ga": _("Irish"), "it": _("Italian"), "lv": _("Latvian"),
    "lt": _("Lithuanian"), "mt": _("Maltese"), "pl": _("Polish"), "pt": _("Portuguese"), "ro": _("Romanian"),
    "sk": _("Slovak"), "sl": _("Slovenian"), "es": _("Spanish"), "sv": _("Swedish"),
}  # fmt: skip
