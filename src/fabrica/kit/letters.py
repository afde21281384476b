"""Letters to an address: named before they are sent, so that whoever gets one twice sees one (decision 0028)."""

from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage

SUBJECT_LIMIT = 200


def letter(*, to: str, text: str, name: str) -> EmailMessage:
    """A letter whose first line is its subject. `name` tells it from every other; the same name is the same letter."""
    subject, _line, body = text.strip().partition("\n")
    host = urlsplit(settings.FABRICA_URL).hostname or "localhost"
    return EmailMessage(
        " ".join(subject.split())[:SUBJECT_LIMIT], f"{body.strip()}\n", settings.DEFAULT_FROM_EMAIL, [to],
        headers={"Message-ID": f"<{name}@{host}>"},
    )  # fmt: skip
