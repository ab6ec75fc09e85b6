"""The queue: what waits for me, for my department, everything I may see, and the archive."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from amends.apps.cases.filters import FILTERS, filtered
from amends.apps.cases.listing import PARTS, queue_lines, shelves
from amends.apps.cases.queries import Viewer
from amends.apps.cases.writing import held_words
from amends.apps.lists.exports import RIGHT, holds_right
from amends.apps.lists.habits import habit_of, keep_columns, mark_seen
from amends.apps.lists.models import Habit
from amends.apps.lists.saved import audiences, kept_query, usual_sort, views_for
from amends.core.refusals import FieldError, InvalidData
from amends.doors.routes import route
from amends.doors.wording import faults, words
from amends.web.addresses import own_address
from amends.web.queue.bulk_verbs import verbs_on_offer
from amends.web.queue.columns import chosen, known, titles
from amends.web.queue.drawn import drawn
from amends.web.queue.filter_bar import chips_of, filters_for, quick_chips, quick_fields
from amends.web.queue.lines import Look, lines_of
from amends.web.searching import PLACE, WORDS, search_faults, searched
from amends.web.viewing import holds_a_role, packs_of, viewer_of

PAGE_SIZE = 50
MARK = "view"
NOT_OF_THE_FORM = frozenset({"tab", "sort", "find", MARK})
"""What the form of filters says with fields of its own, or not at all."""


@route(audience="staff", permission="signed_in", kind="case")
def page(request: HttpRequest) -> HttpResponse:
    """One page of the queue; htmx gets further rows alone."""
    viewer = viewer_of(request)
    part = request.GET.get("tab", "mine")
    asked = asked_of(request)
    habit = habit_of(viewer.person)
    packs = {desk: pack for desk, pack in packs_of(viewer).items() if viewer.works_on(desk)}
    context: dict[str, Any] = {
        "desks": packs,
        "area": "queue", "tab": part, "asked": asked, "sort": request.GET.get("sort", usual_sort(part)),
        "columns": chosen(habit.columns, part),
    }  # fmt: skip
    status = 200
    try:
        if problems := _problems(request, part):
            raise problems
        _fill_rows(context, request, viewer, habit, {**PARTS[part], **with_words(asked, part)})
    except InvalidData as refusal:
        context |= {"rows": [], "problems": [s for found in faults(refusal).values() for s in found]}
        status = 422
    context["verbs"] = verbs_on_offer(viewer, packs) if context["rows"] else []
    context["is_apart"] = not context["rows"] and not holds_a_role(viewer)
    context["drawn"] = drawn(context["rows"], context["columns"], ticked=bool(context["verbs"]))
    if request.headers.get("HX-Request") == "true" and request.GET.get("cursor"):
        return render(request, "queue/_more.html", context, status=status)
    address = {name: str(value) for name, value in request.GET.items() if name != "cursor"}
    fields = quick_fields(packs, part, asked)
    context |= {
        "kept": [(name, value) for name, value in address.items() if name not in NOT_OF_THE_FORM],
        "chips": chips_of(fields, packs.values(), asked, address),
        "quick": quick_chips(fields, asked, address),
        "address": address,
        "sorts": sorts(part),
        "all_columns": titles(),
        "views": views_for(viewer),
        "here": kept_query({**address, "tab": part}),
        "marked": request.GET.get(MARK, ""),
        "audiences": audiences(viewer),
        "may_export": holds_right(viewer, RIGHT),
    }
    if status == 200:
        context["poll"] = _poll_address(viewer, address)
        if part == "archive":
            context["shelves"] = shelves(viewer, {k: v for k, v in asked.items() if k in ("desk", "category", "kind")})
    return render(request, "queue/page.html", context, status=status)


@route(audience="staff", permission="signed_in", kind="case")
def filters(request: HttpRequest) -> HttpResponse:
    """Every filter with its choices, for the drawer of the queue: lists of people and departments are long."""
    viewer, part = viewer_of(request), request.GET.get("tab", "mine")
    packs = {desk: pack for desk, pack in packs_of(viewer).items() if viewer.works_on(desk)}
    fields = filters_for(viewer, packs, part, asked_of(request))
    shown = {field.name for field in fields} | NOT_OF_THE_FORM
    others = [(name, value) for name, value in request.GET.items() if name in FILTERS and name not in shown]
    return render(request, "queue/_filters.html", {"fields": fields, "others": others})


def asked_of(request: HttpRequest) -> dict[str, str]:
    """The filters that the address names, and the words that wait in the session."""
    asked = {name: request.GET.get(name, "") for name in request.GET if name in FILTERS and request.GET.get(name)}
    return asked | searched(request)


def with_words(asked: dict[str, str], part: str) -> dict[str, str]:
    """Who searches by words in everything looks at closed cases as well."""
    if part == "all" and asked.get(WORDS) and "status" not in asked:
        return {**asked, "status": "all"}
    return asked


def sorts(part: str) -> dict[str, str]:
    """The orders that make sense in a part of the queue."""
    received = {"received": gettext("最近收到的在前"), "oldest": gettext("最早收到的在前")}
    if part == "archive":
        return {"archived": gettext("最近归档的在前"), **received}
    urgent = {"priority": gettext("先急后缓"), "due": gettext("按到期时间")}
    return {**urgent, **received, "changed": gettext("最近更新的在前")}


def _problems(request: HttpRequest, part: str) -> InvalidData | None:
    allowed = {*FILTERS, PLACE, "tab", "sort", "cursor", MARK} - {WORDS}
    errors = [
        FieldError(f"/{name}", "unknown_filter", {"name": name[:60], "allowed": sorted(allowed)})
        for name in request.GET
        if name not in allowed
    ]
    if part not in PARTS:
        errors.append(FieldError("/tab", "unknown_filter", {"name": part[:60], "allowed": list(PARTS)}))
    errors += search_faults(request)
    return InvalidData(errors) if errors else None


def _fill_rows(
    context: dict[str, Any], request: HttpRequest, viewer: Viewer, habit: Habit, filters: dict[str, str]
) -> None:
    cursor = request.GET.get("cursor") or None
    found = queue_lines(viewer, filters, context["sort"], cursor, PAGE_SIZE)
    look = Look(
        now=viewer.now, columns=context["columns"], reader=viewer.person.actor_id, seen_at=habit.seen_at,
        desks={desk.pk: words(desk.called) for desk in viewer.desks()}, several_desks=len(context["desks"]) != 1,
        held=held_words(found.cases, now=viewer.now) if "told" in context["columns"] else {},
    )  # fmt: skip
    context["rows"] = lines_of(found.cases, look)
    if found.next_cursor:
        kept = {k: v for k, v in request.GET.items() if k != "cursor"}
        context["next"] = urlencode({**kept, "cursor": found.next_cursor})


def _poll_address(viewer: Viewer, address: dict[str, str]) -> str:
    kept = {name: value for name, value in address.items() if name not in ("sort", MARK, "changed_since")}
    return f"{reverse('queue_changes')}?{urlencode({**kept, 'changed_since': viewer.now.isoformat()})}"


@route(audience="staff", permission="signed_in", kind="case")
def changes(request: HttpRequest) -> HttpResponse:
    """How many cases of a list others changed since a moment: one count, for a page that is being looked at."""
    viewer, part = viewer_of(request), request.GET.get("tab", "mine")
    if problems := _problems(request, part):
        raise problems
    filters = {**PARTS[part], **with_words(asked_of(request), part)}
    if not filters.get("changed_since"):
        raise InvalidData([FieldError("/changed_since", "required", {"field": "changed_since"})])
    return JsonResponse({"count": filtered(viewer, filters).count()})


@route(audience="staff", permission="signed_in", kind="none", methods=["POST"])
def seen(request: HttpRequest) -> HttpResponse:
    """Note up to when the queue was seen, so that later changes are marked."""
    viewer = viewer_of(request)
    try:
        at = datetime.fromisoformat(request.POST.get("at", ""))
    except ValueError:
        at = viewer.now
    mark_seen(viewer.person, at=at if at.tzinfo else viewer.now, now=viewer.now)
    return HttpResponse(status=204)


@route(audience="staff", permission="signed_in", kind="none", methods=["POST"])
def columns(request: HttpRequest) -> HttpResponse:
    """Remember which columns the reader wants; none at all means the usual ones."""
    keep_columns(viewer_of(request).person, known(request.POST.getlist("column")))
    return HttpResponseRedirect(own_address(request.POST.get("next", "")))
