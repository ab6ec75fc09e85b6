"""The call list: cases and proceedings whose customers are to be called back, by when, as the packs say.

Nothing is stored for it: a call is a running clock of a case, or an open proceeding of a kind that is one.
"""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from amends.apps.cases.models import Case, ClockRow
from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.cases.proceedings.queries import visible_proceedings
from amends.apps.cases.queries import Viewer, below, packs_of, visible_to
from amends.apps.policies.models import Desk
from amends.core.canonical import utc_text
from amends.core.policy.followups import Call
from amends.core.policy.lifecycle import RESTING
from amends.core.policy.pack import Pack
from amends.core.refusals import FieldError, InvalidData

PAGE = 50
WHEN = ("due", "overdue", "all")
"""Until the end of today, past their time, or whenever they are due."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One call: which kind of the pack, on which case or proceeding, by when, and how often it was tried."""

    kind: Call
    pack: Pack
    due_at: datetime
    case: Case | None
    proceeding: Proceeding | None
    attempts: int

    @property
    def row(self) -> Case | Proceeding:
        return self.proceeding or self.case  # type: ignore[return-value]

    @property
    def key(self) -> tuple[str, int, str]:
        """Its place in the list."""
        row = self.row
        return utc_text(self.due_at), int(self.proceeding is not None), str(row.pk)


@dataclass(frozen=True, slots=True)
class CallsPage:
    """One page of calls, those due first at the top."""

    calls: list[Planned]
    next_cursor: str | None


def desks_that_call(viewer: Viewer) -> dict[Desk, Pack]:
    """The desks on which the viewer works and whose policy calls customers back."""
    return {d: pack for d, pack in packs_of(viewer).items() if viewer.works_on(d) and pack.followups.calls}


def calls_page(viewer: Viewer, asked: Mapping[str, str], *, cursor: str = "", size: int = PAGE) -> CallsPage:
    """The calls that the viewer sees under the filters `when`, `desk`, `mine` and `department`, paged by key.

    Two queries, whatever the number of rows, beside those of the scope. Raises InvalidData for an unknown filter or cursor.
    """
    cases, proceedings = _narrowed(viewer, asked)
    if cursor:
        due, is_proceeding, key = _read_cursor(cursor)
        later = Q(due_at__gt=due)
        cases = cases.filter(later if is_proceeding else later | Q(due_at=due, case__gt=key))
        same = Q(due_at=due, pk__gt=key) if is_proceeding else Q(due_at=due)
        proceedings = proceedings.filter(later | same)
    packs = desks_that_call(viewer)
    found = [*_of_clocks(cases[: size + 1], packs), *_of_proceedings(proceedings[: size + 1], packs)]
    found.sort(key=lambda one: one.key)
    rest = found[size:]
    return CallsPage(found[:size], _cursor(found[size - 1]) if rest else None)


def count_calls(viewer: Viewer, asked: Mapping[str, str]) -> dict[str, int]:
    """How many calls there are under the filters other than `when`, by what may be asked for under it; two queries."""
    cases, proceedings = _narrowed(viewer, {**asked, "when": "all"})
    due = {when: _due(viewer, when) for when in WHEN}
    of_cases = cases.order_by().aggregate(**{when: Count("pk", filter=one.clocks) for when, one in due.items()})
    of_kinds = proceedings.order_by().aggregate(**{when: Count("pk", filter=one.kinds) for when, one in due.items()})
    return {when: of_cases[when] + of_kinds[when] for when in WHEN}


def call_on_case(case: Case, pack: Pack) -> Call | None:
    """The call that is due on a case now; None when no clock of one runs."""
    running = set(case.clocks.filter(stopped_at=None).values_list("rule", flat=True))
    return next((call for call in pack.followups.calls.values() if running & set(call.due_by())), None)


def call_of_kind(kind: str, pack: Pack) -> Call | None:
    """The call that proceedings of a kind are; None when they are none."""
    return next((call for call in pack.followups.calls.values() if call.proceeding == kind), None)


def attempts_on(row: Case | Proceeding, call: Call) -> int:
    """How often the customer was called in vain, as the facts of the row say."""
    return len(json.loads(row.facts)["lists"].get(call.attempts, ())) if call.attempts else 0


def _narrowed(viewer: Viewer, asked: Mapping[str, str]) -> tuple[QuerySet[ClockRow], QuerySet[Proceeding]]:
    """The clocks and proceedings that are calls under the filters, those due first at the top."""
    _refuse_unknown(asked)
    due = _due(viewer, asked.get("when", "due"), desk=asked.get("desk", ""))
    cases = ClockRow.objects.filter(due.clocks, stopped_at=None, case__in=visible_to(viewer).values("pk"))
    proceedings = visible_proceedings(viewer).filter(due.kinds).exclude(state_category__in=RESTING)
    if asked.get("mine"):
        cases = cases.filter(case__registered_by=viewer.person)
        proceedings = proceedings.filter(begun_by=viewer.person)
    if asked.get("department"):
        inside = below(int(asked["department"]))
        cases = cases.filter(case__department__in=inside)
        proceedings = proceedings.filter(Q(case__department__in=inside) | Q(department__in=inside))
    related = ("case__complainant", "case__department", "case__desk", "case__handler")
    return (
        cases.select_related(*related).order_by("due_at", "case"),
        proceedings.select_related("desk", *related).order_by("due_at", "pk"),
    )


@dataclass(frozen=True, slots=True)
class _Due:
    """The conditions of clocks and of proceedings for being a call that is due."""

    clocks: Q
    kinds: Q


def _due(viewer: Viewer, when: str, *, desk: str = "") -> _Due:
    of_clocks, of_kinds = Q(pk__in=[]), Q(pk__in=[])
    for one, pack in desks_that_call(viewer).items():
        if desk and desk != one.code:
            continue
        before = _until(when, pack, viewer.now)
        soon = Q(due_at__lte=before) if before else Q(due_at__isnull=False)
        calls = pack.followups.calls.values()
        kinds = [call.proceeding for call in calls if call.proceeding]
        of_clocks |= Q(case__desk=one) & soon & reduce(or_, map(_due_by, calls), Q(pk__in=[]))
        of_kinds |= Q(desk=one, kind__in=kinds) & soon
    return _Due(of_clocks, of_kinds)


def _due_by(call: Call) -> Q:
    """The clocks by which a call is due; after one in vain, the clock for calling again instead of the others."""
    if call.again is None:
        return Q(rule__in=call.clocks)
    waits = ClockRow.objects.filter(case=OuterRef("case"), rule=call.again, stopped_at=None)
    return Q(rule=call.again) | (Q(rule__in=call.clocks) & ~Q(Exists(waits)))


def _until(when: str, pack: Pack, now: datetime) -> datetime | None:
    if when == "all":
        return None
    if when == "overdue":
        return now
    local = now.astimezone(ZoneInfo(pack.head.zone))
    return local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def _refuse_unknown(asked: Mapping[str, str]) -> None:
    values = {"when": asked.get("when", "due") in WHEN, "mine": asked.get("mine", "") in ("", "yes")}
    values["department"] = not asked.get("department") or (
        asked["department"].isascii() and asked["department"].isdigit()
    )
    errors = [
        FieldError(f"/{name}", "bad_filter_value", {"name": name, "value": asked[name][:60]})
        for name, is_good in values.items()
        if not is_good
    ]
    if errors:
        raise InvalidData(errors)


def _of_clocks(rows: QuerySet[ClockRow], packs: Mapping[Desk, Pack]) -> Iterator[Planned]:
    for row in rows:
        case = row.case
        if case is None or row.due_at is None:
            continue
        pack = packs[case.desk]
        call = next(one for one in pack.followups.calls.values() if row.rule in one.due_by())
        yield Planned(call, pack, row.due_at, case, None, attempts_on(case, call))


def _of_proceedings(rows: QuerySet[Proceeding], packs: Mapping[Desk, Pack]) -> Iterator[Planned]:
    for row in rows:
        call = call_of_kind(row.kind, packs[row.desk])
        if call is not None and row.due_at is not None:
            yield Planned(call, packs[row.desk], row.due_at, row.case, row, attempts_on(row, call))


def _cursor(last: Planned) -> str:
    return base64.urlsafe_b64encode(json.dumps(last.key).encode()).decode().rstrip("=")


def _read_cursor(text: str) -> tuple[datetime, bool, str]:
    try:
        due, is_proceeding, key = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        return datetime.fromisoformat(str(due).replace("Z", "+00:00")), bool(is_proceeding), str(uuid.UUID(str(key)))
    except (binascii.Error, ValueError, TypeError) as error:
        raise InvalidData([FieldError("/cursor", "bad_cursor", {})]) from error
