"""What every test may ask for."""

import gc
import os
import shutil
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tools.house import BROWSERS

pytest_plugins = [
    "tests.flushing",
    "tests.forgetting",
    "tests.tables",
    "tests.one_chain",
    "tests.questions",
    "tests.unhurried",
]
IN_CI = os.environ.get("CI", "").lower() not in {"", "0", "false"}
# Nothing here is a timed test: an example that takes long on a busy machine is no failure.
settings.register_profile("untimed", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
LONG = (
    "tests/journeys/test_packs", "tests/promises/test_s1_rights", "tests/journeys/", "tests/promises/test_r", "tests/api/test_fuzzing", "tests/promises/test_odd",
    "tests/jobs/test_import_killed", "tests/jobs/test_stories", "tests/promises/", "tests/acceptance/test_system",
)  # fmt: skip
"""What takes longest is begun first, so that no process is left alone with it at the end."""


def chromium() -> str | None:
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever lies under tests/journeys drives a browser; without one it is skipped by name."""
    without_browser = pytest.mark.skip(reason="chromium is not installed")
    for item in items:
        if "journeys" in Path(item.path).parts:
            item.add_marker("journey")
        if item.get_closest_marker("journey") and not chromium():
            item.add_marker(without_browser)


class LongestFirst:
    """The order of files, behind pytest-django's order of tests by what they do to the database."""

    @staticmethod
    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
        places = len(LONG)
        items.sort(key=lambda item: next((n for n in range(places) if item.nodeid.startswith(LONG[n])), places))


def pytest_configure(config: pytest.Config) -> None:
    if os.environ.get("PYTEST_XDIST_WORKER"):
        config.pluginmanager.register(LongestFirst())


def pytest_collection_finish() -> None:
    """What was imported and collected stays to the end, so it is not looked through again for garbage, and the rest less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI everything is there that a test needs, so one that proves a clause has to run."""
    report = yield
    if report.skipped and IN_CI and item.get_closest_marker("clause"):
        report.outcome = "failed"
        report.longrepr = f"This test proves a clause and did not run: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The browser that journeys drive; start it with executable_path and --no-sandbox."""
    path = chromium()
    if path is None:
        pytest.skip("chromium is not installed")
    return path


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real input that AMENDS_TEST_DATA names; without it the test is skipped."""
    folder = os.environ.get("AMENDS_TEST_DATA")
    if not folder:
        pytest.skip("real input: AMENDS_TEST_DATA is not set")
    if not Path(folder).is_dir():
        pytest.fail(f"AMENDS_TEST_DATA names {folder}, which is not a folder")
    return Path(folder).resolve()
