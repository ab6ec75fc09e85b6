"""The improvement board: every measure by where it stands, over the desks of whoever looks, those overdue first."""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from amends.apps.cases.facts import pack_of
from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.cases.proceedings.queries import RELATED, visible_proceedings
from amends.apps.cases.queries import Viewer
from amends.apps.keyset import behind
from amends.apps.people.models import Person
from amends.core.canonical import utc_text
from amends.core.form_data import options_of
from amends.core.policy.lifecycle import RESTING
from amends.core.policy.pack import Pack
from amends.core.policy.proceedings import ProceedingKind
from amends.core.refusals import FieldError, InvalidData
from amends.doors.routes import route
from amends.doors.wording import faults, words
from amends.web.viewing import packs_of, viewer_of, zone_of

SHOWN = 15
"""So many cards a column shows at first, and each time more are asked for."""


@dataclass(slots=True)
class Column:
    """One column: the states of that name over all kinds on the board, and the cards that are shown of it."""

    key: str
    title: str
    category: str
    where: Q = field(default_factory=Q)
    cards: list[Card] = field(default_factory=list)
    next_cursor: str = ""

    @property
    def has_ended(self) -> bool:
        return self.category in RESTING


@dataclass(frozen=True, slots=True)
class Card:
    """One measure as the board shows it. `before` and `after` are the figures of its effect, as far as they are known."""

    row: Proceeding
    kind: str
    owner: str
    cause: str
    before: Any
    after: Any
    is_late: bool


@route(audience="staff", permission="signed_in", kind="proceeding")
def board(request: HttpRequest) -> HttpResponse:
    """The columns with their first cards; asked for one column by htmx, its next cards alone."""
    viewer = viewer_of(request)
    desk = request.GET.get("desk", "")
    columns = list(columns_of(viewer, desk))
    context: dict[str, Any] = {
        "area": "proceedings", "zone": _zone(viewer), "desk": desk, "columns": columns,
        "desks": [(d.code, words(d.called)) for d, pack in packs_of(viewer).items() if any(_on_board(pack))], "status": 200,
    }  # fmt: skip
    try:
        _refuse_unknown(request, {code for code, _ in context["desks"]})
        if asked := request.GET.get("column"):
            column = _named(columns, asked)
            fill(viewer, [column], cursor=request.GET.get("cursor", ""))
            return render(request, "proceedings/_cards.html", {**context, "column": column})
        fill(viewer, columns)
        context["has_cards"] = any(column.cards for column in columns)
    except InvalidData as refusal:
        context |= {"columns": [], "problems": [s for some in faults(refusal).values() for s in some], "status": 422}
    return render(request, "proceedings/board.html", context, status=context["status"])


def _refuse_unknown(request: HttpRequest, desks: set[str]) -> None:
    allowed = ("desk", "column", "cursor")
    errors = [
        FieldError(f"/{name}", "unknown_filter", {"name": name[:60], "allowed": list(allowed)})
        for name in request.GET
        if name not in allowed
    ]
    if (desk := request.GET.get("desk")) and desk not in desks:
        errors.append(FieldError("/desk", "bad_filter_value", {"name": "desk", "value": desk[:60]}))
    if errors:
        raise InvalidData(errors)


def _named(columns: Iterable[Column], key: str) -> Column:
    found = next((column for column in columns if column.key == key), None)
    if found is None:
        raise InvalidData([FieldError("/column", "bad_filter_value", {"name": "column", "value": key[:60]})])
    return found


def _zone(viewer: Viewer) -> Any:
    packs = list(packs_of(viewer).values())
    return zone_of(packs[0]) if packs else None


def _on_board(pack: Pack) -> Iterator[tuple[str, ProceedingKind]]:
    return ((name, kind) for name, kind in pack.proceedings.items() if kind.board is not None)


def columns_of(viewer: Viewer, desk: str = "") -> Iterable[Column]:
    """The columns in the order of the policies, what is open before what has ended; states of one name stand together."""
    found: dict[str, Column] = {}
    for one, pack in packs_of(viewer).items():
        if desk and one.code != desk:
            continue
        for name, kind in _on_board(pack):
            for state_id, state in kind.states.items():
                title = words(state.title)
                column = found.setdefault(title, Column(f"{name}.{state_id}", title, state.category))
                column.where |= Q(desk=one, kind=name, state=state_id)
    return sorted(found.values(), key=lambda column: column.has_ended)


def fill(viewer: Viewer, columns: list[Column], *, cursor: str = "") -> None:
    """Put the first cards into each column, or those after the cursor; one query a column and one for the owners."""
    pages = [(column, _page(viewer, column, cursor)) for column in columns]
    people = _owners(row for _, rows in pages for row in rows)
    for column, rows in pages:
        column.cards = [_card(row, people) for row in rows[:SHOWN]]
        column.next_cursor = _cursor_at(rows[SHOWN - 1], column) if len(rows) > SHOWN else ""


def _page(viewer: Viewer, column: Column, cursor: str) -> list[Proceeding]:
    """Open ones by due date, so that what is overdue comes first; ended ones from the latest."""
    found: QuerySet[Proceeding] = visible_proceedings(viewer).filter(column.where).select_related(*RELATED)
    if cursor:
        at, key = _read_cursor(cursor)
        after = behind({"-changed_at": at, "id": key}) if column.has_ended else behind({"due_sort": at, "id": key})
        found = found.filter(after)
    order = ("-changed_at", "id") if column.has_ended else ("due_sort", "id")
    return list(found.order_by(*order)[: SHOWN + 1])


def _cursor_at(row: Proceeding, column: Column) -> str:
    at = row.changed_at if column.has_ended else row.due_sort
    return base64.urlsafe_b64encode(json.dumps([utc_text(at), str(row.pk)]).encode()).decode().rstrip("=")


def _read_cursor(text: str) -> tuple[datetime, uuid.UUID]:
    try:
        at, key = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        return datetime.fromisoformat(str(at).replace("Z", "+00:00")), uuid.UUID(str(key))
    except (binascii.Error, ValueError, TypeError) as error:
        raise InvalidData([FieldError("/cursor", "bad_cursor", {})]) from error


def _owners(rows: Iterable[Proceeding]) -> dict[int, str]:
    named = {_values(row).get(_rule(row).owner) for row in rows}
    return dict(Person.objects.filter(pk__in=[n for n in named if isinstance(n, int)]).values_list("pk", "name"))


def _rule(row: Proceeding) -> Any:
    return pack_of(row).proceedings[row.kind].board


def _values(row: Proceeding) -> Mapping[str, Any]:
    values: Mapping[str, Any] = json.loads(row.facts)["values"]
    return values


def _card(row: Proceeding, people: Mapping[int, str]) -> Card:
    pack, rule, values = pack_of(row), _rule(row), _values(row)
    return Card(
        row=row, kind=words(pack.proceedings[row.kind].title), owner=people.get(values.get(rule.owner, 0), ""),
        cause=_cause(pack, rule.cause, values), before=values.get(rule.before or ""), after=values.get(rule.after or ""),
        is_late=row.is_late and row.is_open,
    )  # fmt: skip


def _cause(pack: Pack, name: str | None, values: Mapping[str, Any]) -> str:
    definition = pack.fields.get(name or "")
    value = values.get(name or "")
    return words(options_of(definition, pack).get(value, "")) if definition is not None and value else ""
