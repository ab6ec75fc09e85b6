"""The product's settings, with one page more: an empty one, to compare others with."""

from amends.config.settings import *  # noqa: F403
from amends.config.settings import STORAGES

ROOT_URLCONF = "tools.bench.urls"
# The manifest exists only after `collectstatic`; every page is measured without it.
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
