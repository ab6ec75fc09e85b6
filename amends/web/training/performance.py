"""The performance record of an employee: for whoever has the right by the policy, and for the employee themselves."""

from __future__ import annotations

import tempfile
from typing import Any

from django.core.paginator import Paginator
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext

from amends.apps.cases.queries import Viewer, desks_with_right, visible_among
from amends.apps.people.actions import log_access
from amends.apps.people.models import Person
from amends.apps.policies.models import Desk
from amends.apps.training.performance import Performance, handled_by, handled_page, performance_of
from amends.apps.training.queries import PERFORMANCE, desks_learnt_on, people_of, person_of
from amends.core.periods import Period
from amends.core.policy.pack import Pack
from amends.core.refusals import InvalidData, NotPermitted, NotVisible
from amends.doors.figures import asked_in, value_words
from amends.doors.files import as_attachment
from amends.doors.papers.formats import span_in_print
from amends.doors.routes import route
from amends.doors.training import Table, owed_words, percent_words, write_tables
from amends.doors.wording import faults, words
from amends.web.viewing import viewer_of, zone_of

PEOPLE_SHOWN = 50
EXPORTED = 10_000


@route(audience="staff", permission="performance", kind="performance")
def index(request: HttpRequest) -> HttpResponse:
    """The people of the desks whose records the viewer may read."""
    viewer = viewer_of(request)
    desks = desks_with_right(viewer, PERFORMANCE)
    if not desks:
        raise NotPermitted(verb="查看员工业绩档案")
    found = [(desk, person) for desk in desks for person in people_of(desk, now=viewer.now)]
    page = Paginator(found, PEOPLE_SHOWN).get_page(request.GET.get("page"))
    return render(request, "training/people.html", {"area": "performance", "page": page, "several": len(desks) > 1})


def _found(viewer: Viewer, code: str, pk: int) -> tuple[Desk, Pack, Person]:
    """Raises NotVisible alike for what is not there and what is not the viewer's to read."""
    desks = dict(desks_with_right(viewer, PERFORMANCE))
    if pk == viewer.person.pk:
        desks |= desks_learnt_on(viewer)
    desk = next((one for one in desks if one.code == code), None)
    if desk is None:
        raise NotVisible
    return desk, desks[desk], person_of(desk, pk, now=viewer.now)


def _period(request: HttpRequest, desk: Desk, pack: Pack, viewer: Viewer) -> Period:
    asked = {name: request.GET.get(name, "") for name in ("from", "to")}
    return asked_in(asked, desk=desk, pack=pack, viewer=viewer).period


@route(audience="staff", permission="signed_in", kind="performance")
def one(request: HttpRequest, desk: str, pk: int) -> HttpResponse:
    """The record of a person over a period: cases, indicators with their counts, quality, training, praise and rewards. Noted."""
    viewer = viewer_of(request)
    place, pack, person = _found(viewer, desk, pk)
    wrong: dict[str, list[str]] = {}
    try:
        period = _period(request, place, pack, viewer)
    except InvalidData as refusal:
        wrong, period = faults(refusal), asked_in({}, desk=place, pack=pack, viewer=viewer).period
    if pk != viewer.person.pk:
        log_access(
            actor=viewer.person.actor_id, action="view", object=f"performance:{pk}", now=viewer.now, desk=place.pk
        )
    found = performance_of(viewer, place, pack, person, period)
    rows, cursor = handled_page(place, person, period, cursor=request.GET.get("cursor", ""))
    seen = visible_among(viewer, [str(row.case_id) for row in rows])
    context = {
        "area": "performance", "desk": place, "pack": pack, "person": person, "period": period, "found": found, "faults": wrong,
        "typed": {"from": request.GET.get("from") or period.first.isoformat(), "to": request.GET.get("to") or period.last.isoformat()},
        "rows": [(row, str(row.case_id) in seen) for row in rows], "next_cursor": cursor, "zone": zone_of(pack),
        "figures": [(figure, value_words(figure)) for figure in found.indicators],
        "duties": [(duty, owed_words(duty.owed)) for duty in found.duties],
        "attendance": percent_words(found.participation.rate), "is_own": pk == viewer.person.pk,
        "named": [(row, words(pack.proceedings[row.kind].title) if row.kind in pack.proceedings else row.kind) for row in found.named_in],
        "best": pack.training.quality.best if pack.training.quality else 5,
    }  # fmt: skip
    return render(request, "training/performance.html", context, status=422 if wrong else 200)


@route(audience="staff", permission="signed_in", kind="performance")
def sheet(request: HttpRequest, desk: str, pk: int) -> HttpResponseBase:
    """The same record as a spreadsheet with every case of the period. Noted."""
    viewer = viewer_of(request)
    place, pack, person = _found(viewer, desk, pk)
    period = _period(request, place, pack, viewer)
    log_access(actor=viewer.person.actor_id, action="export", object=f"performance:{pk}", now=viewer.now, desk=place.pk)
    found = performance_of(viewer, place, pack, person, period)
    file = tempfile.SpooledTemporaryFile(max_size=1_000_000)  # noqa: SIM115 - the response closes it
    title = f"{gettext('个人绩效记录')}　{person.name}　{span_in_print(period)}"
    write_tables(file, _tables(found, place, pack), title=title)  # type: ignore[arg-type]
    file.seek(0)
    answer = FileResponse(file, content_type="application/octet-stream")
    return as_attachment(answer, f"performance-{person.username}-{period.first:%Y%m%d}-{period.last:%Y%m%d}.xlsx")


def _tables(found: Performance, desk: Desk, pack: Pack) -> list[Table]:
    zone, person = zone_of(pack), found.person
    period = span_in_print(found.period)
    taking_part = found.participation
    summary: list[list[Any]] = [
        [gettext("姓名"), person.name, ""], [gettext("期间"), period, ""],
        [gettext("办结个案"), found.handled, ""],
        [gettext("处理质量（抽查平均）"), "—" if found.quality is None else found.quality, len(found.checked)],
        [gettext("培训出勤率"), percent_words(taking_part.rate), f"{taking_part.attended} / {taking_part.assigned}"],
        [gettext("培训参与程度"), "—" if taking_part.involvement is None else taking_part.involvement, taking_part.rated],
    ]  # fmt: skip
    summary += [
        [words(one.question.indicator.title), value_words(one), f"{one.result.numerator} / {one.result.denominator}"]
        for one in found.indicators
    ]
    cases = (
        [row.case.number, row.case.subject, _local(row.received_at, zone), _local(row.closed_at, zone), _yes(row.in_time)]
        for row in handled_by(desk, person, found.period)[:EXPORTED]
    )  # fmt: skip
    praise = [[one.on, gettext("客户表扬"), one.case.number, one.case.subject] for one in found.praise]
    kinds = pack.proceedings
    praise += [
        [_local(row.begun_at, zone).date(), words(kinds[row.kind].title) if row.kind in kinds else row.kind, row.number, row.subject]
        for row in found.named_in
    ]  # fmt: skip
    return [
        Table(gettext("汇总"), [gettext("项目"), gettext("数值"), gettext("依据")], summary),
        Table(gettext("办结个案"), [gettext("编号"), gettext("事由"), gettext("收到"), gettext("办结"), gettext("按期")], cases),
        Table(gettext("表扬与奖励"), [gettext("日期"), gettext("类别"), gettext("编号"), gettext("内容")], praise),
    ]  # fmt: skip


def _local(moment: Any, zone: Any) -> Any:
    return moment.astimezone(zone).replace(tzinfo=None) if moment else ""


def _yes(value: bool | None) -> str:
    return "—" if value is None else gettext("是") if value else gettext("否")
