"""The product's settings with the jobs of the tests beside its own; the database is the test run's."""

from amends.config.settings import *  # noqa: F403
from amends.config.settings import DATABASES, INSTALLED_APPS
from tests.patience import unhurried

DATABASES["default"] = unhurried(DATABASES["default"])
INSTALLED_APPS = [*INSTALLED_APPS, "tests.jobs.probe"]
