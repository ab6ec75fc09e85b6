"""Lists of cases: allow-listed filters and orders over what the viewer may see, paged by key and never by number."""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db.models import Count, F, JSONField, Q, QuerySet
from django.db.models.fields.json import KeyTransform
from django.db.models.functions import Cast, ExtractMonth, ExtractYear

from amends.apps.cases.actions.register import normal_contact
from amends.apps.cases.models import FAR_FUTURE, Case, ClockRow
from amends.apps.cases.queries import Viewer, visible_to, waiting_for
from amends.apps.cases.search import matching
from amends.apps.people.actions import log_access
from amends.apps.people.models import ContactPoint, Department
from amends.apps.policies.queries import pack_in_force
from amends.core.policy.lifecycle import Process, Transition
from amends.core.refusals import FieldError, InvalidData

LARGEST_PAGE = 200
RESTING = ("done", "archived")


@dataclass(frozen=True, slots=True)
class Page:
    """One page of cases; `next_cursor` leads to the one after it, None at the end."""

    cases: list[Case]
    next_cursor: str | None
    sort: str
    size: int


SORTS: dict[str, tuple[str, ...]] = {
    "priority": ("-urgent", "priority", "due_sort", "id"),
    "due": ("due_sort", "id"),
    "received": ("-received_at", "id"),
    "oldest": ("received_at", "id"),
    "changed": ("-changed_at", "id"),
}
"""The orders on offer. None of their columns is ever NULL, and the last one is unique."""


def queue(
    viewer: Viewer, filters: Mapping[str, Any], sort: str = "priority", cursor: str | None = None, size: int = 50
) -> Page:
    """One page of the cases that the viewer may see and the filters let through.

    Raises InvalidData for an unknown filter, order, page size or cursor, naming what is allowed. A search by words is noted for review. One query, whatever
    the number of rows, beside those that the scope takes.
    """
    columns = _columns_of(sort)
    _check_size(size)
    cases = filtered(viewer, filters)
    if searched := str(filters.get("text") or "").strip():
        log_access(actor=viewer.person.actor_id, action="search", object="cases", reason=searched, now=viewer.now)
    if cursor:
        cases = cases.filter(_after(columns, _read_cursor(cursor, sort, columns)))
    rows = list(
        cases.select_related("desk", "department", "handler", "partner").defer("facts").order_by(*columns)[: size + 1]
    )
    more = len(rows) > size
    rows = rows[:size]
    return Page(rows, _cursor_at(rows[-1], sort, columns) if more else None, sort, size)


def filtered(viewer: Viewer, filters: Mapping[str, Any]) -> QuerySet[Case]:
    """The visible cases under the filters; an empty value filters nothing. Raises InvalidData for an unknown one."""
    cases = each_once(visible_to(viewer))
    errors: list[FieldError] = []
    for name, value in filters.items():
        if name not in FILTERS:
            errors.append(FieldError(f"/{name}", "unknown_filter", {"name": name[:60], "allowed": list(FILTERS)}))
        elif value not in ("", None):
            try:
                if "\x00" in str(value):
                    raise ValueError(name)
                cases = FILTERS[name](cases, str(value), viewer)
            except (ValueError, OverflowError):
                errors.append(FieldError(f"/{name}", "bad_filter_value", {"name": name, "value": str(value)[:60]}))
    if errors:
        raise InvalidData(errors)
    return cases


def each_once(cases: QuerySet[Case]) -> QuerySet[Case]:
    """The same cases, each once, when the scope was reached through a table that has several rows a case."""
    if "cases_caseasked" in cases.query.alias_map:
        return Case.objects.filter(pk__in=cases.values("pk"))
    return cases


def _columns_of(sort: str) -> tuple[str, ...]:
    if sort not in SORTS:
        raise InvalidData([FieldError("/sort", "unknown_sort", {"name": sort[:60], "allowed": list(SORTS)})])
    return SORTS[sort]


def _check_size(size: int) -> None:
    if not 1 <= size <= LARGEST_PAGE:
        raise InvalidData([FieldError("/size", "bad_page_size", {"limit": LARGEST_PAGE})])


# Filters: one small function each, from text to a narrower list. ValueError means a value that cannot be.

Filter = Callable[[QuerySet[Case], str, Viewer], QuerySet[Case]]


def _equal(column: str) -> Filter:
    return lambda cases, value, viewer: cases.filter(**{column: value})


def _status(cases: QuerySet[Case], value: str, viewer: Viewer) -> QuerySet[Case]:
    if value == "open":
        return cases.exclude(state_category__in=RESTING)
    if value == "unfinished":
        return cases.filter(~Q(state_category__in=RESTING) | _to_be_archived(viewer))
    if value == "rest":
        return cases.filter(state_category__in=RESTING)
    if value == "all":
        return cases
    if value in ("initial", "active", "waiting", "done", "archived"):
        return cases.filter(state_category=value)
    raise ValueError(value)


def _to_be_archived(viewer: Viewer) -> Q:
    """Cases that are done and still have to be put into the archive."""
    found = Q(pk__in=[])
    for desk in viewer.desks():
        process = pack_in_force(desk, viewer.now).lifecycle
        done = [name for name, state in process.states.items() if state.category == "done"]
        left = [name for name in done if any(_archives(process, t, name) for t in process.from_state(name))]
        found |= Q(desk=desk, state__in=left)
    return found


def _archives(process: Process, step: Transition, state: str) -> bool:
    return process.states[step.target(state)].category == "archived"


def _category(cases: QuerySet[Case], value: str, viewer: Viewer) -> QuerySet[Case]:
    return cases.filter(Q(category=value) | Q(category__startswith=f"{value}/"))


def _department(cases: QuerySet[Case], value: str, viewer: Viewer) -> QuerySet[Case]:
    if value == "none":
        return cases.filter(department=None)
    units = units_of(viewer) if value == "mine" else subtree([_id(value)])
    return cases.filter(Q(department__in=units) | Q(team__in=units))


def subtree(roots: list[int]) -> QuerySet[Department]:
    """The departments and everything below them."""
    scope = Q(pk__in=[])
    for path in Department.objects.filter(pk__in=roots).values_list("path", flat=True):
        scope |= Q(path__startswith=path)
    return Department.objects.filter(scope)


def units_of(viewer: Viewer) -> QuerySet[Department]:
    """The viewer's own department, those in which they hold a role, and everything below."""
    person = viewer.person
    roots = {person.department_id} | set(person.memberships.values_list("department_id", flat=True))
    return subtree([root for root in roots if root is not None])


def _handler(cases: QuerySet[Case], value: str, viewer: Viewer) -> QuerySet[Case]:
    if value == "none":
        return cases.filter(handler=None)
    return cases.filter(handler=viewer.person.pk if value == "me" else _id(value))


def _mine(cases: QuerySet[Case], value: str, viewer: Viewer) -> QuerySet[Case]:
    """The cases whose next step is the viewer's, as handler or in a role."""
    if value not in ("yes", "no"):
        raise ValueError(value)
    return cases.filter(waiting_for(viewer)) if value == "yes" else cases.exclude(waiting_for(viewer))


def _id(value: str) -> int:
    if not value.isascii() or not value.isdigit() or len(value) > 15:
        raise ValueError(value)
    return int(value)


def _complainant_of(cases: QuerySet[Case], value: str, viewer: Viewer) -> QuerySet[Case]:
    """The other cases of whoever complains in a visible case; nobody is found through a case that hides its reporter."""
    known = visible_to(viewer).filter(number=value, hides_reporter=False)
    return cases.filter(complainant__in=known.values("complainant"), hides_reporter=False).exclude(number=value)


def _missed(cases: QuerySet[Case], value: str, viewer: Viewer) -> QuerySet[Case]:
    """The cases on which a clock, named by its id, was not kept or is past its due date."""
    kept_late = Q(stopped_at__gt=F("due_at")) | Q(stopped_at=None, due_at__lte=viewer.now)
    late = ClockRow.objects.filter(kept_late, rule=value)
    return cases.filter(pk__in=late.values("case"))


def _first(name: str) -> Filter:
    """By what a case was classified as at first; the present value is a filter of its own."""
    fact = KeyTransform(name, KeyTransform("values", Cast("facts", JSONField())))
    return lambda cases, value, viewer: cases.alias(**{name: fact}).filter(**{name: value})


def _overdue(cases: QuerySet[Case], value: str, viewer: Viewer) -> QuerySet[Case]:
    """The cases on which a clock, named by its id, runs and is past its due date."""
    late = ClockRow.objects.filter(rule=value, stopped_at=None, due_at__lte=viewer.now)
    return cases.filter(pk__in=late.values("case"))


def _yes_no(column: str) -> Filter:
    def narrowed(cases: QuerySet[Case], value: str, viewer: Viewer) -> QuerySet[Case]:
        if value not in ("yes", "no"):
            raise ValueError(value)
        return cases.filter(**{column: value == "yes"})

    return narrowed


def _late(cases: QuerySet[Case], value: str, viewer: Viewer) -> QuerySet[Case]:
    """Late is read from the clock's own due date, so that a sweep that is behind hides nothing."""
    if value == "soon":
        return cases.filter(due_at__gt=viewer.now, due_at__lte=viewer.now + timedelta(hours=24)).exclude(
            state_category__in=RESTING
        )
    if value not in ("yes", "no"):
        raise ValueError(value)
    late = Q(is_late=True) | Q(due_at__lte=viewer.now)
    return cases.filter(late) if value == "yes" else cases.exclude(late)


def _from_day(column: str) -> Filter:
    return lambda cases, value, viewer: cases.filter(**{f"{column}__gte": date.fromisoformat(value)})


def _to_day(column: str) -> Filter:
    return lambda cases, value, viewer: cases.filter(**{f"{column}__lte": date.fromisoformat(value)})


def _archived_in(cases: QuerySet[Case], value: str, viewer: Viewer) -> QuerySet[Case]:
    """A year (2026) or a month (2026-03) of the desk's own calendar."""
    year, _, month = value.partition("-")
    first = date(int(year), int(month) if month else 1, 1)
    last = date(first.year + 1, 1, 1) if not month else (first + timedelta(days=32)).replace(day=1)
    return cases.filter(archived_on__gte=first, archived_on__lt=last)


def _text(cases: QuerySet[Case], value: str, viewer: Viewer) -> QuerySet[Case]:
    """The number or its beginning, or the words of the case."""
    text = value.strip()[:200]
    if not text:
        return cases
    return cases.filter(Q(pk__in=matching(Case.objects.all(), text).values("pk")) | Q(number__istartswith=text))


FILTERS: dict[str, Filter] = {
    "desk": _equal("desk__code"),
    "status": _status,
    "state": _equal("state"),
    "kind": _equal("kind"),
    "channel": _equal("channel"),
    "channel_group": _equal("channel_group"),
    "category": _category,
    "level": _equal("level"),
    "first_category": _first("first_category"),
    "first_level": _first("first_level"),
    "outcome": _equal("outcome"),
    "department": _department,
    "handler": _handler,
    "mine": _mine,
    "partner": _equal("partner__name"),
    "waits_for": _equal("waits_for"),
    "late": _late,
    "overdue": _overdue,
    "missed": _missed,
    "urgent": _yes_no("urgent"),
    "internal": _yes_no("internal"),
    "counts": _yes_no("counts"),
    "taken_over": _yes_no("taken_over"),
    "received_from": _from_day("received_on"),
    "received_to": _to_day("received_on"),
    "archived_in": _archived_in,
    "number": _equal("number"),
    "complainant_of": _complainant_of,
    "text": _text,
}
"""What a list may be narrowed by; nothing else reaches the database."""


# The cursor: the sort key of the last row shown.


def _after(columns: tuple[str, ...], values: list[Any]) -> Q:
    """Everything behind a key: larger in the first column, or equal there and behind in the rest."""
    found, equal = Q(pk__in=[]), Q()
    for column, value in zip(columns, values, strict=True):
        name = column.lstrip("-")
        beyond = f"{name}__lt" if column.startswith("-") else f"{name}__gt"
        found |= equal & Q(**{beyond: value})
        equal &= Q(**{name: value})
    return found


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
    if column == "urgent":
        return bool(value)
    if column == "priority":
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
    rows = (
        archived.order_by()
        .values(year=ExtractYear("archived_on"), month=ExtractMonth("archived_on"))
        .annotate(count=Count("pk"))
    )
    found = [Shelf(row["year"], row["month"], row["count"]) for row in rows]
    return sorted(found, key=lambda shelf: (shelf.year, shelf.month), reverse=True)


def earlier_contacts(viewer: Viewer, *, phone: str = "", email: str = "", name: str = "", size: int = 8) -> list[Case]:
    """The visible cases of whoever has this telephone number or e-mail, or else exactly this name; newest first.

    A case that hides its reporter is never found by who reported it.
    """
    reached = [("phone", phone), ("email", email)]
    points = Q(pk__in=[])
    for kind, value in reached:
        if value.strip():
            points |= Q(kind=kind, normal=normal_contact(kind, value))
    if points == Q(pk__in=[]):
        return _cases_under_name(viewer, name, size)
    complainants = ContactPoint.objects.filter(points).values("complainant")
    cases = each_once(visible_to(viewer)).filter(complainant__in=complainants, hides_reporter=False)
    return list(cases.select_related("desk").defer("facts").order_by("-received_at")[:size])


def _cases_under_name(viewer: Viewer, name: str, size: int) -> list[Case]:
    if len(name.strip()) < 2:
        return []
    cases = each_once(visible_to(viewer)).filter(complainant__name=name.strip(), hides_reporter=False)
    return list(cases.select_related("desk").defer("facts").order_by("-received_at")[:size])
