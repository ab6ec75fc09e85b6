"""Which tests have to run on the second database so that it is asked everything that the first one was asked.

A run on SQLite notes what each test asks of the database. Tests of whole ways through the product, through pages and answers,
ask mostly the same: on PostgreSQL those of them run that ask something which no other test asks there. A question is taken
apart: what is read, from which tables, how it is joined, grouped and ordered is one part of it, every condition is another.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pytest
from django.db.backends.utils import CursorWrapper

WAYS = (
    *("tests/acceptance/", "tests/web/", "tests/api/test_answers.py"),
    # Every address asked as everybody, demos played, and mailboxes read: what they ask is asked by many.
    *("tests/promises/test_s1_rights.py", "tests/jobs/test_stories.py", "tests/apps/mail/test_real_mail.py"),
)
"""Of the tests of these places, those run on the second database that ask something new; of all others each one."""
NOTE_IN, NOTED_IN = "TESTS_NOTE_QUESTIONS_IN", "TESTS_KNOW_QUESTIONS_FROM"
"""A folder to write notes to; a folder of notes by which the tests of this run are chosen."""
A_TEST_AT_LEAST = 30
"""Statements that a test costs, however little it asks."""

NO_QUESTION = ("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT", "PRAGMA")
ALIKE = (
    (re.compile(r"\(%s(?:, %s)+\)"), "(%s)"),
    (re.compile(r"(\([^()]*\))(?:, \1)+"), r"\1"),
    (re.compile(r"\b(?:[U-Z]|T)\d+\b"), "T"),
    (re.compile(r"(?<![\w\"])\d+"), "0"),
    (re.compile(r"'[^']*'"), "'…'"),
)
"""Lists of values, rows, names of tables within a statement, and constants: a statement is the same with others."""
WHERE, BEHIND = re.compile(r" (?:WHERE|HAVING) "), re.compile(r" (?=(?:GROUP BY|ORDER BY|LIMIT) )")
CONDITIONS = re.compile(r" AND | OR |NOT |[()]")


@dataclass(slots=True)
class Asked:
    """What a test asked of the database: how many statements, and the parts of them."""

    statements: int = 0
    parts: set[str] = field(default_factory=set)


@lru_cache(maxsize=20_000)
def parts_of(sql: str) -> frozenset[str]:
    """What a statement asks, part by part; nothing for one that only begins or ends something."""
    if sql.startswith(NO_QUESTION):
        return frozenset()
    for pattern, said in ALIKE:
        sql = pattern.sub(said, sql)
    head, *rest = WHERE.split(sql)
    parts = {head}
    for conditions in rest:
        within, *behind = BEHIND.split(conditions)
        parts |= {" ".join([head, *behind])} if behind else set()
        parts |= {condition.strip() for condition in CONDITIONS.split(within)}
    return frozenset(part for part in parts if part)


def needed(asked: Mapping[str, Asked], *, of: tuple[str, ...] = WAYS) -> set[str]:
    """Of the tests of these places, enough to ask whatever any of them asks and no test of another place does.

    Always the same for the same notes: those that ask the most for what they cost are taken first.
    """
    elsewhere = set().union(*(one.parts for test, one in asked.items() if not test.startswith(of)))
    new = {test: one.parts - elsewhere for test, one in sorted(asked.items()) if test.startswith(of)}
    found: set[str] = set()
    while new := {test: parts for test, parts in new.items() if parts}:
        best = max(new, key=lambda test: len(new[test]) / (asked[test].statements + A_TEST_AT_LEAST))
        found.add(best)
        taken = new.pop(best)
        new = {test: parts - taken for test, parts in new.items()}
    return found


def read_notes(folder: Path) -> dict[str, Asked]:
    """What each test asked that passed, as all processes of a run noted it."""
    found: dict[str, Asked] = {}
    for file in folder.glob("*.json"):
        noted = json.loads(file.read_text(encoding="utf-8"))
        found |= {test: Asked(statements, set(parts)) for test, (statements, parts) in noted.items()}
    return found


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what need not run on the second database; what did not pass on the first one, or is new, stays."""
    if NOTED_IN not in os.environ:
        return
    asked = read_notes(Path(os.environ[NOTED_IN]))
    kept = needed(asked)
    out = {item for item in items if item.nodeid in asked and item.nodeid.startswith(WAYS) and item.nodeid not in kept}
    config.hook.pytest_deselected(items=list(out))
    items[:] = [item for item in items if item not in out]


_now = Asked()
_noted: dict[str, Asked] = {}


@pytest.fixture(scope="session", autouse=True)
def questions_are_noted() -> Iterator[None]:
    if NOTE_IN not in os.environ:
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        for name in ("execute", "executemany"):
            patch.setattr(CursorWrapper, name, _noting(getattr(CursorWrapper, name)))
        yield
    by = os.environ.get("PYTEST_XDIST_WORKER", "all")
    noted = {test: (one.statements, sorted(one.parts)) for test, one in _noted.items()}
    Path(os.environ[NOTE_IN], f"{by}.json").write_text(json.dumps(noted), encoding="utf-8")


def _noting(execute: Any) -> Any:
    def noted(self: Any, sql: Any, *values: Any, **more: Any) -> Any:
        _now.statements += 1
        _now.parts |= _digests(str(sql))
        return execute(self, sql, *values, **more)

    return noted


@lru_cache(maxsize=20_000)
def _digests(sql: str) -> frozenset[str]:
    return frozenset(blake2b(part.encode(), digest_size=8).hexdigest() for part in parts_of(sql))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Generator[None, Any, Any]:
    _now.statements, _now.parts = 0, set()
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    done = yield
    _noted[item.nodeid] = Asked(_now.statements, _now.parts)
    return done
