"""What a web server loads: `fabrica.config.wsgi:application`. Refuses to start on settings that would be unsafe."""

import os

from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fabrica.config.settings")
application = get_wsgi_application()
if wrong := [one for one in run_checks() if one.is_serious()]:
    raise ImproperlyConfigured("; ".join(f"{one.msg} {one.hint or ''}".strip() for one in wrong))
