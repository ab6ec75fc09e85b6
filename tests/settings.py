"""The product's settings with a test run's own database, folders and cheap passwords."""

import atexit
import os
import secrets
import shutil
import tempfile
from pathlib import Path

_FOLDER = Path(tempfile.mkdtemp(prefix="amends-test-"))
atexit.register(shutil.rmtree, _FOLDER, ignore_errors=True)

# A test never reads the operator's installation.
for _name in list(os.environ):
    if _name.startswith("AMENDS_") and not _name.startswith("AMENDS_TEST_"):
        del os.environ[_name]
os.environ["AMENDS_VAR"] = str(_FOLDER)
os.environ["AMENDS_SECRET_KEY"] = secrets.token_urlsafe(64)

from amends.config.databases import postgres_database, sqlite_database  # noqa: E402
from amends.config.environment import envchoice, envlist, envtext  # noqa: E402
from amends.config.settings import *  # noqa: E402, F403
from tests.patience import unhurried  # noqa: E402

TEST_DATABASE = envchoice("AMENDS_TEST_DATABASE", default="sqlite", choices={"sqlite", "postgresql"})
if TEST_DATABASE == "postgresql":
    DATABASES = {"default": postgres_database(envtext("AMENDS_TEST_POSTGRES_URL"))}
else:
    DATABASES = {"default": sqlite_database(_FOLDER / "amends.sqlite3")}
    DATABASES["default"]["TEST"] = {"NAME": str(_FOLDER / "test.sqlite3")}

DATABASES["default"] = unhurried(DATABASES["default"])

ALLOWED_HOSTS = ["*"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {  # The manifest exists only after `collectstatic`.
    "default": STORAGES["default"],  # noqa: F405
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_AUTOREFRESH = True
WHITENOISE_USE_FINDERS = True
# Most tests begin a session without the pages; those of the second factor ask for it themselves.
ADMIN_SECOND_FACTOR = "offered"
PLANTED_FAULTS = frozenset(envlist("AMENDS_TEST_PLANTED_FAULTS"))
