"""The ledger's tables only grow, whoever writes to them."""

import pytest
from django.db import DatabaseError, connection, transaction

from amends.apps.ledger.models import Detail
from amends.apps.ledger.triggers import create_triggers, drop_triggers, missing_triggers
from tests.apps.ledger.ledgers import NOW, open_ledger

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def ledger():
    open_ledger(chains=1, first=2, second=1)
    connection.check_constraints()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_event SET actor = 'person:1'",
        "UPDATE ledger_event SET payload = payload",
        "DELETE FROM ledger_event",
        "UPDATE ledger_checkpoint SET count = 0",
        "DELETE FROM ledger_checkpoint",
        "UPDATE ledger_detail SET text = 'x'",
        "UPDATE ledger_detail SET text = ''",
        "UPDATE ledger_detail SET salt = '', erased_at = '2026-03-01 00:00:00'",
        "UPDATE ledger_detail SET text = '', salt = '', erased_at = '2026-03-01 00:00:00', seq = seq + 10",
        "DELETE FROM ledger_detail",
        "UPDATE ledger_chain SET head_seq = head_seq - 1",
        "UPDATE ledger_chain SET key = 'x'",
        "DELETE FROM ledger_chain",
    ],
)
def test_rows_cannot_be_changed_or_deleted(statement):
    with pytest.raises(DatabaseError, match="only grows"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize("table", ["event", "detail", "checkpoint", "chain"])
def test_tables_cannot_be_truncated(table):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no TRUNCATE")
    with pytest.raises(DatabaseError, match="only grows"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE ledger_{table} CASCADE")


def test_a_text_can_be_emptied_once():
    assert Detail.objects.update(text="", salt="", erased_at=NOW) == 3

    with pytest.raises(DatabaseError, match="only grows"), transaction.atomic():
        Detail.objects.update(text="", salt="", erased_at=NOW)


def test_missing_triggers_are_named():
    assert missing_triggers(connection) == []

    drop_triggers(connection)
    assert {"ledger_event_no_update", "ledger_checkpoint_no_delete"} <= set(missing_triggers(connection))

    create_triggers(connection)
    assert missing_triggers(connection) == []
