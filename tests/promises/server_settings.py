"""The product's own settings for an installation that a harness starts and kills, with the faults it plants; but that it waits longer."""

from amends.config.environment import envlist
from amends.config.settings import *  # noqa: F403
from tests.patience import unhurried

DATABASES["default"] = unhurried(DATABASES["default"])  # noqa: F405
PLANTED_FAULTS = frozenset(envlist("AMENDS_TEST_PLANTED_FAULTS"))
_FAULTS = {
    "acknowledge_before_commit": "tests.promises.faults.AcknowledgeBeforeCommit",
    "drop_the_key": "tests.promises.faults.DropTheKey",
    "ignore_the_version": "tests.promises.faults.IgnoreTheVersion",
}
MIDDLEWARE = [*(_FAULTS[name] for name in sorted(PLANTED_FAULTS) if name in _FAULTS), *MIDDLEWARE]  # noqa: F405

if "synchronous_off" in PLANTED_FAULTS:
    _options = DATABASES["default"]["OPTIONS"]  # noqa: F405
    _options["init_command"] = _options["init_command"].replace("synchronous=FULL", "synchronous=OFF")
