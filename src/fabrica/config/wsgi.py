"""What a web server loads: `fabrica.config.wsgi:application`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fabrica.config.settings")
application = get_wsgi_application()
