"""Database triggers that let the access log only grow, for both databases: a reason may be emptied, nothing else changes.

SQLite loses a table's triggers when a later migration rebuilds the table, so they are put back after every migrate.
"""

from django.db.backends.base.base import BaseDatabaseWrapper

ACCESS = "people_accessentry"
KEPT = ("id", "at", "desk_id", "actor", "action", "object", "field", "address")
NAMES = (f"{ACCESS}_no_update", f"{ACCESS}_no_delete")


def create_triggers(connection: BaseDatabaseWrapper) -> None:
    """Put the triggers in place; those already there stay as they are."""
    _run(connection, _postgres() if connection.vendor == "postgresql" else _sqlite())


def drop_triggers(connection: BaseDatabaseWrapper) -> None:
    """Take the triggers away: for tests that empty the installation."""
    on_table = f" ON {ACCESS}" if connection.vendor == "postgresql" else ""
    _run(connection, [f"DROP TRIGGER IF EXISTS {name}{on_table}" for name in NAMES])


def _allowed(differs: str) -> str:
    same = " AND ".join(f"NOT (NEW.{column} {differs} OLD.{column})" for column in KEPT)
    return f"NEW.reason = '' AND {same}"


def _sqlite() -> list[str]:
    refusal = f"BEGIN SELECT RAISE(ABORT, '{ACCESS} only grows'); END"
    return [
        f"CREATE TRIGGER IF NOT EXISTS {NAMES[0]} BEFORE UPDATE ON {ACCESS} WHEN NOT ({_allowed('IS NOT')}) {refusal}",
        f"CREATE TRIGGER IF NOT EXISTS {NAMES[1]} BEFORE DELETE ON {ACCESS} {refusal}",
    ]


def _postgres() -> list[str]:
    function = (
        "CREATE OR REPLACE FUNCTION people_only_grows() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% only grows', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$"
    )
    call = "EXECUTE FUNCTION people_only_grows()"
    return [
        function,
        f"CREATE OR REPLACE TRIGGER {NAMES[0]} BEFORE UPDATE ON {ACCESS} FOR EACH ROW "
        f"WHEN (NOT ({_allowed('IS DISTINCT FROM')})) {call}",
        f"CREATE OR REPLACE TRIGGER {NAMES[1]} BEFORE DELETE ON {ACCESS} FOR EACH ROW {call}",
    ]


def _run(connection: BaseDatabaseWrapper, statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
