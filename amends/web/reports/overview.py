"""The first page for managers: what came and went, what is open and overdue, where it stands; every number opens its list."""

from __future__ import annotations

import tempfile
from datetime import date
from typing import Any
from urllib.parse import quote_plus, urlencode

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext, pgettext

from amends.apps.lists.exports import RIGHT, holds_right
from amends.apps.people.actions import log_access
from amends.apps.people.choices import asked_for_departments, departments_to_choose
from amends.apps.policies.models import Desk
from amends.apps.prepared import asked_together
from amends.apps.reporting.overview import (
    Overview,
    Part,
    Wanted,
    asked_for_overview,
    days_of_age,
    desks_overseen,
    overview,
)
from amends.core.periods import Period
from amends.core.policy.pack import Pack
from amends.core.refusals import InvalidData, NotPermitted
from amends.doors.files import as_attachment
from amends.doors.overview import (
    age_words,
    names_in,
    sorted_parts,
    state_words,
    titles_of,
    value_or_none,
    wanted_in,
    write_overview,
)
from amends.doors.papers.formats import short_day, short_month
from amends.doors.papers.press import pictures_of
from amends.doors.routes import route
from amends.doors.wording import faults, words
from amends.web.forms.drawing import Choice
from amends.web.reports.charts import Bar, Bars, Course, Point, bars, course
from amends.web.reports.figures import BACK, ever_until
from amends.web.viewing import asked_for_menu, desk_asked_for, viewer_of

IN_CHART = 8
COLUMNS = 8
HEATS = 4
COLOURS = (
    '<style>text{font-family:"Noto Sans SC","Microsoft YaHei",sans-serif}.bar,.course-dot{fill:#0d6b68}.bar-second{fill:#c47413}'
    ".bar-text{fill:#1d2b2a;font-size:13px}.bar-number,.course-text{fill:#5a6765;font-size:12px}"
    ".course-first,.course-second{fill:none;stroke:#0d6b68;stroke-width:2}.course-second{stroke:#c47413;stroke-dasharray:6 4}"
    '.course-grid{stroke:#d8dedd}</style><rect width="100%" height="100%" fill="#fff"/>'
)
"""What the style sheet of the pages says, for a picture that stands alone."""

SHADES = ("department", "category", "channel")


def _chosen(request: HttpRequest) -> tuple[dict[Desk, Pack], Desk]:
    desks = desks_overseen(viewer_of(request))
    desk = desk_asked_for(request.GET, desks)
    if desk is None:
        raise NotPermitted(verb="查看概览")
    return desks, desk


@route(audience="staff", permission="overview", kind="case")
def page(request: HttpRequest) -> HttpResponse:
    """The overview of a desk over a period."""
    desks, desk = _chosen(request)
    viewer, pack = viewer_of(request), desks[desk]
    try:
        wanted = wanted_in(request.GET.dict(), desk=desk, pack=pack, viewer=viewer)
    except InvalidData as refusal:
        problems = [sentence for some in faults(refusal).values() for sentence in some]
        frame = _frame(request, desks, desk, _departments(desk))
        return render(request, "reports/overview.html", {**frame, "problems": problems}, status=422)
    with asked_together([*asked_for_overview(viewer, wanted), *asked_for_departments(), asked_for_menu(viewer)]):
        departments = _departments(desk)
        context = {**_frame(request, desks, desk, departments), "may_export": holds_right(viewer, RIGHT, on=desk)}
        return render(request, "reports/overview.html", {**context, **_shown(overview(viewer, wanted), departments)})


def _departments(desk: Desk) -> dict[Any, str]:
    """The departments that can be chosen, in words."""
    return {unit.id: words(unit.title) for unit in departments_to_choose(desk)}


def _frame(request: HttpRequest, desks: dict[Desk, Pack], desk: Desk, departments: dict[Any, str]) -> dict[str, Any]:
    asked, pack = request.GET, desks[desk]
    channels = {k: words(v.title) for k, v in pack.channels.channels.items()}
    tops = {v.id: words(v.title) for v in pack.categories.schemes[0].values}
    units = {str(key): title for key, title in departments.items()}
    return {
        "area": "overview", "desk": desk, "query": asked.urlencode(), "first": asked.get("from", ""), "last": asked.get("to", ""),
        "compare": asked.get("compare", ""), "desks": [Choice(d.code, words(d.called), is_chosen=d == desk) for d in desks],
        "filters": [
            (name, title, [Choice(k, v, is_chosen=k == asked.get(name)) for k, v in values.items()])
            for (name, title), values in zip(titles_of(pack).items(), (units, tops, channels), strict=True)
        ],
    }  # fmt: skip


def _shown(found: Overview, departments: dict[Any, str]) -> dict[str, Any]:
    wanted, names, behind = found.wanted, names_in(found, departments), Behind(found.wanted)
    return {
        "first": wanted.period.first.isoformat(), "last": wanted.period.last.isoformat(), "before": wanted.before,
        "tiles": _tiles(found, behind), "is_empty": not (found.whole.now.received or found.whole.now.closed or found.whole.open),
        "days": _days(found), "by_month": found.by_month,
        "parts": [_split(found, name, title, names, behind) for name, title in titles_of(wanted.pack).items()],
        "map": _map(found, names, behind), "stages": _stages(found, behind), "stage_bars": _stage_bars(found), "ages": _ages(found, behind), "age_bars": _age_bars(found),
    }  # fmt: skip


def _tiles(found: Overview, behind: Behind) -> list[dict[str, Any]]:
    """The figures on top: now, before, and the list behind."""
    whole, wanted = found.whole, found.wanted
    ever = ever_until(wanted.today)
    return [
        {"title": gettext("未结"), "value": whole.open, "was": gettext("期初 %(n)s（%(change)s）") % {"n": found.open_before, "change": _rise(whole.open - found.open_before)}, "address": behind.address("_open", ever), "tone": ""},
        {"title": gettext("逾期未结"), "value": whole.late, "was": gettext("占未结 %(n)s%%") % {"n": round(100 * whole.late / whole.open)} if whole.open else "", "address": behind.address("_overdue", ever), "tone": "late" if whole.late else ""},
        {"title": pgettext("figure", "受理"), "value": whole.now.received, "was": _was(whole.now.received, whole.before.received), "address": behind.address("_received", wanted.period), "tone": ""},
        {"title": gettext("办结"), "value": whole.now.closed, "was": _was(whole.now.closed, whole.before.closed), "address": behind.address("_closed", wanted.period), "tone": ""},
        {"title": gettext("按期办结率"), "value": value_or_none(whole.now.timeliness, "%"), "was": _parts(gettext("按期 %(a)s，逾期 %(b)s") % {"a": whole.now.in_time, "b": whole.now.completed - whole.now.in_time}, value_or_none(whole.before.timeliness, "%")), "address": behind.address("_timeliness", wanted.period) if whole.now.completed else "", "tone": ""},
        {"title": gettext("满意度（平均分）"), "value": value_or_none(whole.now.satisfaction), "was": _parts(gettext("已评价 %(a)s，未评价 %(b)s") % {"a": whole.now.scored, "b": whole.now.received - whole.now.scored}, value_or_none(whole.before.satisfaction)), "address": behind.address("_satisfaction", wanted.period, part="all" if whole.now.scored else "open") if whole.now.received else "", "tone": ""},
    ]  # fmt: skip


def _was(now: int, before: int) -> str:
    return gettext("对比期 %(n)s（%(change)s）") % {"n": before, "change": _rise(now - before)}


def _parts(made_of: str, before: str) -> str:
    """What a ratio is made of, and what it was in the period compared with."""
    return gettext("%(parts)s；对比期 %(n)s") % {"parts": made_of, "n": before}


def _rise(change: int) -> str:
    return f"{change:+}".replace("-", "−") if change else gettext("持平")


class Behind:
    """The lists behind the numbers of an overview: the same cases, without those that only few may see, and the way back here.

    There are a hundred of them on a page, so what is the same for all is put together once.
    """

    def __init__(self, wanted: Wanted) -> None:
        self.head = f"{reverse('figure_cases')}?{urlencode({'desk': wanted.desk.code})}"
        self.filters = wanted.filters
        self.back = urlencode({BACK: _address_of(wanted)})

    def address(self, indicator: str, period: Period, **more: Any) -> str:
        """The address of the cases of an indicator over a period; `more` are filters beside those of the overview."""
        chosen = "".join(
            f"&{name}={'-' if value in (None, '') else quote_plus(str(value))}"
            for name, value in {**self.filters, **more}.items()
        )
        return (
            f"{self.head}&indicator={indicator}&from={period.first}&to={period.last}&restricted=no{chosen}&{self.back}"
        )


def _address_of(wanted: Wanted) -> str:
    """The overview as it was asked for."""
    compared = {"compare": "year"} if wanted.before == wanted.period.a_year_before() else {}
    query = {
        "desk": wanted.desk.code, "from": wanted.period.first.isoformat(), "to": wanted.period.last.isoformat(), **compared,
        **{name: value or "-" for name, value in wanted.filters.items()},
    }  # fmt: skip
    return f"{reverse('overview')}?{urlencode(query)}"


def _split(found: Overview, name: str, title: str, names: dict[str, dict[Any, str]], behind: Behind) -> dict[str, Any]:
    wanted, parts = found.wanted, sorted_parts(found.parts[name])
    lines = [
        {
            "name": names[name][key], "part": part, "timeliness": value_or_none(part.now.timeliness, "%"),
            "satisfaction": value_or_none(part.now.satisfaction), "change": part.now.received - part.before.received,
            "address": behind.address("_received", wanted.period, **{name: key}),
        }
        for key, part in parts
    ]  # fmt: skip
    return {
        "by": name,
        "title": title,
        "lines": lines,
        "bars": _part_bars(parts, names[name]),
    }


def _part_bars(parts: list[tuple[Any, Part]], names: dict[Any, str]) -> tuple[Bar, ...]:
    return tuple(Bar(names[key], part.now.received) for key, part in parts[:IN_CHART])


def _map(found: Overview, names: dict[str, dict[Any, str]], behind: Behind) -> dict[str, Any]:
    """Received cases by category and department, shaded by how many; the number always stands in the cell."""
    columns = [key for key, part in sorted_parts(found.parts["department"]) if part.now.received][:COLUMNS]
    rows = [key for key, part in sorted_parts(found.parts["category"]) if part.now.received]
    most = max(found.map.values(), default=0)
    cells = [(names["category"][row], [_cell(found, behind, row, column, most) for column in columns]) for row in rows]
    return {"heads": [names["department"][key] for key in columns], "rows": cells}


def _cell(found: Overview, behind: Behind, category: Any, department: Any, most: int) -> dict[str, Any]:
    n = found.map.get((category, department), 0)
    if not n:
        return {"n": 0, "heat": 0, "address": ""}
    address = behind.address("_received", found.wanted.period, category=category, department=department)
    return {"n": n, "heat": -(-n * HEATS // most), "address": address}


def _stages(found: Overview, behind: Behind) -> list[dict[str, Any]]:
    ever = ever_until(found.wanted.today)
    return [
        {"name": state_words(found.wanted.pack, one.state), "stage": one, "address": behind.address("_open", ever, state=one.state) if one.open else ""}
        for one in found.stages
    ]  # fmt: skip


def _stage_bars(found: Overview) -> tuple[Bar, ...]:
    return tuple(Bar(state_words(found.wanted.pack, one.state), one.open, second=one.late) for one in found.stages)


def _ages(found: Overview, behind: Behind) -> list[dict[str, Any]]:
    return [
        {"name": said, "n": n, "late": late, "address": behind.address("_open", days_of_age(place, found.wanted.today)) if n else ""}
        for place, (said, (n, late)) in enumerate(zip(age_words(), found.ages, strict=True))
    ]  # fmt: skip


def _age_bars(found: Overview) -> tuple[Bar, ...]:
    return tuple(Bar(said, n, second=late) for said, (n, late) in zip(age_words(), found.ages, strict=True))


def label_of(day: date, *, by_month: bool) -> str:
    """What stands below the axis for a day, or for its month."""
    return short_month(day) if by_month else short_day(day)


def _days(found: Overview) -> tuple[Point, ...]:
    """The days or months of the period as they are called, with what came and went."""
    return tuple((label_of(day, by_month=found.by_month), came, went) for day, came, went in found.course)


@route(audience="staff", permission="overview", kind="case")
def picture(request: HttpRequest) -> HttpResponse:
    """One chart of the overview as a picture with its colours in it, to be put into a presentation: SVG, or PNG on request."""
    way = request.GET.get("as", "svg")
    if way not in ("svg", "png"):
        raise Http404
    desks, desk = _chosen(request)
    viewer = viewer_of(request)
    found = overview(
        viewer,
        wanted_in(
            {k: v for k, v in request.GET.dict().items() if k != "as"}, desk=desk, pack=desks[desk], viewer=viewer
        ),
    )
    name = request.GET.get("chart", "")
    drawn = _drawn(found, name)
    if drawn is None:
        raise Http404
    template = "reports/_course.html" if name == "course" else "reports/_bars.html"
    plain = render_to_string(template, {"chart": drawn, "said": name, "alone": True})
    svg = plain.strip().replace(">", f">{COLOURS}", 1)
    if way == "svg":
        answer = HttpResponse(svg, content_type="image/svg+xml")
    else:
        (png,) = pictures_of("picture.typ", [{"svg": svg, "width": drawn.width}])
        answer = HttpResponse(png, content_type="image/png")
    as_attachment(answer, f"overview-{desk.code}-{name}-{found.wanted.period.last:%Y%m%d}.{way}")
    return answer


def _drawn(found: Overview, name: str) -> Bars | Course | None:
    if name in SHADES:
        return bars(_part_bars(sorted_parts(found.parts[name]), names_in(found)[name]))
    if name == "course":
        return course(_days(found))
    if name == "stages":
        return bars(_stage_bars(found))
    return bars(_age_bars(found)) if name == "ages" else None


@route(audience="staff", permission="overview", kind="case")
def export(request: HttpRequest) -> HttpResponseBase:
    """The data behind every chart as a spreadsheet; who took it is noted."""
    desks, desk = _chosen(request)
    viewer = viewer_of(request)
    if not holds_right(viewer, RIGHT, on=desk):
        raise NotPermitted(verb="导出")
    found = overview(viewer, wanted_in(request.GET.dict(), desk=desk, pack=desks[desk], viewer=viewer))
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    write_overview(file, found)
    file.seek(0)
    log_access(
        actor=viewer.person.actor_id, action="export", object="figures", field=f"desk:{desk.code}", now=viewer.now,
        reason=request.GET.urlencode()[:200],
    )  # fmt: skip
    answer = FileResponse(file, content_type="application/octet-stream")
    return as_attachment(answer, f"overview-{desk.code}-{viewer.now:%Y%m%d}.xlsx")
