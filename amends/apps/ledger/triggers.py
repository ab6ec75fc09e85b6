"""Database triggers that let the ledger only grow, for both databases.

SQLite loses a table's triggers when a later migration rebuilds the table, so they are put back after every migrate.
"""

from django.db.backends.base.base import BaseDatabaseWrapper

EVENT, DETAIL, CHECKPOINT, CHAIN = "ledger_event", "ledger_detail", "ledger_checkpoint", "ledger_chain"
TABLES = (EVENT, DETAIL, CHECKPOINT, CHAIN)

_EMPTIED = (
    "OLD.erased_at IS NULL AND NEW.erased_at IS NOT NULL AND NEW.text = '' AND NEW.salt = '' "
    "AND NEW.chain_id = OLD.chain_id AND NEW.seq = OLD.seq AND NEW.field = OLD.field"
)
_MOVED_ON = "NEW.id = OLD.id AND NEW.key = OLD.key AND NEW.kind = OLD.kind AND NEW.head_seq >= OLD.head_seq"
_ALLOWED_UPDATES = {EVENT: "", CHECKPOINT: "", DETAIL: _EMPTIED, CHAIN: _MOVED_ON}


def create_triggers(connection: BaseDatabaseWrapper) -> None:
    """Put the triggers in place; those already there stay as they are."""
    _run(connection, _postgres_creation() if connection.vendor == "postgresql" else _sqlite_creation())


def drop_triggers(connection: BaseDatabaseWrapper) -> None:
    """Take the triggers away: for unapplying the migration, and for tests that tamper with the ledger."""
    on_table = connection.vendor == "postgresql"
    _run(
        connection,
        [
            f"DROP TRIGGER IF EXISTS {name}{f' ON {table}' if on_table else ''}"
            for table in TABLES
            for name in _trigger_names(table, with_truncate=on_table)
        ],
    )


def missing_triggers(connection: BaseDatabaseWrapper) -> list[str]:
    """Return the names of triggers that should guard the ledger and do not."""
    postgres = connection.vendor == "postgresql"
    query = (
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
        if postgres
        else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        present = {name for (name,) in cursor.fetchall()}
    wanted = [name for table in TABLES for name in _trigger_names(table, with_truncate=postgres)]
    return [name for name in wanted if name not in present]


def _trigger_names(table: str, *, with_truncate: bool) -> list[str]:
    return [f"{table}_no_update", f"{table}_no_delete", *([f"{table}_no_truncate"] if with_truncate else [])]


def _sqlite_creation() -> list[str]:
    statements = []
    for table, allowed in _ALLOWED_UPDATES.items():
        when = f"WHEN NOT ({allowed})" if allowed else ""
        refusal = f"BEGIN SELECT RAISE(ABORT, '{table} only grows'); END"
        statements += [
            f"CREATE TRIGGER IF NOT EXISTS {table}_no_update BEFORE UPDATE ON {table} {when} {refusal}",
            f"CREATE TRIGGER IF NOT EXISTS {table}_no_delete BEFORE DELETE ON {table} {refusal}",
        ]
    return statements


def _postgres_creation() -> list[str]:
    statements = [
        "CREATE OR REPLACE FUNCTION ledger_only_grows() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% only grows', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$"
    ]
    for table, allowed in _ALLOWED_UPDATES.items():
        when = f"WHEN (NOT ({allowed}))" if allowed else ""
        call = "EXECUTE FUNCTION ledger_only_grows()"
        statements += [
            f"CREATE OR REPLACE TRIGGER {table}_no_update BEFORE UPDATE ON {table} FOR EACH ROW {when} {call}",
            f"CREATE OR REPLACE TRIGGER {table}_no_delete BEFORE DELETE ON {table} FOR EACH ROW {call}",
            f"CREATE OR REPLACE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {call}",
        ]
    return statements


def _run(connection: BaseDatabaseWrapper, statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
