"""The tables of the tests: the migrations make them once, and every process of every run begins with a copy.

Migrating takes a process ten seconds. What was made lies among the temporary files (SQLite) or on the server (PostgreSQL)
under a key of everything that it was made from, so that a run after a changed migration makes it anew.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings
from django.db import connection

ROOT = Path(__file__).resolve().parents[1]
KEPT = Path(tempfile.gettempdir()) / f"amends-tables-{os.getuid()}"
AS_MANY_ARE_KEPT = 8
OF_THE_HOUSE = re.compile(r"^(?:from|import) (amends[\w.]*)", re.MULTILINE)
MADE_FROM = ("requirements*.txt", "amends/apps/*/migrations/*.py", "amends/apps/*/triggers.py", "amends/apps/*/apps.py")


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_blocker: Any, django_db_modify_db_settings: None
) -> Iterator[None]:
    """The database of this process, in place of pytest-django's fixture of this name, which migrates."""
    name = connection.creation._get_test_db_name()
    with django_db_blocker.unblock(), copied(name) as found:
        before = connection.settings_dict["NAME"]
        connection.close()
        connection.settings_dict["NAME"] = settings.DATABASES["default"]["NAME"] = found
        yield
        connection.close()
        connection.settings_dict["NAME"] = settings.DATABASES["default"]["NAME"] = before


@contextlib.contextmanager
def copied(name: str) -> Iterator[str]:
    """The name of a fresh database for tests, removed afterwards."""
    if connection.vendor == "sqlite":
        copy_tables(Path(name))
        yield name
        Path(name).unlink(missing_ok=True)
        return
    # Several people may share a server, each with a folder of their own.
    url, found = os.environ["AMENDS_TEST_POSTGRES_URL"], f"{name}_{hashlib.sha256(bytes(ROOT)).hexdigest()[:8]}"
    copy_tables_on_server(url, found)
    yield found
    connection.close()
    on_server(url, f'DROP DATABASE IF EXISTS "{found}" WITH (FORCE)')


def copy_tables(to: Path) -> None:
    """Write an SQLite file with all tables and nothing in them."""
    with _alone():
        made = KEPT / f"{key()}.sqlite3"
        if not made.exists():
            half = KEPT / f"{secrets.token_hex(8)}.half"
            _migrate(f"sqlite:///{half}")
            half.rename(made)
            _keep_the_newest()
        made.touch()
        shutil.copyfile(made, to)


def copy_tables_on_server(url: str, name: str) -> None:
    """Make a database with all tables and nothing in them on the server of this URL, in place of one that has the name."""
    made = f"test_amends_tables_{key()}"
    # One at a time may copy a database, and nobody may be connected to it.
    with _alone(), psycopg.connect(url, autocommit=True) as server:
        known = {row[0] for row in server.execute("SELECT datname FROM pg_database")}
        if made not in known:
            half = f"test_amends_half_{secrets.token_hex(8)}"
            server.execute(f'CREATE DATABASE "{half}"')
            _migrate(with_database(url, half))
            server.execute(f'ALTER DATABASE "{half}" RENAME TO "{made}"')
        server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{made}"')


@cache
def key() -> str:
    """Changes with every file that tables are made from: migrations, what they import, and what is installed."""
    files = {file for pattern in MADE_FROM for file in ROOT.glob(pattern)}
    named = {module for file in files if file.suffix == ".py" for module in OF_THE_HOUSE.findall(file.read_text())}
    files |= {file for module in named if (file := (ROOT / module.replace(".", "/")).with_suffix(".py")).exists()}
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(f"{file.relative_to(ROOT)}\n".encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def with_database(url: str, name: str) -> str:
    """The URL of another database of the same server."""
    named = urlsplit(url)._replace(path=f"/{name}").geturl()
    return named if "://" in named else named.replace(":/", ":///", 1)


def on_server(url: str, statement: str) -> None:
    """Execute a statement that no transaction may hold."""
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(statement)  # type: ignore[arg-type]


def _migrate(url: str) -> None:
    """As an operator does, in a process of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AMENDS_", "DJANGO_"))}
    with tempfile.TemporaryDirectory() as var:
        environment = kept | {
            "AMENDS_VAR": var, "AMENDS_SECRET_KEY": secrets.token_urlsafe(64), "AMENDS_DATABASE_URL": url,
            "DJANGO_SETTINGS_MODULE": "amends.config.settings",
        }  # fmt: skip
        command = [sys.executable, "-m", "amends.config.command_line", "migrate", "-v0"]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError(f"The tables of the tests could not be made:\n{done.stderr[-4000:]}")


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    KEPT.mkdir(mode=0o700, exist_ok=True)
    with (KEPT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _keep_the_newest() -> None:
    files = sorted(KEPT.glob("*.sqlite3"), key=lambda file: file.stat().st_mtime, reverse=True)
    for file in files[AS_MANY_ARE_KEPT:]:
        file.unlink(missing_ok=True)
