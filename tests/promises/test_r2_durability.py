"""R2: a commit is durable, or the product says so and does not start.

That each single value is named when it is wrong is tested in tests/jobs/test_self_check.py; here are real servers.
"""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from amends.apps.ledger.triggers import create_triggers, drop_triggers
from amends.jobs.self_check import unguarded_ledger
from tests.ports import free_port
from tests.promises.installation import Installation, Template, installed
from tests.tables import copy_tables, copy_tables_on_server, with_database
from tools.postgres import private_cluster, server_programs


def refusal_to_start(target: Installation) -> str:
    """What `amends up` says instead of starting."""
    done = target.command("up", "--port", str(free_port()), check=False)
    assert done.returncode != 0
    return done.stdout + done.stderr


def codes_of_doctor(target: Installation) -> set[str]:
    done = target.command("doctor", "--json", check=False)
    return {finding["code"] for finding in json.loads(done.stdout)["findings"] if finding["level"] == "fail"}


def test_a_start_with_synchronous_off_is_refused(tmp_path: Path):
    target = Installation(tmp_path, f"sqlite:///{tmp_path / 'amends.sqlite3'}", faults=("synchronous_off",))
    copy_tables(tmp_path / "amends.sqlite3")

    assert "synchronous is OFF" in refusal_to_start(target)
    assert "synchronous" in codes_of_doctor(target)


def test_a_start_with_fsync_off_is_refused(tmp_path: Path):
    if server_programs() is None:
        pytest.skip("the package postgresql is missing")
    with private_cluster() as server_url:
        copy_tables_on_server(server_url, "amends")
        url = with_database(server_url, "amends")
        target = Installation(tmp_path, url)
        assert codes_of_doctor(target) == set()
        with psycopg.connect(url, autocommit=True) as server:
            server.execute("ALTER SYSTEM SET fsync = off")
            server.execute("ALTER SYSTEM SET full_page_writes = off")
            server.execute("SELECT pg_reload_conf()")

        assert "fsync" in refusal_to_start(target)
        assert {"fsync", "full_page_writes"} <= codes_of_doctor(target)


def test_a_start_with_planted_faults_is_refused(template: Template, folder: Path):
    with installed(template, folder, faults=("drop_the_key",)) as target:
        assert "Faults are planted: drop_the_key" in refusal_to_start(target)


@pytest.mark.django_db(transaction=True)
def test_a_ledger_without_its_triggers_is_named():
    assert unguarded_ledger() == []
    drop_triggers(connection)
    try:
        (finding,) = unguarded_ledger()
    finally:
        create_triggers(connection)
    assert finding.code == "ledger_triggers"
