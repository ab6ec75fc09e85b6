"""Settings: one file, the environment read through typed helpers (skeleton, to grow)."""

from pathlib import Path

BASE_DIR = Path(__file__).resolve().parents[2]
SECRET_KEY = "skeleton-only-to-be-replaced-by-the-key-in-var-0000000000000000"
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "testserver"]
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "amends.apps.ledger",
    "amends.apps.policies",
    "amends.apps.people",
    "amends.apps.deferred",
    "amends.apps.messaging",
    "amends.apps.cases",
    "amends.apps.reporting",
]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "var" / "amends.sqlite3"}}
USE_TZ = True
TIME_ZONE = "UTC"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
