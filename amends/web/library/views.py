"""The case library as pages: studies by class and words, and one study as everybody of the desk reads it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.cases.proceedings.library import class_of, libraries_of, published, study_of
from amends.apps.keyset import behind
from amends.core.policy.pack import Pack
from amends.core.refusals import FieldError, InvalidData
from amends.doors.pack_words import category_words
from amends.doors.routes import route
from amends.doors.wording import faults, words
from amends.web.viewing import desk_and_pack, viewer_of, zone_of

PAGE_SIZE = 30
ASKED = ("category", "q", "before")


@dataclass(frozen=True, slots=True)
class Line:
    """A study in the list."""

    row: Proceeding
    category: str


def lines_of(rows: Iterable[Proceeding], pack: Pack) -> list[Line]:
    """Studies with their class in words."""
    found = []
    for row in rows:
        kind = pack.proceedings.get(row.kind)
        found.append(
            Line(row, words(category_words(pack, class_of(row, kind.library))) if kind and kind.library else "")
        )
    return found


@route(audience="staff", permission="signed_in", kind="proceeding")
def page(request: HttpRequest, desk: str) -> HttpResponse:
    """The studies of a desk, the latest first, by class and words. Source: EXP-7.1"""
    viewer = viewer_of(request)
    found, pack = desk_and_pack(viewer, desk)
    if not libraries_of(pack):
        raise Http404
    asked = {name: request.GET[name].strip() for name in ASKED if request.GET.get(name, "").strip()}
    context: dict[str, Any] = {"area": "library", "desk": found, "asked": asked, "zone": zone_of(pack), "status": 200}
    classes = [(path, node.title) for path, node in pack.categories.schemes[0].walk() if not node.retired]
    studies = published(viewer, found, pack, category=asked.get("category", ""), text=asked.get("q", ""))
    try:
        _refuse_unknown(request, asked, dict(classes))
        rows = list(_after(studies, asked.get("before", ""))[: PAGE_SIZE + 1])
    except InvalidData as refusal:
        rows = []
        context |= {"problems": [s for some in faults(refusal).values() for s in some], "status": 422}
    context |= {
        "lines": lines_of(rows[:PAGE_SIZE], pack), "classes": classes,
        "next": _place(rows[PAGE_SIZE - 1]) if len(rows) > PAGE_SIZE else "",
    }  # fmt: skip
    return render(request, "library/page.html", context, status=context["status"])


def _refuse_unknown(request: HttpRequest, asked: dict[str, str], classes: dict[str, Any]) -> None:
    errors = [
        FieldError(f"/{name}", "unknown_filter", {"name": name[:60], "allowed": list(ASKED)})
        for name in request.GET
        if name not in ASKED
    ]
    errors += [
        FieldError(f"/{name}", "bad_filter_value", {"name": name, "value": asked[name][:60]})
        for name, is_known in (
            ("category", asked.get("category") in (None, *classes)),
            ("q", "\x00" not in asked.get("q", "")),
        )
        if not is_known
    ]
    if errors:
        raise InvalidData(errors)


def _place(row: Proceeding) -> str:
    return f"{row.ended_at.isoformat()}_{row.pk}" if row.ended_at else ""


def _after(studies: Any, place: str) -> Any:
    """The studies behind a place of the list. Raises InvalidData for one that is none."""
    if not place:
        return studies
    moment, _, key = place.rpartition("_")
    try:
        at, last = datetime.fromisoformat(moment), uuid.UUID(key)
        if at.tzinfo is None:
            raise ValueError(moment)
    except ValueError as error:
        raise InvalidData([FieldError("/before", "bad_cursor", {})]) from error
    return studies.filter(behind({"-ended_at": at, "-id": last}))


@route(audience="staff", permission="signed_in", kind="proceeding")
def study(request: HttpRequest, desk: str, key: uuid.UUID) -> HttpResponse:
    """One study, for guidance and training: what happened, step by step, why, and what is learnt. Nobody is named in it."""
    viewer = viewer_of(request)
    found, pack = desk_and_pack(viewer, desk)
    shown = study_of(viewer, found, pack, key)
    context = {
        "area": "library", "desk": found, "study": shown, "zone": zone_of(pack),
        "category": words(category_words(pack, shown.category)), "kind": pack.proceedings[shown.row.kind].title,
        "parts": [(pack.fields[name].title, text) for name, text in shown.texts.items()],
    }  # fmt: skip
    return render(request, "library/study.html", context)
