"""Settings of the tests: a home of their own, no secrets, no mail leaves, in memory where it can be."""

import atexit
import os
import shutil
import tempfile

if "FABRICA_HOME" not in os.environ:
    os.environ["FABRICA_HOME"] = tempfile.mkdtemp(prefix="fabrica-test-")
    atexit.register(shutil.rmtree, os.environ["FABRICA_HOME"], ignore_errors=True)

os.environ.setdefault("FABRICA_SECRET_KEY", "only-for-tests-" + "0" * 40)
os.environ.setdefault("FABRICA_LOG_LEVEL", "WARNING")

from fabrica.config.settings import *  # noqa: F403 - the environment must be set before

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_AUTOREFRESH = True
SECURE_SSL_REDIRECT = False
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
DEBUG = False
# On a server several runs of the tests may stand beside each other.
if DATABASES["default"]["ENGINE"].endswith("postgresql"):  # noqa: F405 - from the settings above
    DATABASES["default"]["TEST"] = {"NAME": f"test_fabrica_{os.getpid()}"}  # noqa: F405 - the same
