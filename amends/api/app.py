"""The API as one object, its catalogue of desks and packs, and how refusals leave it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import override
from ninja import NinjaAPI, Router

from amends.api.calls import calls
from amends.api.cases import answer, router
from amends.api.contract import describe
from amends.api.figures import router as kpis
from amends.api.papers import router as papers
from amends.api.problems import problem
from amends.api.proceedings import router as proceedings
from amends.api.registers import router as registers
from amends.api.reports import router as reports
from amends.api.showing import schema_of
from amends.api.tokens import viewer_of
from amends.api.ways_in import ways_in
from amends.apps.policies.queries import pack_in_force, versions_of
from amends.core.refusals import Refusal
from amends.doors.wording import words

catalogue = Router(tags=["catalogue"])


@catalogue.get("/desks", operation_id="list_desks")
def desks(request: HttpRequest) -> HttpResponse:
    """The desks of the caller, with the kinds of contact they take and the JSON Schema of each kind's form."""
    viewer = viewer_of(request)
    found = []
    for desk in viewer.desks():
        pack = pack_in_force(desk, viewer.now)
        kinds = [
            {
                "id": name,
                "title": words(kind.title),
                "counts": kind.counts,
                "schema": schema_of(pack.forms[kind.form], pack),
            }
            for name, kind in pack.channels.kinds.items()
        ]
        channels = [
            {"id": n, "title": words(c.title), "group": c.group}
            for n, c in pack.channels.channels.items()
            if not c.retired
        ]
        found.append(
            {
                "code": desk.code,
                "title": words(desk.called),
                "pack": pack.id,
                "version": pack.version,
                "kinds": kinds,
                "channels": channels,
            }
        )
    return answer({"desks": found})


@catalogue.get("/packs", operation_id="list_packs")
def packs(request: HttpRequest) -> HttpResponse:
    """The published versions of the packs that the caller's desks work under, newest first."""
    viewer = viewer_of(request)
    found = []
    for pack_id in sorted({desk.pack_id for desk in viewer.desks()}):
        for version in versions_of(pack_id):
            found.append(
                {
                    "id": pack_id,
                    "version": version.version,
                    "hash": version.hash,
                    "valid_from": version.valid_from.isoformat(),
                    "valid_until": version.valid_until.isoformat() if version.valid_until else None,
                }
            )
    return answer({"packs": found})


api = NinjaAPI(
    title="amends", version="1", description="Complaints handled under a written policy.", docs_url=None,
    openapi_url=None, urls_namespace="api",
)  # fmt: skip
api.add_router("", router)
api.add_router("", proceedings)
api.add_router("", registers)
api.add_router("", papers)
api.add_router("", catalogue)
api.add_router("", calls)
api.add_router("", kpis)
api.add_router("", reports)
api.add_router("", ways_in)


@api.exception_handler(Refusal)
def refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    return problem(request, refusal)


@api.get("/openapi.json", operation_id="openapi")
def openapi(request: HttpRequest) -> HttpResponse:
    """This contract."""
    with override("en"):
        return answer(contract())


def contract() -> dict[str, Any]:
    """The OpenAPI document: what tests keep as a reviewed snapshot."""
    return describe(api.get_openapi_schema(path_prefix="/api/v1"))
