"""What a list of cases may be narrowed by: one small function for each filter, from text to a condition."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import F, JSONField, Q, QuerySet
from django.db.models.fields.json import KeyTransform, KeyTransformExact
from django.db.models.functions import Cast

from amends.apps.cases.models import Case, ClockRow
from amends.apps.cases.queries import Viewer, tasks_of, to_be_contacted, visible_to, waiting_for
from amends.apps.cases.search import matching
from amends.apps.people.models import Department
from amends.apps.policies.queries import NoPackInForce, pack_in_force
from amends.core.policy.lifecycle import RESTING
from amends.core.policy.pack import Pack
from amends.core.queue_order import Band
from amends.core.refusals import FieldError, InvalidData

SOON = timedelta(hours=24)
Filter = Callable[[str, Viewer], Q]
"""From the text of a filter to its condition. ValueError means a value that cannot be."""


def filtered(viewer: Viewer, filters: Mapping[str, Any]) -> QuerySet[Case]:
    """The visible cases under the filters; an empty value filters nothing. Raises InvalidData for an unknown one."""
    return visible_to(viewer).filter(condition_of(viewer, filters))


def condition_of(viewer: Viewer, filters: Mapping[str, Any]) -> Q:
    """All filters as one condition. Raises InvalidData naming every filter and value that is not on offer."""
    condition, errors = Q(), []
    for name, value in filters.items():
        if name not in FILTERS:
            errors.append(FieldError(f"/{name}", "unknown_filter", {"name": name[:60], "allowed": list(FILTERS)}))
        elif value not in ("", None):
            try:
                if "\x00" in str(value):
                    raise ValueError(name)
                condition &= FILTERS[name](str(value), viewer)
            except (ValueError, OverflowError):
                errors.append(FieldError(f"/{name}", "bad_filter_value", {"name": name, "value": str(value)[:60]}))
    if errors:
        raise InvalidData(errors)
    return condition


def _equal(column: str) -> Filter:
    return lambda value, viewer: Q(**{column: value})


def _code(column: str) -> Filter:
    """A code of the pack, or `none` for cases that have none yet."""
    return lambda value, viewer: Q(**{column: "" if value == "none" else value})


def _yes_no(column: str) -> Filter:
    return lambda value, viewer: Q(**{column: _is_yes(value)})


def _is_yes(value: str) -> bool:
    if value not in ("yes", "no"):
        raise ValueError(value)
    return value == "yes"


def _number(value: str) -> int:
    if not value.isascii() or not value.isdigit() or len(value) > 15:
        raise ValueError(value)
    return int(value)


def _status(value: str, viewer: Viewer) -> Q:
    if value in STATUSES:
        return STATUSES[value]
    if value in ("initial", "active", "waiting", "done"):
        return Q(state_category=value)
    raise ValueError(value)


STATUSES = {
    "open": Q(band__lt=Band.TO_ARCHIVE),
    "unfinished": Q(band__lt=Band.AT_REST),
    "rest": Q(state_category__in=RESTING),
    "all": Q(),
    "archived": Q(state_category="archived", band=Band.AT_REST),
}
"""Open; open or still to be archived; at rest; whatever the state."""


def _category(value: str, viewer: Viewer) -> Q:
    if value == "none":
        return Q(category="")
    return Q(category=value) | Q(category__startswith=f"{value}/")


def _department(value: str, viewer: Viewer) -> Q:
    if value == "none":
        return Q(department=None)
    chosen = Department.objects.filter(pk=_number(value)) if value != "mine" else None
    paths = viewer.unit_paths() if chosen is None else list(chosen.values_list("path", flat=True))
    units = Department.objects.filter(any_of([Q(path__startswith=path) for path in paths])).order_by()
    return Q(department__in=units) | Q(team__in=units)


def _handler(value: str, viewer: Viewer) -> Q:
    if value == "none":
        return Q(handler=None)
    return Q(handler=viewer.person.pk if value == "me" else _number(value))


def _mine(value: str, viewer: Viewer) -> Q:
    """The cases whose next step is the viewer's, as handler or in a role."""
    return waiting_for(viewer) if _is_yes(value) else ~waiting_for(viewer)


def _complainant_of(value: str, viewer: Viewer) -> Q:
    """The other cases of whoever complains in a visible case; nobody is found through a case that hides its reporter."""
    tasks = tasks_of(viewer)
    known = visible_to(viewer).filter(number=value, hides_reporter=False).exclude(tasks)
    return Q(complainant__in=known.values("complainant"), hides_reporter=False) & ~Q(number=value) & ~tasks


def _missed(value: str, viewer: Viewer) -> Q:
    """The cases on which a clock, named by its id, was not kept or is past its due date."""
    kept_late = Q(stopped_at__gt=F("due_at")) | Q(stopped_at=None, due_at__lte=viewer.now)
    late = ClockRow.objects.filter(kept_late, rule=value)
    return Q(pk__in=late.values("case"))


def _overdue(value: str, viewer: Viewer) -> Q:
    """The cases on which a clock, named by its id, runs and is past its due date."""
    late = ClockRow.objects.filter(rule=value, stopped_at=None, due_at__lte=viewer.now)
    return Q(pk__in=late.values("case"))


def _first(name: str) -> Filter:
    """By what a case was classified as at first; the present value is a filter of its own."""
    fact = KeyTransform(name, KeyTransform("values", Cast("facts", JSONField())))
    return lambda value, viewer: Q(KeyTransformExact(fact, value))


def is_late(now: datetime) -> Q:
    """Late is read from the clock's own due date, so that a sweep that is behind hides nothing."""
    return Q(is_late=True) | Q(due_at__lte=now, due_at__isnull=False)


def _late(value: str, viewer: Viewer) -> Q:
    if value == "soon":
        return Q(due_at__gt=viewer.now, due_at__lte=viewer.now + SOON, is_late=False, band__lt=Band.TO_ARCHIVE)
    return is_late(viewer.now) if _is_yes(value) else ~is_late(viewer.now)


def _due(value: str, viewer: Viewer) -> Q:
    """Open cases whose nearest due date lies within today, the next three or the next seven days of their desk."""
    days = {"today": 0, "3d": 2, "7d": 6}[value] if value in ("today", "3d", "7d") else _refuse(value)
    within = [Q(desk=desk, due_at__lt=_end_of_day(pack, viewer.now, days)) for desk, pack in _packs(viewer)]
    return Q(band__lt=Band.TO_ARCHIVE) & any_of(within)


def _promised(value: str, viewer: Viewer) -> Q:
    """Open cases with a time promised to the customer that has not been kept yet: until the end of today, or at any time."""
    if value not in ("today", "any"):
        raise ValueError(value)
    rows = ClockRow.objects.filter(stopped_at=None, due_at__isnull=False)
    found = []
    for desk, pack in _packs(viewer):
        rules = [rule.id for rule in pack.clocks if rule.limit.shape == "promise"]
        on_desk = rows.filter(case__desk=desk, rule__in=rules)
        found.append(on_desk if value == "any" else on_desk.filter(due_at__lt=_end_of_day(pack, viewer.now, 0)))
    return Q(band__lt=Band.TO_ARCHIVE) & any_of([Q(pk__in=one.values("case")) for one in found])


def _word(value: str, viewer: Viewer) -> Q:
    """Open cases by when their customer has to hear from the house next: missed, until the end of today, or at any time."""
    unfinished = Q(band__lt=Band.TO_ARCHIVE, word_due_at__isnull=False)
    if value == "late":
        return unfinished & Q(word_due_at__lte=viewer.now)
    if value == "today":
        within = [Q(desk=desk, word_due_at__lt=_end_of_day(pack, viewer.now, 0)) for desk, pack in _packs(viewer)]
        return unfinished & any_of(within)
    return unfinished if value == "any" else _refuse(value)


def _task(value: str, viewer: Viewer) -> Q:
    """Cases on which somebody has to speak with the customer: the viewer (`mine`) or anybody (`any`)."""
    if value not in ("mine", "any"):
        raise ValueError(value)
    return to_be_contacted(viewer, mine=value == "mine")


def any_of(conditions: list[Q]) -> Q:
    """One of the conditions; never, where there is none."""
    found = Q(pk__in=[])
    for condition in conditions:
        found |= condition
    return found


def _packs(viewer: Viewer) -> list[tuple[Any, Pack]]:
    found = []
    for desk in viewer.desks():
        try:
            found.append((desk, pack_in_force(desk, viewer.now)))
        except NoPackInForce:
            continue
    return found


def _end_of_day(pack: Pack, now: datetime, days: int) -> datetime:
    """Midnight at the end of today, or of a later day, where the desk is."""
    local = now.astimezone(ZoneInfo(pack.head.zone))
    return local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=days + 1)


def _refuse(value: str) -> Any:
    raise ValueError(value)


def _said(value: str, viewer: Viewer) -> Q:
    """Whether the customer has said something that nobody of the house has acted upon yet."""
    return Q(customer_said_at__isnull=not _is_yes(value))


def _questions(value: str, viewer: Viewer) -> Q:
    """Whether a question of the customer is open."""
    return Q(questions_open__gt=0) if _is_yes(value) else Q(questions_open=0)


def _from_day(column: str) -> Filter:
    return lambda value, viewer: Q(**{f"{column}__gte": date.fromisoformat(value)})


def _to_day(column: str) -> Filter:
    return lambda value, viewer: Q(**{f"{column}__lte": date.fromisoformat(value)})


def _changed_since(value: str, viewer: Viewer) -> Q:
    """What others changed after a moment."""
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None or moment.year < 1900:
        raise ValueError(value)
    return Q(changed_at__gt=moment) & ~Q(changed_by=viewer.person.actor_id)


def _archived_in(value: str, viewer: Viewer) -> Q:
    """A year (2026) or a month (2026-03) of the desk's own calendar."""
    year, _, month = value.partition("-")
    first = date(int(year), int(month) if month else 1, 1)
    last = date(first.year + 1, 1, 1) if not month else (first + timedelta(days=32)).replace(day=1)
    return Q(archived_on__gte=first, archived_on__lt=last)


def _text(value: str, viewer: Viewer) -> Q:
    """The number or its beginning, or the words of a case that is seen in full."""
    text = value.strip()[:200]
    if not text:
        return Q()
    said = Q(pk__in=matching(Case.objects.all(), text).values("pk")) & ~tasks_of(viewer)
    return said | Q(number__istartswith=text)


FILTERS: dict[str, Filter] = {
    "desk": _equal("desk__code"),
    "status": _status,
    "state": _equal("state"),
    "kind": _equal("kind"),
    "channel": _equal("channel"),
    "channel_group": _equal("channel_group"),
    "category": _category,
    "level": _code("level"),
    "first_category": _first("first_category"),
    "first_level": _first("first_level"),
    "outcome": _code("outcome"),
    "department": _department,
    "handler": _handler,
    "mine": _mine,
    "partner": _equal("partner__name"),
    "waits_for": _equal("waits_for"),
    "late": _late,
    "due": _due,
    "promised": _promised,
    "said": _said,
    "word": _word,
    "task": _task,
    "questions": _questions,
    "overdue": _overdue,
    "missed": _missed,
    "urgent": _yes_no("urgent"),
    "internal": _yes_no("internal"),
    "counts": _yes_no("counts"),
    "taken_over": _yes_no("taken_over"),
    "received_from": _from_day("received_on"),
    "received_to": _to_day("received_on"),
    "archived_in": _archived_in,
    "changed_since": _changed_since,
    "number": _equal("number"),
    "complainant_of": _complainant_of,
    "text": _text,
}
"""What a list may be narrowed by; nothing else reaches the database."""
