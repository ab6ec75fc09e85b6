"""Questions that every page asks in the same words: their SQL is put together once, and PostgreSQL plans it once a connection.

What somebody sees (V(u)) makes long SQL: Django takes milliseconds to write it and PostgreSQL takes milliseconds to plan it, for an
answer that is found in a fraction of one. A prepared question keeps the words and the plan, and never an answer: every page
reads the rows as they are now.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from copy import copy
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Generic, TypeVar
from uuid import UUID

import psycopg
from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connection, connections
from django.db.models import BigIntegerField, DateTimeField, Expression, F, Field, QuerySet, TextField, UUIDField
from django.db.models.base import ModelState
from django.db.models.lookups import In, Lookup
from django.db.models.query import ModelIterable
from psycopg import sql as psycopg_sql

from amends.apps.one_go import LongQuery, Statement, answers_in_one_go

Row = TypeVar("Row")
MOST_KEPT = 512
"""Many more people than work at the same time; what is kept of one question is its SQL, some kilobytes."""

MOST_AMONG = 64
MOST_PLANS = 256
"""Of one connection; the plan of a long question takes the server some hundred kilobytes."""


class Given(Expression):
    """In a condition of a prepared question: a value that it is given when it is asked."""

    def __init__(self, name: str, field: Field[Any, Any]) -> None:
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return "%s", [self]

    def bound(self, given: dict[str, Any], here: Any) -> Any:
        return self.output_field.get_db_prep_value(given[self.name], here)


class GivenAll(Given):
    """Several keys at once, as one array: for `among`, on PostgreSQL."""

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return f"%s::{self.output_field.db_type(connection)}[]", [self]

    def bound(self, given: dict[str, Any], here: Any) -> Any:
        return "{" + ",".join(key.hex if isinstance(key, UUID) else str(key) for key in given[self.name]) + "}"


def given_number(name: str) -> Given:
    """A whole number, or the key of a row that is one."""
    return Given(name, BigIntegerField())


def given_key(name: str) -> Given:
    return Given(name, UUIDField())


def given_text(name: str) -> Given:
    return Given(name, TextField())


def given_moment(name: str) -> Given:
    return Given(name, DateTimeField())


class Prepared(Generic[Row]):
    """A question whose words never change; only its `Given` values do.

    One that is `planned_anew` keeps its words but not its plan: how long a span of days is decides which way to its rows is short.
    """

    def __init__(self, asks: Callable[[], QuerySet[Any, Row]], *, planned_anew: bool = False) -> None:
        self._asks, self._keeps_plan = asks, not planned_anew

    def ask(self, **given: Any) -> list[Row]:
        """The rows as they are now; one query."""
        return self.words.read(given) if self.words else []

    def first(self, **given: Any) -> Row | None:
        """The first of the rows; None when there is none."""
        return next(iter(self.ask(**given)), None)

    def given(self, **given: Any) -> Asked[Row]:
        """The question for these values, to be asked together with others."""
        return Asked(self, given)

    @cached_property
    def words(self) -> _Words[Row] | None:
        try:
            return _Words(self._asks(), keeps_plan=self._keeps_plan)
        except EmptyResultSet:
            return None


@dataclass(frozen=True, slots=True)
class Asked(Generic[Row]):
    """A question for values that it is given."""

    question: Prepared[Row]
    given: dict[str, Any]

    def ask(self) -> list[Row]:
        """The rows as they are now; one query."""
        return self.question.ask(**self.given)

    def first(self) -> Row | None:
        """The first of the rows; None when there is none."""
        return self.question.first(**self.given)


@contextmanager
def asked_together(every: Iterable[Asked[Any]]) -> Iterator[None]:
    """Within, these questions are sent to the server at once, and each is answered, once, from what came back.

    For pages that only read: waiting for one answer after the other takes longer than finding them. What is written within
    is not seen by an answer that was there before. On SQLite, within a transaction, and while somebody counts or logs
    questions, each is asked when its turn comes; so it is where the server could not answer all of them.
    """
    here = connections[DEFAULT_DB_ALIAS]
    if not _goes_past_django(here) or here.connection is None or here.in_atomic_block:
        yield
        return
    came = vars(here.connection).setdefault("came_together", {})
    answers = _answers_to(every, here, came)
    came.update(answers)
    try:
        yield
    finally:
        for key in answers:
            came.pop(key, None)


Answers = dict[tuple[str, str], list[tuple[Any, ...]]]


def _answers_to(every: Iterable[Asked[Any]], here: Any, came: Answers) -> Answers:
    """What the server says to these questions, less those to which an answer waits already."""
    known = [(one.question.words, one.given) for one in every]
    statements = [words.statement(given, here) for words, given in known if words is not None]
    wanted = {key: one for one in statements if (key := _key_of(one.sql, one.values)) not in came}
    # Whatever is wrong is told to whoever then asks by themselves.
    try:
        with suppress(psycopg.Error):
            return answers_in_one_go(here.connection, wanted) if wanted else {}
        return {}
    finally:
        if here.connection.closed:
            here.close()  # They ask on another one.


def _key_of(text: str, values: list[Any]) -> tuple[str, str]:
    return text, repr(values)


def counted(asked: Iterable[Asked[Any]]) -> Asked[tuple[int, ...]]:
    """How many rows each of several questions has now, as one question with one row: their counts, in this order."""
    every = tuple(asked)
    counting = _counting(tuple(one.question for one in every))
    return Asked(counting, {str(place): one.given for place, one in enumerate(every)})


class _Words(Generic[Row]):
    """The SQL of a question: values that are always the same stand in it, the places of the others are marked."""

    def __init__(self, rows: QuerySet[Any, Row], *, keeps_plan: bool) -> None:
        self.rows: Any = rows
        self.keeps_plan = keeps_plan
        self.compiler = rows.query.get_compiler(connection.alias)
        text, values = self.compiler.as_sql()
        if connection.vendor == "postgresql":
            text, values = _with_constants(text, values)
        self.sql, self.values = text, values
        is_plain = rows._iterable_class is ModelIterable and not rows._known_related_objects  # type: ignore[attr-defined]
        self.makes = _Models(self.compiler) if is_plain else None

    def read(self, given: dict[str, Any]) -> list[Row]:
        """The rows, made as Django makes them; what is the same for all of them was looked up once."""
        here = connections[DEFAULT_DB_ALIAS]
        found = _executed(here, self.sql, self.bound(given, here), keeps_plan=self.keeps_plan)
        if self.makes is not None:
            return self.makes.rows_of(found, here)
        compiler = copy(self.compiler)
        compiler.connection = here
        compiler.execute_sql = lambda *args, **how: [found]
        query = copy(self.rows.query)
        query.get_compiler = lambda *args, **how: compiler
        asked: Any = type(self.rows)(model=self.rows.model, query=query)
        asked._iterable_class, asked._fields = self.rows._iterable_class, self.rows._fields
        return list(asked._iterable_class(asked))

    def statement(self, given: dict[str, Any], here: Any) -> Statement:
        return Statement(self.sql, self.bound(given, here), self.keeps_plan)

    def bound(self, given: dict[str, Any], here: Any) -> list[Any]:
        """The values for the places of its SQL."""
        return [value.bound(given, here) if isinstance(value, Given) else value for value in self.values]


class _Counting(Prepared[tuple[int, ...]]):
    """A question that counts the rows of others; what never has a row is not looked for."""

    def __init__(self, questions: tuple[Prepared[Any], ...]) -> None:
        self._questions = questions

    @cached_property
    def words(self) -> _CountWords:
        return _CountWords([question.words for question in self._questions])


class _CountWords(_Words[tuple[int, ...]]):
    """The SQL of a question that counts the rows of others."""

    def __init__(self, every: list[_Words[Any] | None]) -> None:
        self._every, self.keeps_plan = every, True
        counts = ("0" if words is None else f"(SELECT COUNT(*) FROM ({words.sql}) AS found)" for words in every)  # noqa: S608 - Django's own SQL
        self.sql = f"SELECT {', '.join(counts)}"

    def read(self, given: dict[str, Any]) -> list[tuple[int, ...]]:
        if not any(self._every):
            return [(0,) * len(self._every)]
        here = connections[DEFAULT_DB_ALIAS]
        return _executed(here, self.sql, self.bound(given, here))

    def bound(self, given: dict[str, Any], here: Any) -> list[Any]:
        every = ((words, given[str(place)]) for place, words in enumerate(self._every) if words is not None)
        return [value for words, values in every for value in words.bound(values, here)]


def _goes_past_django(here: Any) -> bool:
    """Whether nobody counts or logs what is asked."""
    return here.vendor == "postgresql" and not here.queries_logged and not here.execute_wrappers


def _executed(here: Any, text: str, values: list[Any], *, keeps_plan: bool = True) -> list[tuple[Any, ...]]:
    if _goes_past_django(here):
        return _executed_on_server(here, text, values, keeps_plan)
    with _cursor(here) if keeps_plan else here.cursor() as cursor:
        cursor.execute(text, values)
        return list(cursor.fetchall())


def _executed_on_server(here: Any, text: str, values: list[Any], keeps_plan: bool) -> list[tuple[Any, ...]]:
    """Past the layers in which Django counts and logs, wherever nobody counts or logs, and with one cursor a connection.

    The first question of a request finds out whether the connection still holds, and is asked again where it does not; Django asks
    a question of its own for that.
    """
    is_first = here.connection is not None and here.health_check_enabled and not here.health_check_done
    here.health_check_done = True
    try:
        return _answered(here, text, values, keeps_plan)
    except (InterfaceError, OperationalError):
        if not is_first or here.in_atomic_block or here.is_usable():
            raise
        here.close()
        return _answered(here, text, values, keeps_plan)


def _answered(here: Any, text: str, values: list[Any], keeps_plan: bool) -> list[tuple[Any, ...]]:
    if here.connection is None:
        here.ensure_connection()
    here.validate_no_broken_transaction()
    came = getattr(here.connection, "came_together", None)
    if came and (found := came.pop(_key_of(text, values), None)) is not None:
        return found
    with here.wrap_database_errors:
        cursor = getattr(here.connection, "preparing_cursor", None)
        if cursor is None:
            cursor = here.connection.preparing_cursor = _preparing(here)
        return list(cursor.execute(text, values, prepare=keeps_plan).fetchall())


def tell(text: str, values: Sequence[Any]) -> None:
    """A statement in the same words each time that writes; prepared like a question."""
    _executed(connections[DEFAULT_DB_ALIAS], text, list(values))


class _Models:
    """How rows become models with what was selected beside them: Django's `ModelIterable`, prepared for a question.

    The values of a row are the attributes of its model, put there at once; Django goes field by field and tells everybody who
    listens for models that are made, and nobody here does.
    """

    def __init__(self, compiler: Any) -> None:
        self.makes = _Making(compiler.klass_info, compiler.select)
        self.annotations = list((compiler.annotation_col_map or {}).items())
        converters = compiler.get_converters([column[0] for column in compiler.select[: compiler.col_count]])
        self.converters = [
            (place, convert, column) for place, (all_of, column) in converters.items() for convert in all_of
        ]

    def rows_of(self, found: list[tuple[Any, ...]], here: Any) -> list[Any]:
        return [self._row(values, here) for values in found]

    def _row(self, values: Sequence[Any], here: Any) -> Any:
        if self.converters:
            values = list(values)
            for place, convert, column in self.converters:
                values[place] = convert(values[place], column, here)
        made = self.makes.of(values)
        for name, place in self.annotations:
            setattr(made, name, values[place])
        return made


class _Making:
    """How the columns of one model within a row become it, and those of the models that it points to."""

    def __init__(self, described: dict[str, Any], select: Sequence[Any]) -> None:
        fields = described["select_fields"]
        self.model, self.places = described["model"], slice(fields[0], fields[-1] + 1)
        self.names = [column[0].target.attname for column in select[self.places]]
        self.key = fields[0] + self.names.index(self.model._meta.pk_fields[0].attname)
        self.related = [
            (_Making(related, select), related["local_setter"], related["remote_setter"])
            for related in described.get("related_klass_infos", ())
        ]

    def of(self, row: Sequence[Any]) -> Any:
        """The model; None where the row points to none."""
        if row[self.key] is None:
            return None
        made = self.model.__new__(self.model)
        state = ModelState()
        state.adding, state.db = False, DEFAULT_DB_ALIAS
        vars(made).update(zip(self.names, row[self.places], strict=True), _state=state)
        for making, point_to, point_back in self.related:
            other = making.of(row)
            point_to(made, other)
            if other is not None:
                point_back(other, made)
        return made


def _with_constants(text: str, values: Sequence[Any]) -> tuple[str, list[Any]]:
    """PostgreSQL plans better with the constants in sight: a plan for any state is none for the few open cases."""
    connection.ensure_connection()
    parts = re.split(r"(?<!%)%s", text)
    written, left = [parts[0]], []
    for value, part in zip(values, parts[1:], strict=True):
        if isinstance(value, Given):
            left.append(value)
            written.append("%s")
        else:
            written.append(psycopg_sql.Literal(value).as_string(connection.connection).replace("%", "%%"))
        written.append(part)
    return "".join(written), left


class _PreparingCursor(psycopg.Cursor[Any]):
    """Has the server keep the plan of what it executes for as long as the connection lasts, unless it is told otherwise."""

    _query_cls = LongQuery

    def execute(self, query: Any, params: Any = None, *, prepare: bool | None = True, **how: Any) -> Any:
        return super().execute(query, params, prepare=prepare)

    def _convert_query(self, query: Any, params: Any = None) -> Any:
        """psycopg notes what it sent only of statements that it did not prepare; Django's log of queries reads that note."""
        self._query = super()._convert_query(query, params)
        return self._query


def _cursor(here: Any) -> Any:
    """A cursor of the present connection; counted and logged by Django like every other one."""
    if here.vendor != "postgresql":
        return here.cursor()
    here.close_if_health_check_failed()
    here.ensure_connection()
    return here._prepare_cursor(_preparing(here))


def _preparing(here: Any) -> _PreparingCursor:
    here.connection.prepared_max = MOST_PLANS
    return _PreparingCursor(here.connection)


_kept: dict[Hashable, Prepared[Any]] = {}


def prepared(key: Hashable, asks: Callable[[], QuerySet[Any, Row]], *, planned_anew: bool = False) -> Prepared[Row]:
    """The question under a key, which names everything that its words depend on."""
    found = _kept.get(key)
    if found is None:
        if len(_kept) >= MOST_KEPT:
            _kept.clear()
        found = _kept[key] = Prepared(asks, planned_anew=planned_anew)
    return found


def ask_among(
    key: Hashable, values: Iterable[Any], asks: Callable[[list[Any]], QuerySet[Any, Row]], *, of: Field[Any, Any]
) -> list[Row]:
    """Ask about several values at once: a question for 1, 2, 4, 8 … of them, the last one said again until it is full.

    More than MOST_AMONG belong to work by the hundred: PostgreSQL is given them as one array, and SQLite is asked in new words each time.
    """
    wanted = list(values)
    if not wanted:
        return []
    if len(wanted) > MOST_AMONG:
        return _asked_by_the_hundred(key, wanted, asks, of)
    size = 1 << (len(wanted) - 1).bit_length()
    names = [f"value{place}" for place in range(size)]
    wanted += wanted[-1:] * (size - len(wanted))
    question = prepared((key, size), lambda: asks([Given(name, of) for name in names]))
    return question.ask(**dict(zip(names, wanted, strict=True)))


def _asked_by_the_hundred(
    key: Hashable, wanted: list[Any], asks: Callable[[list[Any]], QuerySet[Any, Row]], of: Field[Any, Any]
) -> list[Row]:
    if connection.vendor != "postgresql":
        return list(asks(wanted))
    # What a table holds may be quite different when it is asked next: a rebuild begins with an empty one.
    question = prepared((key, "all"), lambda: asks([GivenAll("all", of)]), planned_anew=True)
    return question.ask(all=wanted)


class _IsOneOfAll(Lookup):
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        column, values = self.process_lhs(compiler, connection)
        array, given = self.process_rhs(compiler, connection)
        return f"{column} = ANY({array})", [*values, *given]


def among(column: str, values: list[Any]) -> Lookup[Any]:
    """The condition that a column which points to rows holds one of several keys, or of those that `ask_among` gives: `case__in` takes no such."""
    is_array = len(values) == 1 and isinstance(values[0], GivenAll)
    return _IsOneOfAll(F(column), values[0]) if is_array else In(F(column), values)


_counting = lru_cache(maxsize=MOST_KEPT)(_Counting)


def forget_prepared_questions() -> None:
    """Put every question into words again when it is asked next; for tests that change how words are made."""
    _kept.clear()
    _counting.cache_clear()
