"""Saved views: who may share them where, who finds them, and what is kept of a list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from django.db import transaction
from django.db.models import Q, QuerySet

from amends.apps.cases.filters import FILTERS
from amends.apps.cases.listing import PARTS, SORTS
from amends.apps.cases.queries import Viewer
from amends.apps.lists.models import SavedView
from amends.apps.people.models import Department
from amends.apps.policies.models import Desk
from amends.apps.policies.queries import NoPackInForce, pack_in_force
from amends.apps.prepared import prepared
from amends.core.form_data import checked_text
from amends.core.refusals import FieldError, InvalidData, NotVisible

SHARING = "share_views"
MOST_VIEWS = 50
TITLE_LENGTH = 40
NEVER_KEPT = frozenset({"text", "changed_since"})
"""Words may be somebody's name or number; what is new is new only once."""


@dataclass(frozen=True, slots=True)
class Audience:
    """Where a view can be shared: a desk, or a department with everything below it."""

    desk: Desk | None = None
    department: Department | None = None

    @property
    def key(self) -> str:
        return f"desk:{self.desk.pk}" if self.desk else f"department:{self.department.pk}" if self.department else ""


def kept_query(asked: Mapping[str, str]) -> str:
    """The part, filters and order of a list as text, in one order; everything else is left out."""
    kept = {name: asked[name] for name in FILTERS if asked.get(name) and name not in NEVER_KEPT}
    part, sort = asked.get("tab", ""), asked.get("sort", "")
    if part in PARTS:
        kept = {"tab": part, **kept}
    if sort in SORTS and sort != usual_sort(part):
        kept["sort"] = sort
    return urlencode(kept)


def usual_sort(part: str) -> str:
    """The order in which a part of the queue stands unless another is asked for."""
    return "archived" if part == "archive" else "priority"


def filters_in(query: str) -> tuple[dict[str, str], str]:
    """The filters and the order of a kept list, those of its part included."""
    asked = dict(parse_qsl(query))
    part = asked.pop("tab", "mine")
    sort = asked.pop("sort", usual_sort(part))
    return {**PARTS.get(part, PARTS["mine"]), **asked}, sort


def audiences(viewer: Viewer) -> list[Audience]:
    """Where the viewer may share views: desks and departments in which a role of theirs carries the right."""
    desks: list[Desk] = []
    units: set[int] = set()
    for desk in viewer.desks():
        try:
            pack = pack_in_force(desk, viewer.now)
        except NoPackInForce:
            continue
        for holding in viewer.caller(desk, pack).holdings:
            role = pack.roles.roles.get(holding.role)
            if role is None or SHARING not in role.may:
                continue
            if role.counts == "desk" and desk not in desks:
                desks.append(desk)
            if holding.department is not None:
                units.add(holding.department)
    departments = Department.objects.filter(pk__in=units, retired_at=None) if units else []
    return [Audience(desk=desk) for desk in desks] + [Audience(department=unit) for unit in departments]


def views_for(viewer: Viewer) -> list[SavedView]:
    """The viewer's own views and those shared where they work; one query beside those of their roles."""
    key = ("views", viewer.standpoint(), tuple(viewer.unit_paths()))
    return prepared(key, lambda: _views_for(viewer)).ask()


def _views_for(viewer: Viewer) -> QuerySet[SavedView]:
    shared = Q(desk__in=[desk for desk in viewer.desks() if viewer.works_on(desk)])
    for path in viewer.unit_paths():
        line = [int(part) for part in path.split(".") if part]
        shared |= Q(department__in=line)
    return SavedView.objects.filter(Q(owner=viewer.person) | shared).select_related("owner")


@transaction.atomic
def save_view(*, viewer: Viewer, title: str, query: str, audience: str = "") -> SavedView:
    """Keep a list under a name; the same name of the same owner is replaced.

    Raises InvalidData for an empty or overlong name, and for an audience with which the viewer may not share.
    """
    title = checked_text(title, pointer="/title", field="名称", limit=TITLE_LENGTH)
    if not title:
        raise InvalidData([FieldError("/title", "required", {"field": "名称"})])
    shared = next((place for place in audiences(viewer) if place.key == audience), None)
    if audience and shared is None:
        raise InvalidData([FieldError("/audience", "right_needed", {"field": "共享范围"})])
    own = SavedView.objects.filter(owner=viewer.person)
    if own.exclude(title=title).count() >= MOST_VIEWS:
        raise InvalidData([FieldError("/title", "too_many_views", {"limit": MOST_VIEWS})])
    values = {
        "query": query, "desk": shared.desk if shared else None, "department": shared.department if shared else None,
        "created_at": viewer.now,
    }  # fmt: skip
    return SavedView.objects.update_or_create(owner=viewer.person, title=title, defaults=values)[0]


def drop_view(*, viewer: Viewer, key: int) -> None:
    """Forget a view of one's own, or one shared where the viewer may share. Raises NotVisible for any other."""
    view = _views_for(viewer).filter(pk=key).first()
    if view is None:
        raise NotVisible
    places = {place.key for place in audiences(viewer)}
    if view.owner_id != viewer.person.pk and Audience(view.desk, view.department).key not in places:
        raise NotVisible
    view.delete()
