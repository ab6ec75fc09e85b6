"""Lists of proceedings: allow-listed filters over what the viewer may see, by due date, paged by key."""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.cases.proceedings.queries import RELATED, visible_proceedings, waiting_proceedings
from amends.apps.cases.queries import Viewer
from amends.apps.keyset import behind
from amends.core.canonical import utc_text
from amends.core.policy.lifecycle import RESTING
from amends.core.refusals import FieldError, InvalidData

LARGEST_PAGE = 200


@dataclass(frozen=True, slots=True)
class ProceedingsPage:
    """One page of proceedings, those due first at the top; `next_cursor` leads to the one after it."""

    rows: list[Proceeding]
    next_cursor: str | None


def proceedings_page(
    viewer: Viewer, filters: Mapping[str, Any], *, cursor: str | None = None, size: int = 50
) -> ProceedingsPage:
    """One page of what the viewer may see and the filters let through.

    Raises InvalidData for an unknown filter, page size or cursor. One query, whatever the number of rows, beside those of the scope.
    """
    if not 1 <= size <= LARGEST_PAGE:
        raise InvalidData([FieldError("/size", "bad_page_size", {"limit": LARGEST_PAGE})])
    found = filtered_proceedings(viewer, filters, for_a_page=True)
    if cursor:
        due, key = _read_cursor(cursor)
        found = found.filter(behind({"due_sort": due, "id": key}))
    rows = list(found.select_related(*RELATED).defer("facts").order_by("due_sort", "id")[: size + 1])
    last = rows[size - 1] if len(rows) > size else None
    return ProceedingsPage(rows[:size], _cursor_at(last) if last else None)


def filtered_proceedings(
    viewer: Viewer, filters: Mapping[str, Any], *, for_a_page: bool = False
) -> QuerySet[Proceeding]:
    """The visible proceedings under the filters; an empty value filters nothing. Raises InvalidData for an unknown one."""
    waiting = str(filters.get("waiting") or "") == "me"
    found = waiting_proceedings(viewer) if waiting else visible_proceedings(viewer, for_a_page=for_a_page)
    errors: list[FieldError] = []
    for name, value in filters.items():
        if name not in FILTERS:
            errors.append(FieldError(f"/{name}", "unknown_filter", {"name": name[:60], "allowed": list(FILTERS)}))
        elif value not in ("", None):
            try:
                found = FILTERS[name](found, str(value))
            except ValueError:
                errors.append(FieldError(f"/{name}", "bad_filter_value", {"name": name, "value": str(value)[:60]}))
    if errors:
        raise InvalidData(errors)
    return found


def _status(found: QuerySet[Proceeding], value: str) -> QuerySet[Proceeding]:
    if value == "open":
        return found.exclude(state_category__in=RESTING)
    if value == "rest":
        return found.filter(state_category__in=RESTING)
    if value == "all":
        return found
    raise ValueError(value)


def _waiting(found: QuerySet[Proceeding], value: str) -> QuerySet[Proceeding]:
    if value != "me":
        raise ValueError(value)
    return found


def _late(found: QuerySet[Proceeding], value: str) -> QuerySet[Proceeding]:
    if value not in ("yes", "no"):
        raise ValueError(value)
    return found.filter(is_late=value == "yes")


def _plain(column: str) -> Callable[[QuerySet[Proceeding], str], QuerySet[Proceeding]]:
    def narrowed(found: QuerySet[Proceeding], value: str) -> QuerySet[Proceeding]:
        if "\x00" in value:
            raise ValueError(value)
        return found.filter(**{column: value})

    return narrowed


FILTERS: dict[str, Callable[[QuerySet[Proceeding], str], QuerySet[Proceeding]]] = {
    "desk": _plain("desk__code"),
    "kind": _plain("kind"),
    "case": _plain("case__number"),
    "state": _plain("state"),
    "status": _status,
    "waiting": _waiting,
    "late": _late,
}


def _cursor_at(row: Proceeding) -> str:
    return base64.urlsafe_b64encode(json.dumps([utc_text(row.due_sort), str(row.pk)]).encode()).decode().rstrip("=")


def _read_cursor(text: str) -> tuple[datetime, uuid.UUID]:
    try:
        due, key = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        return datetime.fromisoformat(str(due).replace("Z", "+00:00")), uuid.UUID(str(key))
    except (binascii.Error, ValueError, TypeError) as error:
        raise InvalidData([FieldError("/cursor", "bad_cursor", {})]) from error
