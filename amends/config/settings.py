"""All settings in one file; what an operator may change comes from the environment (docs/settings.md)."""

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from amends.config.sqlite_library import use_current_sqlite

use_current_sqlite()

from amends.config.databases import database_from_url  # noqa: E402
from amends.config.environment import envbool, envchoice, envint, envlist, envtext  # noqa: E402
from amends.config.logging import logging_settings  # noqa: E402
from amends.config.secrets import secret_key  # noqa: E402
from amends.config.storage import storage_from_url  # noqa: E402

BASE_DIR = Path(__file__).resolve().parents[2]
VAR_DIR = Path(envtext("AMENDS_VAR", default=str(BASE_DIR / "var"))).resolve()
PACKS_DIR = BASE_DIR / "packs"
CALENDARS_DIR = BASE_DIR / "calendars"

# Where the installation is reached. Every link that leaves the system is built from this address.

BASE_URL = envtext("AMENDS_BASE_URL", default="http://127.0.0.1:8000").rstrip("/")
_BASE = urlsplit(BASE_URL)
LOOPBACK_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
SERVED_OVER_HTTPS = _BASE.scheme == "https"
ALLOWED_HOSTS = [_BASE.hostname or "localhost", *LOOPBACK_HOSTS, *envlist("AMENDS_ALLOWED_HOSTS")]
CSRF_TRUSTED_ORIGINS = [f"{_BASE.scheme}://{_BASE.netloc}"]
TRUSTED_PROXIES = envint("AMENDS_TRUSTED_PROXIES", default=0)
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

DEMO = envbool("AMENDS_DEMO", default=False)
DEBUG = False
SECRET_KEY, SECRET_KEY_IS_KEPT = secret_key(
    from_environment=envtext("AMENDS_SECRET_KEY"), key_file=VAR_DIR / "secret_key"
)
SECRET_KEY_FALLBACKS = envlist("AMENDS_SECRET_KEY_FALLBACKS")

# Faults that a harness plants to prove itself. Only the test settings read them; `amends up` refuses them.
PLANTED_FAULTS: frozenset[str] = frozenset()

# The house

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "axes",
    "amends.apps.ledger",
    "amends.apps.deferred",
    "amends.apps.policies",
    "amends.apps.people",
    "amends.apps.messaging",
    "amends.apps.cases",
    "amends.apps.circulars",
    "amends.apps.lists",
    "amends.apps.mail",
    "amends.apps.surveys",
    "amends.apps.outlook",
    "amends.apps.training",
    "amends.apps.reporting",
    "amends.apps.upkeep",
    "amends.apps.studies",
    "amends.web",
    "amends.api",
    "amends.jobs",
]
MIDDLEWARE = [
    "amends.web.middleware.security_headers.SecurityHeaders",
    "amends.web.middleware.unavailable.Unavailable",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "amends.web.middleware.session_age.SessionAge",
    "amends.web.middleware.access_log.AccessLog",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "amends.web.middleware.declared_routes.DeclaredRoutes",
    "amends.web.middleware.second_factor_first.SecondFactorFirst",
    "amends.web.middleware.refusals.RefusalPages",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "amends.config.urls"
WSGI_APPLICATION = "amends.config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES = [
    {
        "BACKEND": "amends.web.page_templates.Templates",
        "NAME": "django",
        "OPTIONS": {
            "loaders": [("amends.web.folding.Loader", ["django.template.loaders.app_directories.Loader"])],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "amends.web.appearance.views.appearance",
                "amends.web.viewing.navigation",
            ],
        },
    }
]

# Records and files

DATABASES = {
    "default": database_from_url(envtext("AMENDS_DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'amends.sqlite3'}"))
}
STORAGE_URL = envtext("AMENDS_STORAGE_URL", default=f"file://{VAR_DIR / 'files'}")
STORAGES = {
    "default": storage_from_url(STORAGE_URL),
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
ANCHOR_URL = envtext("AMENDS_ANCHOR_URL", default=f"file://{VAR_DIR / 'anchors'}")

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
WHITENOISE_MAX_AGE = 3600
WHITENOISE_ALLOW_ALL_ORIGINS = False

# Limits of what one request may bring

DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
# More files than a message takes are dropped one by one, so that the text and the other files of the form are kept.
DATA_UPLOAD_MAX_NUMBER_FILES = 1000
FILE_UPLOAD_HANDLERS = [
    "amends.web.forms.upload_limits.UploadLimits",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
EVIDENCE_FILE_BYTES = 20 * 1024 * 1024
EVIDENCE_MESSAGE_BYTES = 50 * 1024 * 1024
EVIDENCE_FILES_PER_MESSAGE = 10
LARGEST_READ_BYTES = 200 * 1024 * 1024

# Languages: messages are written in Simplified Chinese; Traditional is derived when messages are compiled.

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("zh-hant", "繁體中文"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# Sign-in

AUTH_USER_MODEL = "people.Person"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    "amends.apps.people.signed_in.SignedIn",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = ["username"]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_HTTP_RESPONSE_CODE = 429
AXES_LOCKOUT_TEMPLATE = "sign_in/locked_out.html"
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
# Counting by account alone is meant: rotating addresses must not reset the count.
SILENCED_SYSTEM_CHECKS = ["axes.W006"]
AXES_IPWARE_PROXY_COUNT = TRUSTED_PROXIES or None

ADMIN_SECOND_FACTOR = envchoice(
    "AMENDS_ADMIN_SECOND_FACTOR", default="offered" if DEMO else "required", choices={"required", "offered"}
)

LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/sign-in/"

# Sessions and cookies. Over plain http the `__Host-` prefix would make browsers drop the cookie.

SESSION_ENGINE = "amends.apps.people.session_store"
SESSION_IDLE = timedelta(minutes=30)
SESSION_COOKIE_AGE = int(timedelta(hours=12).total_seconds())
SESSION_COOKIE_NAME = "__Host-session" if SERVED_OVER_HTTPS else "session"
SESSION_COOKIE_SECURE = SERVED_OVER_HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "__Host-csrf" if SERVED_OVER_HTTPS else "csrf"
CSRF_COOKIE_SECURE = SERVED_OVER_HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "amends.web.once_more.token_over"
LANGUAGE_COOKIE_NAME = "__Host-language" if SERVED_OVER_HTTPS else "language"
LANGUAGE_COOKIE_SECURE = SERVED_OVER_HTTPS
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
APPEARANCE_COOKIE_NAME = "__Host-appearance" if SERVED_OVER_HTTPS else "appearance"
SECURE_SSL_REDIRECT = SERVED_OVER_HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds()) if SERVED_OVER_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SERVED_OVER_HTTPS
SECURE_HSTS_PRELOAD = SERVED_OVER_HTTPS
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"

# Messages that leave the system

MAIL_URL = envtext("AMENDS_MAIL_URL", default=f"file://{VAR_DIR / 'mail'}")
MAIL_FROM = envtext("AMENDS_MAIL_FROM", default=f"amends@{_BASE.hostname or 'localhost'}")
KEEP_IGNORED_DAYS = envint("AMENDS_KEEP_IGNORED_DAYS", default=180, at_least=1)
SMS_URL = envtext("AMENDS_SMS_URL", default=f"file://{VAR_DIR / 'sms'}")
SMS_DAILY_BUDGET = envint("AMENDS_SMS_DAILY_BUDGET", default=5000)
SMS_SECRET = envtext("AMENDS_SMS_SECRET")

# Where the server itself may call: https to these hosts, and to private addresses only where host and port are named.

OUTBOUND_HOSTS = envlist("AMENDS_OUTBOUND_HOSTS")
OUTBOUND_PRIVATE = envlist("AMENDS_OUTBOUND_PRIVATE")
DEFAULT_FROM_EMAIL = MAIL_FROM
SERVER_EMAIL = MAIL_FROM

# Processes

WEB_PROCESSES = envint("AMENDS_WEB_PROCESSES", default=2, at_least=1)
WEB_THREADS = envint("AMENDS_WEB_THREADS", default=4, at_least=1)
METRICS_TOKEN = envtext("AMENDS_METRICS_TOKEN")
LOGGING = logging_settings(
    level=envchoice("AMENDS_LOG_LEVEL", default="INFO", choices={"DEBUG", "INFO", "WARNING", "ERROR"})
)
