"""Choose the SQLite library before Django loads one.

System libraries below 3.51.3 can corrupt a WAL database that several processes write, so the wheel's current
library takes the place of the standard module wherever it is installed.
"""

import importlib
import sys

OLDEST_SAFE_FOR_WAL = (3, 51, 3)


def use_current_sqlite() -> None:
    """Let `import sqlite3` mean the wheel's library; without the wheel nothing changes."""
    try:
        wheel = importlib.import_module("pysqlite3")
    except ImportError:
        return
    sys.modules["sqlite3"] = wheel
    sys.modules["sqlite3.dbapi2"] = importlib.import_module("pysqlite3.dbapi2")


def journal_mode() -> str:
    """WAL with a library that carries the WAL-reset fix, else the rollback journal."""
    import sqlite3

    return "WAL" if sqlite3.sqlite_version_info >= OLDEST_SAFE_FOR_WAL else "TRUNCATE"
