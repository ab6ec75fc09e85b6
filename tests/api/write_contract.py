"""Write the contract anew after a change that is wanted: `python -m tests.api.write_contract`."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django

django.setup()

from django.utils.translation import override  # noqa: E402

from amends.api.app import contract  # noqa: E402
from tests.api.test_contract import SNAPSHOT, written  # noqa: E402

if __name__ == "__main__":
    with override("en"):
        SNAPSHOT.write_text(written(contract()), encoding="utf-8")
