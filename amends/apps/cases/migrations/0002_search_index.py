"""The index over the words of cases: FTS5 beside the table on SQLite, GIN on PostgreSQL."""

from django.db import migrations

SQLITE = (
    "CREATE VIRTUAL TABLE cases_search_index USING fts5(words, content='cases_searchentry', content_rowid='rowid')",
    """CREATE TRIGGER cases_search_added AFTER INSERT ON cases_searchentry BEGIN
         INSERT INTO cases_search_index(rowid, words) VALUES (new.rowid, new.words); END""",
    """CREATE TRIGGER cases_search_removed AFTER DELETE ON cases_searchentry BEGIN
         INSERT INTO cases_search_index(cases_search_index, rowid, words) VALUES ('delete', old.rowid, old.words); END""",
    """CREATE TRIGGER cases_search_changed AFTER UPDATE ON cases_searchentry BEGIN
         INSERT INTO cases_search_index(cases_search_index, rowid, words) VALUES ('delete', old.rowid, old.words);
         INSERT INTO cases_search_index(rowid, words) VALUES (new.rowid, new.words); END""",
)
POSTGRES = ("CREATE INDEX cases_search_index ON cases_searchentry USING gin (to_tsvector('simple', words))",)


def build(apps, schema_editor):
    statements = POSTGRES if schema_editor.connection.vendor == "postgresql" else SQLITE
    for statement in statements:
        schema_editor.execute(statement)


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX cases_search_index")
        return
    for name in ("added", "removed", "changed"):
        schema_editor.execute(f"DROP TRIGGER cases_search_{name}")
    schema_editor.execute("DROP TABLE cases_search_index")


class Migration(migrations.Migration):
    dependencies = [("cases", "0001_cases")]
    operations = [migrations.RunPython(build, drop)]
