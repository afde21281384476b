"""All settings of a site. Each is read from the environment and described in docs/operator/settings.md."""

from pathlib import Path
from typing import Any

import django_stubs_ext
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from fabrica.config import env, oidc

# Lets generic classes such as ModelForm[Model] be written at run time too.
django_stubs_ext.monkeypatch()

PACKAGE = Path(__file__).resolve().parent.parent

FABRICA_HOME = Path(env.text("FABRICA_HOME", "var/site")).resolve()
FABRICA_STORAGE = Path(env.text("FABRICA_STORAGE", str(FABRICA_HOME / "storage"))).resolve()
FABRICA_KEYS = Path(env.text("FABRICA_KEYS", str(FABRICA_HOME / "keys"))).resolve()
FABRICA_ANCHOR_FILE = Path(env.text("FABRICA_ANCHOR_FILE", str(FABRICA_HOME / "audit-anchors.jsonl"))).resolve()
FABRICA_MACHINES = Path(env.text("FABRICA_MACHINES", str(FABRICA_HOME / "machines"))).resolve()
FABRICA_SITE_NAME = env.text("FABRICA_SITE_NAME", "Fabrica")
FABRICA_URL = env.text("FABRICA_URL", "http://127.0.0.1:8000")
FABRICA_DEMO = env.flag("FABRICA_DEMO")
FABRICA_BEHIND_PROXY = env.flag("FABRICA_BEHIND_PROXY")
FABRICA_METRICS_TOKEN = env.text("FABRICA_METRICS_TOKEN")
# How many percent of what should be known of a model must be known before it counts as documented.
FABRICA_COMPLETENESS_AT_LEAST = env.number("FABRICA_COMPLETENESS_AT_LEAST", 50, most=100)
FABRICA_UPLOAD_LIMIT_BYTES = env.number("FABRICA_UPLOAD_LIMIT_BYTES", 256_000_000, least=1_000)
FABRICA_USAGE_OVERLAP_HOURS = env.number("FABRICA_USAGE_OVERLAP_HOURS", 24, least=1, most=24 * 400)
FABRICA_USAGE_FULL_DAYS = env.number("FABRICA_USAGE_FULL_DAYS", 35, least=1, most=400)
FABRICA_USAGE_NOTICES = env.percents("FABRICA_USAGE_NOTICES", "50,80,95")
FABRICA_RESERVE_OFFICERS = env.names("FABRICA_RESERVE_OFFICERS")
FABRICA_USAGE_GRACE_HOURS = env.number("FABRICA_USAGE_GRACE_HOURS", 0, most=24 * 400)

DEBUG = env.flag("FABRICA_DEBUG")
SECRET_KEY = env.text("FABRICA_SECRET_KEY")
if not SECRET_KEY:
    key_file = FABRICA_HOME / "secret-key"
    if not key_file.is_file():
        raise ImproperlyConfigured(
            f"There is no secret key. Run `fabrica-site init` to make one in {key_file}, "
            "or set FABRICA_SECRET_KEY or FABRICA_SECRET_KEY_FILE.",
        )
    SECRET_KEY = key_file.read_text(encoding="utf-8").strip()
ALLOWED_HOSTS = env.names("FABRICA_HOSTS", "127.0.0.1,localhost,[::1]")
CSRF_TRUSTED_ORIGINS = env.names("FABRICA_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    "fabrica.config",
    "fabrica.portal",
    "fabrica.registry",
    "fabrica.training",
    "fabrica.allocations",
    "fabrica.dataspaces",
    "fabrica.reviews",
    "fabrica.applications",
    "fabrica.trust",
    "fabrica.calls",
    "fabrica.clusters",
    "fabrica.projects",
    "fabrica.notices",
    "fabrica.people",
    "fabrica.audit",
    "fabrica.web",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "django_htmx",
    "template_partials",
    "ninja",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
]
# A context that is not built yet has no folder.
INSTALLED_APPS = [
    app for app in INSTALLED_APPS if not app.startswith("fabrica.") or (PACKAGE / app[8:] / "apps.py").is_file()
]

# The first answer probes before the host is looked at or HTTPS asked for: docs/decisions/0012.
MIDDLEWARE = [
    "fabrica.config.probes.Probes",
    "fabrica.config.metrics.Measured",
    "fabrica.web.requests.Numbered",
    "django.middleware.security.SecurityMiddleware",
    "fabrica.web.middleware.SecurityHeaders",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "fabrica.people.middleware.Followed",
    "fabrica.people.middleware.Gate",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "fabrica.web.middleware.ProblemPages",
]

ROOT_URLCONF = "fabrica.config.urls"
WSGI_APPLICATION = "fabrica.config.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "fabrica.config.context.site",
            ],
        },
    },
]
FABRICA_DB_LOCK_SECONDS = env.number("FABRICA_DB_LOCK_SECONDS", 10, most=3_600)
FABRICA_DB_STATEMENT_SECONDS = env.number("FABRICA_DB_STATEMENT_SECONDS", 30, most=86_400)
FABRICA_DB_IDLE_SECONDS = env.number("FABRICA_DB_IDLE_SECONDS", 120, most=86_400)
_LIMITS = env.Limits(FABRICA_DB_LOCK_SECONDS, FABRICA_DB_STATEMENT_SECONDS, FABRICA_DB_IDLE_SECONDS)
DATABASES: dict[str, dict[str, Any]] = {"default": env.database(env.text("DATABASE_URL"), FABRICA_HOME, _LIMITS)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "people.Person"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = reverse_lazy("home")
LOGOUT_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "fabrica.people.adapters.accounts.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_SIGNUP_FORM_CLASS = "fabrica.people.forms.SignupDetails"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "optional" if FABRICA_DEMO else "mandatory"
# Whoever finds a window left open adds no address of their own, through which they could take the account over.
ACCOUNT_REAUTHENTICATION_REQUIRED = ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = f"[{FABRICA_SITE_NAME}] "
# Behind a proxy every caller has its address: without the one it passes on, all would share one limit of tries.
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if FABRICA_BEHIND_PROXY else 0
ACCOUNT_RATE_LIMITS = {
    "login_failed": "10/m/ip,5/5m/key",
    "login": "30/m/ip",
    "signup": "20/m/ip",
    "provider": "300/m/ip",
    "public_list": "300/m/ip",
    "model_report": "20/h/ip,40/d/ip",
}
# Half a year after its decision: so long a notice's sender may complain (Regulation (EU) 2022/2065, Art. 20(1)).
FABRICA_REPORTER_DAYS = env.number("FABRICA_REPORTER_DAYS", 183, least=1, most=3_650)
# Sign-in at other places: docs/operator/sign-in.md. An address that matches never signs anybody in by itself.
FABRICA_OIDC_PROVIDERS = oidc.providers()
FABRICA_OIDC_CLAIM_DAYS = env.number("FABRICA_OIDC_CLAIM_DAYS", 365, least=1, most=3_650)
FABRICA_ASSURANCE = oidc.assurance()
# Whom to ask whether an organisation's domain is its own; empty: the name servers of this machine.
FABRICA_DNS_SERVER = env.text("FABRICA_DNS_SERVER")
SOCIALACCOUNT_ADAPTER = "fabrica.people.adapters.openid.identities.IdentityAdapter"
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "provider_class": "fabrica.people.adapters.openid.provider.Provider",
        "APPS": [one.as_app() for one in FABRICA_OIDC_PROVIDERS.values()],
    },
}
SOCIALACCOUNT_EMAIL_AUTHENTICATION = SOCIALACCOUNT_LOGIN_ON_GET = SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_REQUESTS_TIMEOUT = 5
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = FABRICA_SITE_NAME
MFA_TOTP_TOLERANCE = 1  # half a minute for who types slowly or whose clock is behind (RFC 6238, section 5.2)

EMAIL_BACKEND = (
    "django.core.mail.backends.smtp.EmailBackend"
    if env.text("FABRICA_SMTP_HOST")
    else ("django.core.mail.backends.console.EmailBackend")
)
EMAIL_HOST = env.text("FABRICA_SMTP_HOST")
EMAIL_PORT = env.number("FABRICA_SMTP_PORT", 587, least=1, most=65535)
EMAIL_HOST_USER = env.text("FABRICA_SMTP_USER")
EMAIL_HOST_PASSWORD = env.text("FABRICA_SMTP_PASSWORD")
EMAIL_USE_TLS = env.flag("FABRICA_SMTP_TLS", default=True)
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.text("FABRICA_MAIL_FROM", "fabrica@localhost")

# The UNIX account of each project on the machines; see docs/operator/clusters.md.
FABRICA_UNIX_PROJECT_TEMPLATE = env.text("FABRICA_UNIX_PROJECT_TEMPLATE", "fp{number:04d}")

# What members are asked to write into their publications.
FABRICA_ACKNOWLEDGEMENT = env.text(
    "FABRICA_ACKNOWLEDGEMENT",
    "We acknowledge the EuroHPC Joint Undertaking for awarding the project {code} access to {machine}, "
    "hosted by {site} ({country}), through a {mode} access call.",
)

# When projects count as idle; empty: the rules that come with us. See docs/operator/projects.md.
FABRICA_LIFE_RULES = env.text("FABRICA_LIFE_RULES")
# How the time of an application is shared, how experts score, what an SME is; empty: the data that come with us.
FABRICA_CLOCKS = env.text("FABRICA_CLOCKS")
FABRICA_CRITERIA = env.text("FABRICA_CRITERIA")
FABRICA_SME_RULES = env.text("FABRICA_SME_RULES")

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("fr", _("French"))]
LOCALE_PATHS = [PACKAGE / "web" / "locale"]
TIME_ZONE = env.text("FABRICA_TIME_ZONE", "Europe/Brussels")
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = FABRICA_HOME / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
MEDIA_ROOT = FABRICA_STORAGE
FILE_UPLOAD_PERMISSIONS = 0o600
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 400
DATA_UPLOAD_MAX_NUMBER_FILES = 2_000
# The first refuses an upload that is announced too large, before a byte of it is written to disk.
FILE_UPLOAD_HANDLERS = [
    "fabrica.dataspaces.uploads.Bounded",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# On plain HTTP only the loopback demo and a developer's machine may serve; everything else is HTTPS behind a proxy.
INSECURE_OK = DEBUG or FABRICA_DEMO
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not INSECURE_OK
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 12 * 3600
SECURE_SSL_REDIRECT = not INSECURE_OK
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if FABRICA_BEHIND_PROXY else None
SECURE_HSTS_SECONDS = 0 if INSECURE_OK else 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not INSECURE_OK
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# W002 looks for Django's middleware; `web.middleware.SecurityHeaders` sets X-Frame-Options on every answer.
SILENCED_SYSTEM_CHECKS = ["security.W002"]

FABRICA_LOG_FORMAT = env.choice("FABRICA_LOG_FORMAT", "plain", ("plain", "json"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {"()": "fabrica.kit.logs.PlainFormatter"},
        "json": {"()": "fabrica.kit.logs.JsonFormatter"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": FABRICA_LOG_FORMAT,
        },
    },
    "root": {"handlers": ["console"], "level": env.text("FABRICA_LOG_LEVEL", "INFO")},
    "loggers": {"httpx": {"level": "WARNING"}},
}
