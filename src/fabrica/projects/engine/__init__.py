"""What a project owes and says of itself, from data files. Pure; needs no Django."""

from fabrica.projects.engine.public import Consent, Duty, Said, consent_on, consents, duties
from fabrica.projects.engine.reports import (
    MOST_LETTERS,
    Form,
    Gap,
    Question,
    Reminders,
    forms,
    gaps,
    length,
    months_later,
    owed,
    question_from,
    reminder,
    reminders,
)

__all__ = [
    "MOST_LETTERS",
    "Consent",
    "Duty",
    "Form",
    "Gap",
    "Question",
    "Reminders",
    "Said",
    "consent_on",
    "consents",
    "duties",
    "forms",
    "gaps",
    "length",
    "months_later",
    "owed",
    "question_from",
    "reminder",
    "reminders",
]
