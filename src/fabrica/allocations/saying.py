"""Hours as a sentence tells them at once, in the language of whoever reads it."""

from django.utils.formats import number_format
from django.utils.functional import lazy

from fabrica.allocations.engine import hours


def told_hours(gpu_seconds: int) -> str:
    """As `hours`, which what is kept is written with: `1,234.50`, in French `1 234,50`."""
    text = hours(gpu_seconds).replace(",", "")
    return number_format(text, len(text.partition(".")[2]), use_l10n=True, force_grouping=True)


# For a letter: nobody knows its reader's language before it is written.
letter_hours = lazy(told_hours, str)
