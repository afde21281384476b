"""How pages and the API say what the engine found: in the language of the request."""

from dataclasses import dataclass
from datetime import date

from django.utils import formats
from django.utils.translation import get_language, gettext, pgettext

from fabrica.calls.engine.saying import Voice
from fabrica.calls.engine.sentences import IN_A_SENTENCE, LABELS
from fabrica.web.words import count


def here() -> Voice:
    """The voice of the language that is active."""
    return Voice((get_language() or "en").split("-")[0], gettext, _unit, count, _day)


def label(figure: str) -> str:
    """What a figure is called."""
    return gettext(LABELS[figure])


def _unit(text: str) -> str:
    return pgettext(IN_A_SENTENCE, text)


def _day(day: date) -> str:
    return formats.date_format(day, "j F Y")


@dataclass(frozen=True)
class Said:
    """A word of the engine, said in the language of whoever reads it; for choices of forms."""

    text: str
    is_unit: bool = False

    def __str__(self) -> str:
        return _unit(self.text) if self.is_unit else gettext(self.text)
