"""The archive: files by month and category, searched, packed as ZIP, and reopened from there."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse

from amends.apps.cases.archive import counts_by_category, may_export_archive, may_search_archive
from amends.apps.cases.listing import Shelf, queue, shelves
from amends.apps.cases.models import ArchivePackage, Case
from amends.apps.cases.packages import (
    MOST_BYTES,
    MOST_CASES,
    ask_for_month,
    ask_for_package,
    open_package,
    packages_of,
)
from amends.apps.cases.queries import Viewer, visible_case
from amends.apps.policies.models import Desk
from amends.core.archive import kept_until
from amends.core.policy.pack import Pack
from amends.core.refusals import FieldError, InvalidData, NotPermitted, NotVisible
from amends.doors.files import as_attachment
from amends.doors.papers.bundle import PACKAGE, bundle_name
from amends.doors.routes import route
from amends.doors.wording import words
from amends.web.queue.rows import Row, rows_of
from amends.web.searching import PLACE, keep_words, search_faults, searched
from amends.web.viewing import packs_of, viewer_of

PAGE_SIZE = 50
FILTERS = ("archived_in", "category")
REOPEN = "reopen"


@dataclass(frozen=True, slots=True)
class FileRow:
    """One archived file: its line, until when it is kept, and whether it can be taken up again by this viewer."""

    row: Row
    until: date | None
    is_over: bool
    reopens: bool


@dataclass(frozen=True, slots=True)
class YearShelf:
    """The months of one year with their counts."""

    year: int
    count: int
    months: list[tuple[str, Shelf]]


@route(audience="staff", permission="search_archive", kind="case")
def page(request: HttpRequest) -> HttpResponse:
    """The archive of one desk, newest first, narrowed by year or month, category and words."""
    viewer = viewer_of(request)
    open_to = _archives_of(viewer)
    desk, pack = _chosen(open_to, request.GET.get("desk", ""))
    asked = {name: request.GET[name] for name in FILTERS if request.GET.get(name)}
    unknown = [name for name in request.GET if name not in (*FILTERS, PLACE, "desk", "cursor")]
    if unknown or (faults := search_faults(request)):
        raise InvalidData(
            [FieldError(f"/{n}", "unknown_filter", {"name": n[:60], "allowed": [*FILTERS, "desk"]}) for n in unknown]
            or faults
        )
    found = queue(
        viewer, _filters(desk, asked) | searched(request), "archived", request.GET.get("cursor") or None, PAGE_SIZE
    )
    context = {
        "area": "archive", "desk": desk, "pack": pack, "desks": list(open_to), "asked": asked,
        "text": searched(request).get("text", ""), "find": request.GET.get(PLACE, ""),
        "rows": [_file_row(row, viewer, desk, pack) for row in rows_of(found.cases, viewer.now)],
        "next": _next(request, found.next_cursor),
    }  # fmt: skip
    if request.headers.get("HX-Request") == "true" and request.GET.get("cursor"):
        return render(request, "archive/_rows.html", context)
    kept = {name: value for name, value in asked.items() if name != "archived_in"}
    context |= {
        "years": _years(shelves(viewer, {"desk": desk.code, **kept})),
        "categories": _categories(viewer, desk, pack, asked),
        "may_export": may_export_archive(viewer, desk, pack),
        "month": asked["archived_in"] if len(asked.get("archived_in", "")) == 7 else "",
        "most_cases": MOST_CASES, "most_megabytes": MOST_BYTES // 1024**2,
    }  # fmt: skip
    return render(request, "archive/page.html", context)


@route(audience="staff", permission="search_archive", kind="case", methods=["POST"])
def search(request: HttpRequest) -> HttpResponse:
    """Keep the words that were typed and lead back to the archive; they stand in no address."""
    _archives_of(viewer_of(request))
    kept = {name: request.POST[name] for name in (*FILTERS, "desk") if request.POST.get(name)}
    typed = request.POST.get("text", "").strip()[:200]
    if typed:
        kept[PLACE] = keep_words(request, typed)
    return HttpResponseRedirect(f"{reverse('archive')}?{urlencode(kept)}")


@route(audience="staff", permission="export", kind="case", methods=["POST"])
def pack_case(request: HttpRequest, number: str) -> HttpResponse:
    """Have a case packed as a ZIP, with full personal data where that is asked for with a reason."""
    viewer = viewer_of(request)
    case = visible_case(viewer, number)
    ask_for_package(viewer, case, in_full=_in_full(request), reason=request.POST.get("reason", ""))
    return redirect("packages")


@route(audience="staff", permission="export", kind="case", methods=["POST"])
def pack_month(request: HttpRequest) -> HttpResponse:
    """Have the archive of a month packed, a ZIP for each file within one."""
    viewer = viewer_of(request)
    desk, pack = _chosen(_archives_of(viewer), request.POST.get("desk", ""))
    if not may_export_archive(viewer, desk, pack):
        raise NotPermitted(verb="导出档案")
    ask_for_month(
        viewer, desk, request.POST.get("month", ""), category=request.POST.get("category", ""),
        in_full=_in_full(request), reason=request.POST.get("reason", ""),
    )  # fmt: skip
    return redirect("packages")


@route(audience="staff", permission="signed_in", kind="package")
def packages(request: HttpRequest) -> HttpResponse:
    """What the viewer asked for, and what of it can be downloaded now; htmx looks again while something is packed."""
    found = list(packages_of(viewer_of(request))[:50])
    context = {
        "area": "archive",
        "packages": found,
        "is_waiting": any(one.state == ArchivePackage.State.WAITING for one in found),
    }
    is_fragment = request.headers.get("HX-Request") == "true" and not request.headers.get("HX-History-Restore-Request")
    return render(request, "archive/_packages.html" if is_fragment else "archive/packages.html", context)


@route(audience="staff", permission="signed_in", kind="package")
def download(request: HttpRequest, package_id: uuid.UUID) -> HttpResponse | FileResponse:
    """The ZIP, for whoever asked for it and may still export what is in it; noted."""
    package, content = open_package(viewer_of(request), package_id)
    name = package.case.number if package.case else f"{package.desk.title}-{package.month}"
    return as_attachment(FileResponse(content, content_type="application/octet-stream"), bundle_name(name, PACKAGE))


def _in_full(request: HttpRequest) -> bool:
    return request.POST.get("in_full") == "yes"


def _archives_of(viewer: Viewer) -> dict[Desk, Pack]:
    """The desks whose archive is open to the viewer. Raises NotPermitted when there is none."""
    found = {desk: pack for desk, pack in packs_of(viewer).items() if may_search_archive(viewer, desk, pack)}
    if not found:
        raise NotPermitted(verb="查阅档案")
    return found


def _chosen(open_to: dict[Desk, Pack], code: str) -> tuple[Desk, Pack]:
    found = next(((desk, pack) for desk, pack in open_to.items() if code in ("", desk.code)), None)
    if found is None:
        raise NotVisible
    return found


def _filters(desk: Desk, asked: dict[str, str]) -> dict[str, str]:
    return {"desk": desk.code, "status": "archived", **asked}


def _next(request: HttpRequest, cursor: str | None) -> str:
    kept = {name: value for name, value in request.GET.items() if name != "cursor"}
    return urlencode({**kept, "cursor": cursor}) if cursor else ""


def _file_row(row: Row, viewer: Viewer, desk: Desk, pack: Pack) -> FileRow:
    """Nothing is asked of the database for a row: whether it may be reopened is asked in full where that is done."""
    until = kept_until(pack, row.case.archived_on) if row.case.archived_on else None
    is_over = until is not None and until < viewer.now.astimezone(row.zone).date()
    return FileRow(row, until, is_over, _reopens(row.case, viewer, desk, pack))


def _reopens(case: Case, viewer: Viewer, desk: Desk, pack: Pack) -> bool:
    held = {h.role for h in viewer.caller(desk, pack).holdings}
    return any(t.verb == REOPEN and held & set(t.by) for t in pack.lifecycle.from_state(case.state))


def _years(found: list[Shelf]) -> list[YearShelf]:
    years: dict[int, list[Shelf]] = {}
    for shelf in found:
        years.setdefault(shelf.year, []).append(shelf)
    return [
        YearShelf(year, sum(s.count for s in months), [(f"{s.year}-{s.month:02d}", s) for s in months])
        for year, months in years.items()
    ]


def _categories(viewer: Viewer, desk: Desk, pack: Pack, asked: dict[str, str]) -> list[tuple[str, str, int, int]]:
    """Path, title, depth and count of each category that has files, with those above it."""
    within = {name: value for name, value in asked.items() if name != "category"}
    counts = counts_by_category(viewer, _filters(desk, within))
    found = []
    for path, node in pack.categories.schemes[0].walk():
        count = sum(n for other, n in counts.items() if other == path or other.startswith(f"{path}/"))
        if count:
            found.append((path, words(node.title), path.count("/"), count))
    return found
