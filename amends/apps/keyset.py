"""Paging by the place where the last page ended: a page costs the same wherever it lies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Q


def behind(place: Mapping[str, Any]) -> Q:
    """What stands behind a place: the columns in the order of `order_by`, as it names them (`-day`), with their values there.

    The first column is said as a range, so that the database begins at the place; the alternatives alone would let it go through
    everything that lies before it.
    """
    found = Q()
    for name, value in reversed(list(place.items())):
        column, way = name.removeprefix("-"), "lt" if name.startswith("-") else "gt"
        further = Q(**{f"{column}__{way}": value})
        found = Q(**{f"{column}__{way}e": value}) & (further | found) if found else further
    return found
