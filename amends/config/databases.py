"""One URL becomes Django's database settings."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from amends.config.sqlite_library import journal_mode

POSTGRES_SCHEMES = {"postgres", "postgresql"}
POSTGRES_SESSION = {"statement_timeout": "15s", "idle_in_transaction_session_timeout": "30s", "jit": "off"}
"""At a million cases the server would compile questions of many parts before it answers them: 140 milliseconds for an answer of one."""
PREPARED_ONLY_WHEN_ASKED = 1 << 30
"""Django forbids the server to keep plans (None); so often nothing is asked by itself, so that only `apps.prepared` keeps them."""
STATEMENTS_KEPT = 512
"""Of one connection to the embedded database. A desk asks several hundred different questions, and of 128 (Python's own number) most are parsed
again: a twentieth of the processor time of taking in and handling cases."""


def database_from_url(url: str) -> dict[str, Any]:
    """Settings for `sqlite:///file` or `postgres://user:password@host:port/name?sslmode=…`.

    Refuses other schemes, and a URL that names no database.
    """
    parts = urlsplit(url)
    if parts.scheme == "sqlite" and parts.path not in {"", "/"}:
        return sqlite_database(Path(unquote(parts.path[1:])))
    if parts.scheme in POSTGRES_SCHEMES and parts.path.strip("/"):
        return postgres_database(url)
    # The URL itself stays out of the message: it may carry a password.
    raise ImproperlyConfigured("A database URL reads sqlite:////folder/file or postgres://user:password@host/name.")


def sqlite_database(file: Path) -> dict[str, Any]:
    """An embedded database whose commits are durable and whose writers wait for each other."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(file),
        "OPTIONS": {
            # A deferred transaction that has read cannot wait when it starts to write: it fails at once.
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "cached_statements": STATEMENTS_KEPT,
            "init_command": (
                f"PRAGMA journal_mode={journal_mode()};PRAGMA synchronous=FULL;PRAGMA mmap_size=0;"
                "PRAGMA temp_store=MEMORY;PRAGMA cache_size=-16000;PRAGMA journal_size_limit=67108864"
            ),
        },
    }


def postgres_database(url: str) -> dict[str, Any]:
    """A PostgreSQL connection that gives up early rather than hangs; the query part becomes libpq options."""
    parts = urlsplit(url)
    options: dict[str, Any] = dict(parse_qsl(parts.query))
    session = " ".join(f"-c {name}={value}" for name, value in POSTGRES_SESSION.items())
    return {
        "ENGINE": "amends.config.postgresql",
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", unquote(parts.hostname or "")),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 300,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"connect_timeout": 3, "options": session, "prepare_threshold": PREPARED_ONLY_WHEN_ASKED, **options},
    }
