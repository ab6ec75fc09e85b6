"""Lists of cases: allow-listed filters and orders over what the viewer may see, paged by key and never by number."""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import Count, QuerySet

from amends.apps.cases.filters import filtered
from amends.apps.cases.models import FAR_FUTURE, Case
from amends.apps.cases.queries import Viewer
from amends.apps.keyset import behind
from amends.apps.people.actions import log_access
from amends.apps.prepared import prepared
from amends.core.refusals import FieldError, InvalidData

LARGEST_PAGE = 200


@dataclass(frozen=True, slots=True)
class Page:
    """One page of cases; `next_cursor` leads to the one after it, None at the end."""

    cases: list[Any]
    next_cursor: str | None
    sort: str
    size: int


SORTS: dict[str, tuple[str, ...]] = {
    "priority": ("band", "priority", "due_sort", "id"),
    "due": ("due_sort", "id"),
    "received": ("-received_at", "id"),
    "oldest": ("received_at", "id"),
    "changed": ("-changed_at", "id"),
    "archived": ("-archived_at", "id"),
}
"""The orders on offer. None of their columns is ever NULL, and the last one is unique: in the order of archiving stand
archived files only."""


PARTS: dict[str, dict[str, str]] = {
    "mine": {"mine": "yes", "status": "unfinished"},
    "department": {"department": "mine", "status": "unfinished"},
    "all": {"status": "unfinished"},
    "archive": {"status": "archived"},
}
"""The parts of the queue, and what each of them narrows the list to."""


def queue(
    viewer: Viewer, filters: Mapping[str, Any], sort: str = "priority", cursor: str | None = None, size: int = 50
) -> Page:
    """One page of the cases that the viewer may see and the filters let through.

    Raises InvalidData for an unknown filter, order, page size or cursor, naming what is allowed. A search by words is noted for review. One query, whatever
    the number of rows, beside those that the scope takes.
    """
    found = _ordered(viewer, filters, sort, cursor, size)
    cases = list(found.select_related("department", "handler", "partner").defer("facts")[: size + 1])
    # A join with the few desks would make databases begin there, and sort every case of each.
    desks = {desk.pk: desk for desk in viewer.desks()}
    for case in cases:
        case.desk = desks[case.desk_id]
    return _page(cases, sort, size)


LINE_COLUMNS = (
    "id", "number", "subject", "pack_id", "kind", "channel", "state", "state_category", "waits_for", "level", "category",
    "urgent", "due_at", "due_clock", "due_is_provisional", "is_late", "received_at", "changed_at", "changed_by",
    "last_told_at", "department_told_at", "customer_spoke_at", "word_due_at", "word_clock", "questions_open", "archived_at", "band", "priority", "due_sort", "desk_id",
    "department__title", "department__title_en", "handler__name", "partner__name",
)  # fmt: skip
"""What a line of the queue shows, and what its order needs."""


def queue_lines(
    viewer: Viewer, filters: Mapping[str, Any], sort: str = "priority", cursor: str | None = None, size: int = 50
) -> Page:
    """The same page as plain rows of LINE_COLUMNS, which are read and shown in a fraction of the time.

    The first pages of the parts of the queue, which everybody opens all day, are prepared questions.
    """
    if cursor is None and PREPARED.issuperset(filters):
        key = ("queue", viewer.standpoint(), tuple(sorted(filters.items())), sort, size)
        question = prepared(key, lambda: _lines(viewer.at_any_moment(), filters, sort, None, size))
        return _page(question.ask(now=viewer.now), sort, size)
    return _page(list(_lines(viewer, filters, sort, cursor, size)), sort, size)


PREPARED = frozenset({"status", "mine"})
"""Filters whose conditions follow from their value, the standpoint of the viewer and the moment alone."""


def _lines(viewer: Viewer, filters: Mapping[str, Any], sort: str, cursor: str | None, size: int) -> QuerySet[Any, Any]:
    return _ordered(viewer, filters, sort, cursor, size).values_list(*LINE_COLUMNS, named=True)[: size + 1]


def _ordered(viewer: Viewer, filters: Mapping[str, Any], sort: str, cursor: str | None, size: int) -> QuerySet[Case]:
    columns = _columns_of(sort)
    _check_size(size)
    cases = filtered(viewer, filters)
    if searched := str(filters.get("text") or "").strip():
        log_access(actor=viewer.person.actor_id, action="search", object="cases", reason=searched, now=viewer.now)
    if sort == "archived":
        cases = cases.filter(archived_at__isnull=False)
    if cursor:
        cases = cases.filter(behind(dict(zip(columns, _read_cursor(cursor, sort, columns), strict=True))))
    return cases.order_by(*columns)


def _page(rows: list[Any], sort: str, size: int) -> Page:
    """The rows of a page from one row more than it shows."""
    more = len(rows) > size
    rows = rows[:size]
    return Page(rows, _cursor_at(rows[-1], sort, _columns_of(sort)) if more else None, sort, size)


def _columns_of(sort: str) -> tuple[str, ...]:
    if sort not in SORTS:
        raise InvalidData([FieldError("/sort", "unknown_sort", {"name": sort[:60], "allowed": list(SORTS)})])
    return SORTS[sort]


def _check_size(size: int) -> None:
    if not 1 <= size <= LARGEST_PAGE:
        raise InvalidData([FieldError("/size", "bad_page_size", {"limit": LARGEST_PAGE})])


# The cursor: the sort key of the last row shown.


def _cursor_at(case: Case, sort: str, columns: tuple[str, ...]) -> str:
    values = [getattr(case, column.lstrip("-")) for column in columns]
    text = json.dumps([sort, *(v.isoformat() if isinstance(v, datetime) else v for v in values)], default=str)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_cursor(cursor: str, sort: str, columns: tuple[str, ...]) -> list[Any]:
    try:
        raw = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(raw, list) or raw[:1] != [sort] or len(raw) != len(columns) + 1:
            raise ValueError(cursor)
        return [_key_value(column.lstrip("-"), value) for column, value in zip(columns, raw[1:], strict=True)]
    except (ValueError, TypeError, binascii.Error, UnicodeDecodeError, AttributeError) as error:
        raise InvalidData([FieldError("/cursor", "bad_cursor", {})]) from error


def _key_value(column: str, value: Any) -> Any:
    if column == "id":
        return uuid.UUID(value)
    if column in ("priority", "band"):
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**31:
            raise ValueError(value)
        return value
    moment = datetime.fromisoformat(value)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    # Moments at the ends of time can not be told in every zone.
    if moment.year < 1900 or moment > FAR_FUTURE:
        raise ValueError(value)
    return moment


# The archive, as shelves.


@dataclass(frozen=True, slots=True)
class Shelf:
    """How many files lie in a month of the archive of a desk."""

    year: int
    month: int
    count: int


def shelves(viewer: Viewer, filters: Mapping[str, Any]) -> list[Shelf]:
    """The months of the archive that the viewer may see, newest first, with their counts; one query."""
    archived = filtered(viewer, filters).filter(archived_on__isnull=False)
    # By day: taking dates apart for every case would cost more than adding up the days of a few years.
    days = archived.order_by().values_list("archived_on").annotate(count=Count("pk"))
    months: Counter[tuple[int, int]] = Counter()
    for day, count in days:
        months[day.year, day.month] += count
    return [Shelf(year, month, count) for (year, month), count in sorted(months.items(), reverse=True)]
