"""Hours as a sentence tells them at once, in the language of whoever reads it."""

from django.utils.formats import number_format

from fabrica.allocations.engine import hours


def told_hours(gpu_seconds: int) -> str:
    """As `hours`, which what is kept is written with: `1,234.50`, in French `1 234,50`."""
    text = hours(gpu_seconds).replace(",", "")
    return number_format(text, len(text.partition(".")[2]), use_l10n=True, force_grouping=True)
