"""The product's settings with just what a worker in a process of its own needs; the database is the test run's."""

from amends.config.settings import *  # noqa: F403

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "amends.apps.ledger",
    "amends.apps.deferred",
    "amends.jobs",
    "tests.jobs.probe",
]
AUTH_USER_MODEL = "auth.User"
