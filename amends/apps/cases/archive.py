"""The archive as it stands on its shelves: by category beside the months, in the order of archiving."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Count

from amends.apps.cases.filters import filtered
from amends.apps.cases.queries import Viewer
from amends.apps.policies.models import Desk
from amends.core.policy.pack import Pack


def counts_by_category(viewer: Viewer, filters: Mapping[str, Any]) -> dict[str, int]:
    """How many archived files the viewer may see in each category under the filters; one query."""
    archived = filtered(viewer, filters).filter(archived_on__isnull=False)
    rows = archived.order_by().values("category").annotate(count=Count("pk")).values_list("category", "count")
    return dict(rows)


def may_search_archive(viewer: Viewer, desk: Desk, pack: Pack) -> bool:
    """Whether a role that the viewer holds on the desk opens its archive."""
    return _holds(viewer, desk, pack, "search_archive")


def may_export_archive(viewer: Viewer, desk: Desk, pack: Pack) -> bool:
    """Whether a role that the viewer holds on the desk exports from its archive; asked again for each file."""
    return _holds(viewer, desk, pack, "export")


def _holds(viewer: Viewer, desk: Desk, pack: Pack, right: str) -> bool:
    held = {h.role for h in viewer.caller(desk, pack).holdings}
    return any(right in pack.roles.roles[name].may for name in held if name in pack.roles.roles)
