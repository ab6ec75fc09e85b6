"""Database triggers that keep published packs and loaded years as they were published, for both databases.

SQLite loses a table's triggers when a later migration rebuilds the table, so they are put back after every migrate.
"""

from django.db.backends.base.base import BaseDatabaseWrapper

PACK_VERSION, CALENDAR_YEAR = "policies_packversion", "policies_calendaryear"
PACK_VERSION_FROZEN = ("pack_id", "version", "format", "valid_from", "content", "hash", "published_at")
CALENDAR_YEAR_FROZEN = ("region", "year", "version", "content", "hash", "source", "loaded_at")
TABLES = {PACK_VERSION: PACK_VERSION_FROZEN, CALENDAR_YEAR: CALENDAR_YEAR_FROZEN}


def create_triggers(connection: BaseDatabaseWrapper) -> None:
    """Put the triggers in place; those already there stay as they are."""
    statements = _postgres() if connection.vendor == "postgresql" else _sqlite()
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _changed(columns: tuple[str, ...], differs: str) -> str:
    return " OR ".join(f"NEW.{column} {differs} OLD.{column}" for column in columns)


def _sqlite() -> list[str]:
    return [
        f"CREATE TRIGGER IF NOT EXISTS {table}_fixed BEFORE UPDATE ON {table} WHEN {_changed(columns, 'IS NOT')} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is published and fixed'); END"
        for table, columns in TABLES.items()
    ]


def _postgres() -> list[str]:
    function = (
        "CREATE OR REPLACE FUNCTION policies_fixed() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is published and fixed', TG_TABLE_NAME "
        "USING ERRCODE = 'restrict_violation'; END $$"
    )
    return [function] + [
        f"CREATE OR REPLACE TRIGGER {table}_fixed BEFORE UPDATE ON {table} FOR EACH ROW "
        f"WHEN ({_changed(columns, 'IS DISTINCT FROM')}) EXECUTE FUNCTION policies_fixed()"
        for table, columns in TABLES.items()
    ]
