"""The queue: what waits for me, for my department, everything I may see, and the archive."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext

from amends.apps.cases.listing import FILTERS, queue, shelves
from amends.apps.cases.queries import Viewer
from amends.apps.people.choices import departments_to_choose, people_to_choose
from amends.apps.policies.models import Desk
from amends.core.policy.pack import Pack
from amends.core.process_map import main_line
from amends.core.refusals import FieldError, InvalidData
from amends.doors.routes import route
from amends.doors.wording import faults, words
from amends.web.forms.drawing import Choice
from amends.web.queue.rows import rows_of
from amends.web.viewing import packs_of, viewer_of

TABS: dict[str, dict[str, str]] = {
    "mine": {"mine": "yes", "status": "unfinished"},
    "department": {"department": "mine", "status": "unfinished"},
    "all": {"status": "unfinished"},
    "archive": {"status": "archived"},
}
PAGE_SIZE = 50


@dataclass(slots=True)
class FilterField:
    """One filter of the bar with its choices."""

    name: str
    label: str
    choices: list[Choice] = field(default_factory=list)

    @property
    def is_set(self) -> bool:
        return any(choice.is_chosen and choice.value for choice in self.choices)


@route(audience="staff", permission="signed_in", kind="case")
def page(request: HttpRequest) -> HttpResponse:
    """One page of the queue; htmx gets the table alone, further pages the rows alone."""
    viewer = viewer_of(request)
    tab = request.GET.get("tab", "mine")
    asked = {name: request.GET.get(name, "") for name in request.GET if name in FILTERS and request.GET.get(name)}
    problems = _unknown(request, tab)
    if tab == "all" and asked.get("text") and "status" not in asked:
        asked["status"] = "all"
    context: dict[str, Any] = {"area": "queue", "tab": tab, "asked": asked, "sort": request.GET.get("sort", "priority")}
    status = 200
    try:
        if problems:
            raise problems
        _fill_page(context, request, viewer, {**TABS[tab], **asked})
    except InvalidData as refusal:
        context |= {"rows": [], "problems": [s for found in faults(refusal).values() for s in found]}
        status = 422
    if request.headers.get("HX-Request") == "true" and not request.headers.get("HX-History-Restore-Request"):
        template = "queue/_more.html" if request.GET.get("cursor") else "queue/_table.html"
        return render(request, template, context, status=status)
    _fill_bar(context, viewer, asked)
    if tab == "archive" and not problems:
        context["shelves"] = shelves(viewer, {k: v for k, v in asked.items() if k in ("desk", "category", "kind")})
    return render(request, "queue/page.html", context, status=status)


def _unknown(request: HttpRequest, tab: str) -> InvalidData | None:
    allowed = {*FILTERS, "tab", "sort", "cursor"}
    errors = [
        FieldError(f"/{name}", "unknown_filter", {"name": name[:60], "allowed": sorted(allowed)})
        for name in request.GET
        if name not in allowed
    ]
    if tab not in TABS:
        errors.append(FieldError("/tab", "unknown_filter", {"name": tab[:60], "allowed": list(TABS)}))
    return InvalidData(errors) if errors else None


def _fill_page(context: dict[str, Any], request: HttpRequest, viewer: Viewer, filters: dict[str, str]) -> None:
    cursor = request.GET.get("cursor") or None
    found = queue(viewer, filters, context["sort"], cursor, PAGE_SIZE)
    context["rows"] = rows_of(found.cases, viewer.now)
    if found.next_cursor:
        kept = {k: v for k, v in request.GET.items() if k != "cursor"}
        context["next"] = urlencode({**kept, "cursor": found.next_cursor})


def _fill_bar(context: dict[str, Any], viewer: Viewer, asked: dict[str, str]) -> None:
    packs = {desk: pack for desk, pack in packs_of(viewer).items() if _works_there(viewer, desk, pack)}
    context["desks"] = packs
    chosen = [(d, p) for d, p in packs.items() if d.code == asked.get("desk")] or list(packs.items())[:1]
    one_desk = len(packs) == 1 or "desk" in asked
    bar = [FilterField("desk", gettext("全部服务台"), _choices({d.code: d.called for d in packs}, asked.get("desk")))]
    bar = bar if len(packs) > 1 else []
    if one_desk and chosen:
        bar += _filters_of_pack(chosen[0][1], asked)
    else:
        bar.append(_status_filter(asked))
    context["filters"] = bar + _filters_of_people(context["tab"], viewer, asked)
    context["sorts"] = _choices(
        {
            "priority": gettext("按优先顺序"),
            "due": gettext("按到期时间"),
            "received": gettext("按收到时间，新的在前"),
            "oldest": gettext("按收到时间，旧的在前"),
            "changed": gettext("按最近更新"),
        },
        context["sort"],
    )


def _works_there(viewer: Viewer, desk: Desk, pack: Pack) -> bool:
    return bool(viewer.caller(desk, pack).holdings)


def _choices(titles: dict[str, Any], chosen: str | None) -> list[Choice]:
    return [Choice(value, words(title), is_chosen=value == chosen) for value, title in titles.items()]


def _status_filter(asked: dict[str, str]) -> FilterField:
    titles = {
        "open": gettext("办理中"), "waiting": gettext("等待客户"), "done": gettext("已办结"), "archived": gettext("已归档"),
        "all": gettext("不限状态"),
    }  # fmt: skip
    return FilterField("status", gettext("状态"), _choices(titles, asked.get("status")))


def _filters_of_pack(pack: Pack, asked: dict[str, str]) -> list[FilterField]:
    line = main_line(pack.lifecycle)
    states = {name: pack.lifecycle.states[name].title for name in [*line, *pack.lifecycle.states]}
    scheme = pack.categories.schemes[0]
    categories = [
        Choice(path, words(node.title), depth=path.count("/"), is_chosen=path == asked.get("category"))
        for path, node in scheme.walk()
        if not node.retired
    ]
    axis = pack.grading.axis(pack.grading.level or "")
    levels = {value.id: value.title for value in axis.values} if axis else {}
    kinds = {name: kind.title for name, kind in pack.channels.kinds.items()}
    found = [
        FilterField("state", gettext("状态"), _choices(states, asked.get("state"))),
        FilterField("level", words(axis.title) if axis else "", _choices(levels, asked.get("level"))),
        FilterField("category", words(scheme.title), categories),
        FilterField("kind", gettext("类型"), _choices(kinds, asked.get("kind"))),
    ]
    return [bar for bar in found if bar.choices]


def _filters_of_people(tab: str, viewer: Viewer, asked: dict[str, str]) -> list[FilterField]:
    found = []
    if tab in ("all", "archive"):
        units = [
            Choice(str(u.id), words(u.title), depth=u.depth, is_chosen=str(u.id) == asked.get("department"))
            for u in departments_to_choose()
        ]
        found.append(FilterField("department", gettext("部门"), units))
    if tab != "mine":
        people = {"none": gettext("尚未指定"), "me": gettext("我本人")}
        people |= {str(person.id): person.name for person in people_to_choose(now=viewer.now)}
        found.append(FilterField("handler", gettext("处理人"), _choices(people, asked.get("handler"))))
    if tab != "archive":
        late = {"yes": gettext("已超时"), "soon": gettext("24 小时内到期"), "no": gettext("未超时")}
        found.append(FilterField("late", gettext("时限"), _choices(late, asked.get("late"))))
    return found
