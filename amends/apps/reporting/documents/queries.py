"""The documents of desks: which one stands for a period, and the list of those that somebody may see."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Mapping
from datetime import date

from django.db.models import Q

from amends.apps.cases.models import ClockRow
from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.cases.proceedings.queries import visible_proceedings
from amends.apps.cases.queries import Viewer
from amends.apps.keyset import behind
from amends.apps.policies.models import Desk
from amends.core.documents import FROM, TO, period_before
from amends.core.periods import Period
from amends.core.policy.pack import Pack
from amends.core.refusals import FieldError, InvalidData


def document_of_period(desk: Desk, pack: Pack, kind: str, period: Period) -> Proceeding | None:
    """The document of a kind that stands for a period; None where there is none, or only withdrawn ones."""
    rows = Proceeding.objects.filter(desk=desk, kind=kind).exclude(state__in=pack.proceedings[kind].void)
    wanted = {FROM: period.first.isoformat(), TO: period.last.isoformat()}
    for row in rows.order_by("-begun_at"):
        if wanted.items() <= json.loads(row.facts)["values"].items():
            return row
    return None


def period_to_write(desk: Desk, pack: Pack, kind: str, today: date) -> Period | None:
    """The last complete period of a document, while nobody has begun that one; None for kinds that are no documents."""
    found = pack.reports.of_kind(kind)
    period = period_before(found[1].period, today) if found else None
    return period if period is not None and document_of_period(desk, pack, kind, period) is None else None


def document_rows(
    viewer: Viewer, packs: Mapping[Desk, Pack], *, document: str = "", before: str = "", size: int = 50
) -> list[Proceeding]:
    """The documents of desks that the viewer may see, the latest first, from behind the one with the id `before`; of one `document` only
    where it is named. Raises InvalidData for a place in the list that is none.
    """
    scope = Q(pk__in=[])
    for desk, pack in packs.items():
        kinds = [one.proceeding for name, one in pack.reports.documents.items() if document in ("", name)]
        scope |= Q(desk=desk, kind__in=kinds)
    rows = visible_proceedings(viewer).filter(scope)
    if before:
        try:
            last = rows.filter(pk=uuid.UUID(before)).first()
        except ValueError:
            last = None
        if last is None:
            raise InvalidData([FieldError("/cursor", "bad_cursor")])
        rows = rows.filter(behind({"-begun_at": last.begun_at, "-number": last.number}))
    return list(rows.select_related("desk").order_by("-begun_at", "-number")[:size])


def is_released(row: Proceeding) -> bool:
    """Whether a document went out; those who sign it may still have to."""
    return row.state_category != "initial"


def late_among(rows: Collection[Proceeding]) -> set[uuid.UUID]:
    """Those of the documents that came after their day, or still have not; one query."""
    broken = ClockRow.objects.filter(proceeding__in=rows, breached_at__isnull=False)
    return {key for key in broken.values_list("proceeding", flat=True) if key}
