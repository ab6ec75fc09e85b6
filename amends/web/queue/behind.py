"""The cases behind a figure, a page at a time."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from amends.apps.cases.models import Case
from amends.core.refusals import FieldError, InvalidData
from amends.web.queue.rows import rows_of
from amends.web.viewing import viewer_of

PAGE_SIZE = 50


def page_of_cases(request: HttpRequest, found: QuerySet[Any, Any]) -> dict[str, Any]:
    """These cases as lines, the latest first, and what leads to the next page. Raises InvalidData for a cursor that is none."""
    start = _start(request.GET.get("cursor", ""))
    keys = list(found.order_by("-received_at", "pk").values_list("pk", flat=True)[start : start + PAGE_SIZE + 1])
    related = Case.objects.select_related("desk", "department", "handler", "pack").defer("facts")
    kept = related.in_bulk(keys[:PAGE_SIZE])
    following = request.GET.copy()
    following["cursor"] = str(start + PAGE_SIZE)
    return {
        "rows": rows_of([kept[key] for key in keys[:PAGE_SIZE] if key in kept], viewer_of(request).now),
        "next": following.urlencode() if len(keys) > PAGE_SIZE else "",
    }


def _start(cursor: str) -> int:
    if cursor and (not cursor.isdecimal() or len(cursor) > 7):
        raise InvalidData([FieldError("/cursor", "bad_cursor")])
    return int(cursor or 0)
