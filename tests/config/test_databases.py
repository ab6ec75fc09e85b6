import pytest
from django.core.exceptions import ImproperlyConfigured

from amends.config.databases import database_from_url


def test_sqlite_commits_are_durable_and_writers_wait():
    database = database_from_url("sqlite:////srv/amends/amends.sqlite3")

    assert database["NAME"] == "/srv/amends/amends.sqlite3"
    assert database["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert database["OPTIONS"]["timeout"] == 20
    assert "PRAGMA synchronous=FULL" in database["OPTIONS"]["init_command"]


def test_sqlite_keeps_more_parsed_statements_than_a_desk_has_questions():
    database = database_from_url("sqlite:////srv/amends/amends.sqlite3")

    assert database["OPTIONS"]["cached_statements"] == 512


def test_postgres_url_is_taken_apart():
    database = database_from_url("postgres://clerk:p%40ss@db.example:6432/complaints?sslmode=verify-full")

    assert database["ENGINE"] == "amends.config.postgresql"
    assert (database["USER"], database["PASSWORD"]) == ("clerk", "p@ss")
    assert (database["HOST"], database["PORT"], database["NAME"]) == ("db.example", "6432", "complaints")
    assert database["OPTIONS"]["sslmode"] == "verify-full"


def test_postgres_gives_up_early():
    database = database_from_url("postgresql://clerk@db.example/complaints")

    assert database["OPTIONS"]["connect_timeout"] == 3
    assert "statement_timeout=15s" in database["OPTIONS"]["options"]
    assert "jit=off" in database["OPTIONS"]["options"]
    assert "idle_in_transaction_session_timeout=30s" in database["OPTIONS"]["options"]
    assert database["CONN_HEALTH_CHECKS"] is True


def test_postgres_by_socket():
    database = database_from_url("postgresql://clerk@/complaints?host=/run/postgresql")

    assert (database["HOST"], database["PORT"]) == ("/run/postgresql", "")


@pytest.mark.parametrize("url", ["mysql://a:secret@b/c", "sqlite://", "postgres://a:secret@b/", "amends.sqlite3", ""])
def test_other_urls_are_refused_without_repeating_the_password(url: str):
    with pytest.raises(ImproperlyConfigured) as refusal:
        database_from_url(url)

    assert "secret" not in str(refusal.value)
