"""The compensation ledger: what was granted to customers, by which standard, when it is due, and what departs from the standard."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone

from amends.apps.cases.proceeding_models import Payout
from amends.apps.cases.proceedings.payouts import FILTERS, payout_page, payouts_for, totals_of
from amends.apps.cases.queries import Viewer
from amends.apps.lists.exports import RIGHT, holds_right
from amends.apps.people.actions import log_access
from amends.core.policy.pack import Pack
from amends.core.refusals import FieldError, InvalidData, NotPermitted
from amends.doors.files import as_attachment
from amends.doors.payouts import PayoutLine, forms_in, lines_of_payouts, sums_of, write_payouts
from amends.doors.routes import route
from amends.doors.wording import faults
from amends.web.viewing import packs_of, viewer_of, zone_of

PAGE_SIZE = 50
AT_ONCE = 500
"""How many lines the spreadsheet reads at a time."""


def packs_that_pay(viewer: Viewer) -> dict[Any, Pack]:
    """The desks of the viewer whose policy knows payments to customers."""
    return {
        desk: pack for desk, pack in packs_of(viewer).items() if any(kind.pays for kind in pack.proceedings.values())
    }


@route(audience="staff", permission="signed_in", kind="proceeding")
def page(request: HttpRequest) -> HttpResponse:
    """The ledger over the desks that the viewer sees, the latest first, with the sums of what the filters let through."""
    viewer = viewer_of(request)
    packs = packs_that_pay(viewer)
    asked = {name: request.GET[name] for name in FILTERS if request.GET.get(name)}
    context: dict[str, Any] = {
        "area": "proceedings", "asked": asked, "query": _query(request), "departs": "departs" in asked, "status": 200,
    }  # fmt: skip
    forms = forms_in(packs.values())
    try:
        found = _found(request, viewer, asked)
        shown = payout_page(found, cursor=request.GET.get("cursor"), size=PAGE_SIZE)
        context |= {"lines": lines_of_payouts(shown.rows, now=viewer.now), "next_cursor": shown.next_cursor}
    except InvalidData as refusal:
        found = Payout.objects.none()
        context |= {"lines": [], "problems": [s for some in faults(refusal).values() for s in some], "status": 422}
    if request.headers.get("HX-Request") == "true" and request.GET.get("cursor"):
        return render(request, "proceedings/_ledger_lines.html", context, status=context["status"])
    context |= {
        "desks": list(packs), "forms": forms, "sums": sums_of(totals_of(found), forms),
        "may_export": holds_right(viewer, RIGHT),
    }  # fmt: skip
    return render(request, "proceedings/ledger.html", context, status=context["status"])


def _found(request: HttpRequest, viewer: Viewer, asked: dict[str, str]) -> QuerySet[Payout]:
    allowed = {*FILTERS, "cursor"}
    unknown = [name for name in request.GET if name not in allowed]
    if unknown:
        raise InvalidData(
            [
                FieldError(f"/{name}", "unknown_filter", {"name": name[:60], "allowed": sorted(allowed)})
                for name in unknown
            ]
        )
    zones = [zone_of(pack) for pack in packs_of(viewer).values()]
    return payouts_for(viewer, asked, zone=zones[0]) if zones else Payout.objects.none()


def _query(request: HttpRequest) -> str:
    """The filters as they stand in the address, without the place in the list."""
    kept = request.GET.copy()
    kept.pop("cursor", None)
    return kept.urlencode()


@route(audience="staff", permission="export", kind="proceeding")
def export(request: HttpRequest) -> HttpResponseBase:
    """The ledger under its filters as a spreadsheet, of the desks on which the viewer may export; who took it is noted."""
    viewer = viewer_of(request)
    if not holds_right(viewer, RIGHT):
        raise NotPermitted(verb="导出")
    asked = {name: request.GET[name] for name in FILTERS if request.GET.get(name)}
    desks = {desk.pk for desk, role in viewer.roles_held() if RIGHT in role.may}
    found = _found(request, viewer, asked).filter(desk__in=desks)
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    count = write_payouts(file, _in_portions(found, viewer), timezone.localdate(viewer.now))
    file.seek(0)
    log_access(
        actor=viewer.person.actor_id, action="export", object="payouts", field=f"count:{count}", now=viewer.now,
        reason=_query(request),
    )  # fmt: skip
    answer = FileResponse(file, content_type="application/octet-stream")
    return as_attachment(answer, f"payouts-{viewer.now:%Y%m%d-%H%M}.xlsx")


def _in_portions(found: QuerySet[Payout], viewer: Viewer) -> Iterator[PayoutLine]:
    """Every line, some hundred at a time, so that a ledger of any length fits into memory."""
    cursor: str | None = None
    while True:
        shown = payout_page(found, cursor=cursor, size=AT_ONCE)
        yield from lines_of_payouts(shown.rows, now=viewer.now)
        cursor = shown.next_cursor
        if cursor is None:
            return
