"""Statements sent to PostgreSQL in one go: one packet there, one back, however many they are.

psycopg has a mode for this, in which every cursor writes by itself and looks for answers after each statement; that is most of what it costs to ask
what is answered at once. Here all statements are put into libpq's buffer first, and the server is woken up once. Which plans the server keeps is
noted where psycopg notes it, so that both know.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

import psycopg
from psycopg import generators, pq
from psycopg._preparing import Prepare
from psycopg._queries import PostgresQuery, _query2pg_nocache
from psycopg.adapt import Transformer

Key = TypeVar("Key", bound=Hashable)
Rows = list[tuple[Any, ...]]
MOST_CONVERTED = 512

_converted = lru_cache(maxsize=MOST_CONVERTED)(_query2pg_nocache)


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL with `%s` for each of its values, whose plan the server keeps for the connection, or makes anew."""

    sql: str
    values: list[Any]
    keeps_plan: bool


class LongQuery(PostgresQuery):
    """A statement whose places are found once, however long it is; psycopg looks for them each time beyond four kilobytes."""

    def convert(self, query: Any, vars: Any) -> None:
        self.query, self._want_formats, self._order, self._parts = _converted(query.encode(), self._tx.encoding)
        self.dump(vars)


def answers_in_one_go(connection: psycopg.Connection[Any], statements: Mapping[Key, Statement]) -> dict[Key, Rows]:
    """The rows of each statement, on a connection that commits by itself. One that fails, and those behind it, are left out.

    Raises psycopg.Error where the connection is lost or a value can not be put into words. Whatever else interrupts it, such as
    the alarm of a job, closes the connection.
    """
    transformer = Transformer(connection)
    queries = [(_query(transformer, one), one.keeps_plan) for one in statements.values()]
    with connection.lock, _in_one_go(connection.pgconn) as server:
        noting = [_send(connection, query, keeps_plan) for query, keeps_plan in queries]
        server.pipeline_sync()
        connection.wait(generators.send(server))
        results = [_received(connection, noted) for noted in noting]
        connection.wait(generators.fetch_many(server))  # The end of the one go.
    connection.wait(connection._prepared.maintain_gen(connection))
    return {
        key: _rows(transformer, of)
        for key, of in zip(statements, results, strict=True)
        if of.status == pq.ExecStatus.TUPLES_OK
    }


def _query(transformer: Any, statement: Statement) -> LongQuery:
    query = LongQuery(transformer)
    query.convert(statement.sql, statement.values)
    return query


@contextmanager
def _in_one_go(server: Any) -> Iterator[Any]:
    server.enter_pipeline_mode()
    try:
        yield server
    except BaseException:
        server.finish()  # What is still on its way would be taken for the answer to the next question.
        raise
    server.exit_pipeline_mode()


Noted = tuple[Any, Prepare, bytes]


def _send(connection: psycopg.Connection[Any], query: LongQuery, keeps_plan: bool) -> Noted:
    """Put a statement into the buffer, and before it what has the server plan it where it does not know it yet."""
    server, formats = connection.pgconn, query.formats
    prepare, name = connection._prepared.get(query, keeps_plan)
    if prepare is Prepare.NO:
        server.send_query_params(query.query, query.params, query.types, formats)
        return None, prepare, name
    if prepare is Prepare.SHOULD:
        server.send_prepare(name, query.query, query.types)
    server.send_query_prepared(name, query.params, formats)
    return connection._prepared.maybe_add_to_cache(query, prepare, name), prepare, name


def _received(connection: psycopg.Connection[Any], noted: Noted) -> Any:
    """What came for a statement; psycopg forgets the plan of one that failed."""
    key, prepare, name = noted
    if prepare is Prepare.SHOULD:
        connection.wait(generators.fetch_many(connection.pgconn))
    results = connection.wait(generators.fetch_many(connection.pgconn))
    if key is not None:
        connection._prepared.validate(key, prepare, name, results)
    return results[-1]


def _rows(transformer: Any, result: Any) -> Rows:
    transformer.set_pgresult(result)
    return transformer.load_rows(0, result.ntuples, tuple)
