from pathlib import Path

import pytest
from django.db import connection

from amends.jobs import self_check
from amends.jobs.self_check import Level

SOUND_SQLITE = {
    "journal_mode": "wal",
    "synchronous": 2,
    "foreign_keys": 1,
    "mmap_size": 0,
    "busy_timeout": 20000,
    "library": (3, 53, 4),
    "transaction_mode": "IMMEDIATE",
}
SOUND_POSTGRES = {
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "statement_timeout": "15000",
    "idle_in_transaction_session_timeout": "30000",
    "server_version_num": "150020",
    "server_encoding": "UTF8",
}


def test_sound_sqlite_has_no_findings():
    assert list(self_check.wrong_sqlite(SOUND_SQLITE)) == []


@pytest.mark.parametrize(
    ("name", "value", "code", "stops_start"),
    [
        ("synchronous", 0, "synchronous", True),
        ("synchronous", 1, "synchronous", False),
        ("journal_mode", "off", "journal_mode", False),
        ("journal_mode", "memory", "journal_mode", False),
        ("library", (3, 40, 1), "journal_mode", False),
        ("transaction_mode", "DEFERRED", "transaction_mode", False),
        ("busy_timeout", 4999, "busy_timeout", False),
        ("foreign_keys", 0, "foreign_keys", False),
        ("mmap_size", 268435456, "mmap_size", False),
    ],
)
def test_every_wrong_sqlite_value_is_named(name: str, value: object, code: str, stops_start: bool):
    (finding,) = self_check.wrong_sqlite({**SOUND_SQLITE, name: value})

    assert (finding.level, finding.code, finding.stops_start) == (Level.FAIL, code, stops_start)


def test_an_old_library_is_sound_with_the_rollback_journal():
    old = {**SOUND_SQLITE, "library": (3, 40, 1), "journal_mode": "truncate"}

    assert list(self_check.wrong_sqlite(old)) == []


def test_sound_postgres_has_no_findings():
    assert list(self_check.wrong_postgres(SOUND_POSTGRES)) == []


@pytest.mark.parametrize(
    ("name", "value", "code", "stops_start"),
    [
        ("fsync", "off", "fsync", True),
        ("full_page_writes", "off", "full_page_writes", False),
        ("synchronous_commit", "off", "synchronous_commit", False),
        ("statement_timeout", "0", "statement_timeout", False),
        ("idle_in_transaction_session_timeout", "0", "idle_in_transaction_session_timeout", False),
        ("server_version_num", "140011", "postgres_version", False),
        ("server_encoding", "SQL_ASCII", "server_encoding", False),
    ],
)
def test_every_wrong_postgres_value_is_named(name: str, value: str, code: str, stops_start: bool):
    (finding,) = self_check.wrong_postgres({**SOUND_POSTGRES, name: value})

    assert (finding.level, finding.code, finding.stops_start) == (Level.FAIL, code, stops_start)


@pytest.mark.django_db
def test_the_live_database_keeps_its_promises():
    assert self_check.wrong_database() == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("sqlite", "postgres", "code"),
    [
        ("PRAGMA synchronous=OFF", "SET synchronous_commit=off", {"synchronous", "synchronous_commit"}),
        ("PRAGMA busy_timeout=10", "SET statement_timeout=0", {"busy_timeout", "statement_timeout"}),
        (
            "PRAGMA foreign_keys=OFF",
            "SET idle_in_transaction_session_timeout=0",
            {"foreign_keys", "idle_in_transaction_session_timeout"},
        ),
    ],
)
def test_a_value_flipped_in_the_live_connection_is_found(sqlite: str, postgres: str, code: set[str]):
    with connection.cursor() as cursor:
        cursor.execute(sqlite if connection.vendor == "sqlite" else postgres)

    found = {finding.code for finding in self_check.wrong_database()}
    connection.close()

    assert len(found) == 1
    assert found < code


def test_a_network_file_system_is_found(tmp_path: Path):
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/sda1 / ext4 rw 0 0\nnas:/amends {tmp_path} nfs4 rw 0 0\n")

    (finding,) = self_check.network_file_system(tmp_path / "amends.sqlite3", mounts=mounts)

    assert finding.code == "network_file_system"


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("https://amends.example", []),
        ("http://127.0.0.1:8000", [Level.WARN]),
        ("http://amends.example", [Level.FAIL]),
    ],
)
def test_plain_http_is_for_this_machine_alone(address: str, found: list[Level]):
    assert [finding.level for finding in self_check.insecure_address(address)] == found


def test_anchors_beside_the_data_are_warned_about(tmp_path: Path):
    (finding,) = self_check.unsafe_anchor(anchor_url=f"file://{tmp_path}/anchors", data=tmp_path)

    assert (finding.level, finding.code) == (Level.WARN, "anchor")


def test_anchors_elsewhere_are_fine(tmp_path: Path):
    assert list(self_check.unsafe_anchor(anchor_url="https://log.example/anchors", data=tmp_path)) == []


@pytest.mark.django_db
def test_a_key_that_is_kept_nowhere_stops_the_start(settings):
    settings.SECRET_KEY_IS_KEPT = False

    assert [finding.code for finding in self_check.findings() if finding.stops_start] == ["secret_key"]


@pytest.mark.django_db
def test_planted_faults_stop_the_start(settings):
    settings.PLANTED_FAULTS = frozenset({"acknowledge_before_commit"})

    assert [finding.code for finding in self_check.findings() if finding.stops_start] == ["planted_faults"]
