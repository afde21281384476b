"""The worker's part: seal what was committed."""

from datetime import datetime

from django.conf import settings

from fabrica.audit import services
from fabrica.kit.signing import load_key


def seal(now: datetime) -> bool:
    """Seal one batch; True when there was one, so that the worker looks again at once."""
    key = load_key(settings.FABRICA_KEYS / "site.pem")
    return services.seal(key=key, anchor=settings.FABRICA_ANCHOR_FILE, now=now) is not None
