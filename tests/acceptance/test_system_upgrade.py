"""An upgrade keeps every record, and one that fails leaves everything as it was."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, migrations
from django.db.migrations.executor import MigrationExecutor
from django.urls import reverse

from amends import __version__
from tests.doors import START, Clock, Office, Staff
from tests.pages import text_of
from tests.world import open_world, publish_shipped

pytestmark = pytest.mark.django_db(transaction=True)
BEFORE = [("upkeep", None)]
"""Where the version before stood: this version's steps are those that come after it."""
PARTS = ("", "/events", "/evidence", "/clocks")


@pytest.fixture
def office(transactional_db, monkeypatch, settings) -> Office:
    """A desk whose records stay in the database: an upgrade is a transaction of its own."""
    settings.ALLOWED_HOSTS = ["testserver"]
    clock = Clock()
    monkeypatch.setattr("django.utils.timezone.now", lambda: clock.now)
    publish_shipped(("express",), now=START)
    world = open_world("express", now=START)
    clock.worlds.append(world)
    return Office(world, clock)


@pytest.fixture
def this_version():
    """Whatever a test did to the tables, the next one finds those of this version."""
    yield
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def go_back_to_the_version_before() -> None:
    MigrationExecutor(connection).migrate(BEFORE)


def a_case_with_a_file(office: Office) -> tuple[str, list, bytes]:
    """A case that was worked on: its number, what the API says of it, and its file."""
    clerk = office.api("intake_officer")
    number = clerk.registered(evidence_files=[office.world.upload(clerk.person.actor_id)])
    clerk.does(number, "note")
    return number, *read(office, number)


def read(office: Office, number: str) -> tuple[list, bytes]:
    clerk = office.api("intake_officer")
    found = [clerk.read(f"cases/{number}{part}") for part in PARTS]
    file = found[2]["evidence"][0]["id"]
    return found, b"".join(clerk.get(f"cases/{number}/evidence/{file}").streaming_content)


def chains_are_whole() -> bool:
    with pytest.raises(SystemExit) as verified:
        call_command("audit_verify", stdout=io.StringIO())
    return verified.value.code == 0


@pytest.mark.clause("EXP-10.3.2")
def test_cases_files_and_the_trail_are_readable_after_an_upgrade_and_its_history_shows_it(
    office: Office, this_version: None
) -> None:
    number, before, content = a_case_with_a_file(office)
    go_back_to_the_version_before()

    said = io.StringIO()
    call_command("upgrade", stdout=said)

    assert f"现在是 {__version__} 版" in said.getvalue()
    assert read(office, number) == (before, content)
    assert chains_are_whole()
    administrator = Staff(office.world, "administrator")
    administrator.person.is_administrator = True
    administrator.person.save()
    shown = text_of(administrator.get(reverse("versions")))
    assert f"2026年3月2日 09:00 升级 成功 {__version__}，" in shown
    assert f"amends {__version__}" in shown


@pytest.mark.clause("EXP-10.3.2")
def test_an_upgrade_that_fails_leaves_the_old_state_usable(
    office: Office, this_version: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, before, content = a_case_with_a_file(office)
    go_back_to_the_version_before()
    tables = connection.introspection.table_names()
    last = type(MigrationExecutor(connection).loader.disk_migrations["upkeep", "0001_maintenance_windows"])

    def breaks(apps, schema_editor) -> None:
        raise ValueError

    with monkeypatch.context() as patch:
        patch.setattr(last, "operations", [*last.operations, migrations.RunPython(breaks)])
        with pytest.raises(CommandError, match="数据库保持升级前的状态"):
            call_command("upgrade")

    assert connection.introspection.table_names() == tables
    assert read(office, number) == (before, content)
    assert chains_are_whole()
    office.api("intake_officer").does(number, "note")

    call_command("upgrade", stdout=io.StringIO())
    office.api("intake_officer").does(number, "note")
    assert chains_are_whole()
