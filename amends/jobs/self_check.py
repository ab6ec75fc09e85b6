"""Does this installation keep its promises? Questions asked of the live settings, database and disks.

`doctor` prints the findings; `amends up` refuses to start over those that could lose a case or be forged.
"""

import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from amends.apps.ledger.triggers import missing_triggers
from amends.apps.upkeep.health import LEAST_FREE_BYTES, LEAST_FREE_SHARE, health

OLDEST_POSTGRES = 150000

SQLITE_SYNCHRONOUS = {0: "OFF", 1: "NORMAL", 2: "FULL", 3: "EXTRA"}
NETWORK_FILE_SYSTEMS = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "ceph", "glusterfs"}


class Level(StrEnum):
    """`fail` breaks a promise and makes `doctor` exit non-zero; `warn` does not."""

    FAIL = "fail"
    WARN = "warn"


@dataclass(frozen=True)
class Finding:
    """One wrong value, as a sentence that names it."""

    level: Level
    code: str
    sentence: str
    stops_start: bool = False

    def as_data(self) -> dict[str, Any]:
        return asdict(self)


def fail(code: str, sentence: str, *, stops_start: bool = False) -> Finding:
    return Finding(Level.FAIL, code, sentence, stops_start)


def warn(code: str, sentence: str) -> Finding:
    return Finding(Level.WARN, code, sentence)


def findings() -> list[Finding]:
    """Everything that is wrong here, worst first; an empty list when all promises can be kept."""
    found = [
        *wrong_settings(),
        *wrong_versions(python=sys.version_info[:3]),
        *wrong_database(),
        *unusable_storage(),
        *short_of_space(settings.VAR_DIR),
        *unsafe_anchor(anchor_url=settings.ANCHOR_URL, data=settings.VAR_DIR),
    ]
    return sorted(found, key=lambda finding: finding.level)


def wrong_settings() -> Iterator[Finding]:
    """Settings under which sessions, links or cookies could be forged or read."""
    if not settings.SECRET_KEY_IS_KEPT:
        sentence = "AMENDS_SECRET_KEY is not set and there is no key file: signatures end with the process."
        yield fail("secret_key", sentence, stops_start=True)
    if settings.DEBUG:
        yield fail("debug", "DEBUG is on: errors would show internals.", stops_start=True)
    if settings.PLANTED_FAULTS:
        planted = ", ".join(sorted(settings.PLANTED_FAULTS))
        yield fail("planted_faults", f"Faults are planted: {planted}.", stops_start=True)
    if "*" in settings.ALLOWED_HOSTS:
        yield fail("allowed_hosts", "AMENDS_ALLOWED_HOSTS holds *: any host name is accepted.")
    if settings.ADMIN_SECOND_FACTOR == "offered" and not settings.DEMO:
        yield warn(
            "second_factor", "AMENDS_ADMIN_SECOND_FACTOR is offered: administrators may sign in by password alone."
        )
    yield from insecure_address(settings.BASE_URL)


def insecure_address(base_url: str) -> Iterator[Finding]:
    """Plain http is fine on this machine alone."""
    address = urlsplit(base_url)
    if address.scheme == "https":
        return
    if address.hostname in {"127.0.0.1", "localhost", "::1"}:
        yield warn("http_loopback", f"AMENDS_BASE_URL is {base_url}: plain http, for this machine only.")
    else:
        yield fail("http", f"AMENDS_BASE_URL is {base_url}: passwords would travel unencrypted; use https.")


def wrong_versions(*, python: tuple[int, ...]) -> Iterator[Finding]:
    if (3, 11, 0) <= python < (3, 11, 10):
        version = ".".join(str(part) for part in python)
        yield warn("python", f"Python {version} reads some mail addresses wrongly; use 3.11.10 or newer.")


def wrong_database() -> list[Finding]:
    """What the live connection says about durability; one finding if it cannot be asked."""
    try:
        if connection.vendor == "sqlite":
            file = Path(connection.settings_dict["NAME"])
            found = [*wrong_sqlite(live_sqlite()), *network_file_system(file)]
        else:
            found = [*wrong_postgres(live_postgres())]
        pending = pending_migrations()
        if not pending:
            ask_the_queue()
            found += unguarded_ledger()
    except DatabaseError as error:
        kind = type(error).__name__
        return [fail("database", f"The database of AMENDS_DATABASE_URL does not answer ({kind}).")]
    return found + pending


def live_sqlite() -> dict[str, Any]:
    """The library's version, the pragmas in force, and how this connection opens transactions."""
    pragmas = ["journal_mode", "synchronous", "foreign_keys", "mmap_size", "busy_timeout"]
    with connection.cursor() as cursor:
        live = {name: cursor.execute(f"PRAGMA {name}").fetchone() for name in pragmas}
    values = {name: row[0] if row else 0 for name, row in live.items()}
    mode = connection.settings_dict["OPTIONS"].get("transaction_mode", "DEFERRED")
    return {**values, "library": sqlite3.sqlite_version_info, "transaction_mode": mode}


def wrong_sqlite(live: Mapping[str, Any]) -> Iterator[Finding]:
    """Every value under which a committed case could be lost or a writer turned away (promise R2)."""
    synchronous = SQLITE_SYNCHRONOUS.get(live["synchronous"], str(live["synchronous"]))
    journal = str(live["journal_mode"]).lower()
    library = ".".join(str(part) for part in live["library"])
    if live["synchronous"] < 2:
        yield fail(
            "synchronous",
            f"SQLite synchronous is {synchronous}, not FULL: a power cut loses commits.",
            stops_start=live["synchronous"] == 0,
        )
    if journal == "wal" and tuple(live["library"]) < (3, 51, 3):
        yield fail("journal_mode", f"SQLite {library} can corrupt a WAL database; use TRUNCATE or 3.51.3.")
    if journal not in {"wal", "truncate", "delete", "persist"}:
        yield fail("journal_mode", f"SQLite journal_mode is {journal}: a crash corrupts the database.")
    if live["transaction_mode"] != "IMMEDIATE":
        yield fail("transaction_mode", f"SQLite transactions are {live['transaction_mode']}, not IMMEDIATE.")
    if live["busy_timeout"] < 5000:
        yield fail("busy_timeout", f"SQLite busy timeout is {live['busy_timeout']} ms, below 5000 ms.")
    if not live["foreign_keys"]:
        yield fail("foreign_keys", "SQLite foreign_keys is OFF.")
    if live["mmap_size"]:
        yield fail("mmap_size", f"SQLite mmap_size is {live['mmap_size']}, not 0.")


def network_file_system(file: Path, *, mounts: Path = Path("/proc/mounts")) -> Iterator[Finding]:
    """SQLite's locks do not hold between machines."""
    if not mounts.is_file():
        return
    fields = [line.split() for line in mounts.read_text(encoding="utf-8").splitlines()]
    holding = [row for row in fields if file.resolve().is_relative_to(row[1])]
    if holding and (kind := max(holding, key=lambda row: len(row[1]))[2]) in NETWORK_FILE_SYSTEMS:
        yield fail("network_file_system", f"The SQLite file lies on a network file system ({kind}).")


def live_postgres() -> dict[str, Any]:
    names = [
        *["fsync", "full_page_writes", "synchronous_commit", "server_version_num", "server_encoding"],
        *["statement_timeout", "idle_in_transaction_session_timeout"],
    ]
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", [names])
        return dict(cursor.fetchall())


def wrong_postgres(live: Mapping[str, Any]) -> Iterator[Finding]:
    """Every value under which a committed case could be lost or a request hang (promises R2 and R7)."""
    for name in ("fsync", "full_page_writes", "synchronous_commit"):
        if live[name] == "off":
            sentence = f"PostgreSQL {name} is {live[name]}: a power cut loses commits."
            yield fail(name, sentence, stops_start=name == "fsync")
    for name in ("statement_timeout", "idle_in_transaction_session_timeout"):
        if int(live[name]) == 0:
            yield fail(name, f"PostgreSQL {name} is 0: a hanging statement is never ended.")
    if int(live["server_version_num"]) < OLDEST_POSTGRES:
        yield fail("postgres_version", f"PostgreSQL {live['server_version_num']} is older than 15.")
    if live["server_encoding"] != "UTF8":
        yield fail("server_encoding", f"The database encoding is {live['server_encoding']}, not UTF8.")


def pending_migrations() -> list[Finding]:
    """A database that is older than the code."""
    executor = MigrationExecutor(connection)
    pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if not pending:
        return []
    sentence = f"{len(pending)} migrations are missing, the first is {pending[0][0]}: run `amends upgrade`."
    return [fail("migrations", sentence, stops_start=True)]


def unguarded_ledger() -> list[Finding]:
    """Without its triggers the ledger could be changed by any program that may write to the database."""
    missing = missing_triggers(connection)
    if not missing:
        return []
    sentence = (
        f"{len(missing)} triggers that guard the ledger are missing, the first is {missing[0]}: run `amends migrate`."
    )
    return [fail("ledger_triggers", sentence)]


def ask_the_queue() -> None:
    """Deferred work waits in tables; raises DatabaseError when they cannot be read."""
    for model in apps.get_app_config("deferred").get_models():
        model._default_manager.exists()


def unusable_storage() -> Iterator[Finding]:
    """Evidence must be writable before the first complaint brings some."""
    address = urlsplit(settings.STORAGE_URL)
    if address.scheme != "file":
        return
    folder = Path(unquote(address.path))
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"probe")
    except OSError as error:
        yield fail("storage", f"Files cannot be written to AMENDS_STORAGE_URL ({error.strerror}).")


def short_of_space(folder: Path) -> Iterator[Finding]:
    usage = shutil.disk_usage(folder)
    if usage.free < LEAST_FREE_BYTES or usage.free / usage.total < LEAST_FREE_SHARE:
        yield warn("disk_space", f"Only {usage.free // 1024**2} MB are free where the data lie.")


def unsafe_anchor(*, anchor_url: str, data: Path) -> Iterator[Finding]:
    """Checkpoints prove nothing to somebody who could rewrite them together with the ledger."""
    address = urlsplit(anchor_url)
    if address.scheme != "file":
        return
    folder = Path(unquote(address.path))
    existing = next(place for place in [folder, *folder.parents] if place.exists())
    if existing.stat().st_dev == data.stat().st_dev:
        yield warn("anchor", "AMENDS_ANCHOR_URL is on the same disk as the data; send checkpoints elsewhere.")


def state_of_installation(now: datetime) -> dict[str, Any]:
    """Database, queue, mail and worker at a moment; of a database that can not be asked only that. Source: EXP-10.3.1"""
    try:
        return health(now).as_data()
    except DatabaseError as error:
        return {"database": {"ok": False, "error": type(error).__name__}}


def versions() -> dict[str, str]:
    """What is running, for the head of the report."""
    import django

    return {
        "python": ".".join(str(part) for part in sys.version_info[:3]),
        "django": django.get_version(),
        "sqlite": sqlite3.sqlite_version,
        "database": connection.vendor,
    }
