"""What harnesses share: one prepared installation a run, copied for each of them."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.conftest import clock, made_worlds, office, office_of  # noqa: F401
from tests.promises.installation import Installation, Template, installed


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """Made once for all processes of a run."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    url = os.environ.get("AMENDS_TEST_POSTGRES_URL") if on_postgres() else None
    made = Template(shared / "template", url)
    made.prepare()
    return made


def on_postgres() -> bool:
    return os.environ.get("AMENDS_TEST_DATABASE") == "postgresql"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder that is emptied as soon as the test ends: installations are large."""
    yield tmp_path / "installation"
    shutil.rmtree(tmp_path / "installation", ignore_errors=True)


@pytest.fixture
def running(template: Template, folder: Path) -> Iterator[Installation]:
    """An installation that serves."""
    with installed(template, folder) as installation:
        installation.start()
        yield installation
