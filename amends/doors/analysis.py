"""The analysis of a period as pages, spreadsheets and the API ask for it: read from the address, in words, as a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import IO, Any, cast
from zoneinfo import ZoneInfo

from django.utils.translation import gettext

from amends.apps.cases.queries import Viewer
from amends.apps.policies.models import Desk
from amends.apps.reporting.analysis import CLASSES, Analysed, Line, Look
from amends.apps.reporting.figures import DIMENSIONS
from amends.core.periods import Period, month_of
from amends.core.policy.pack import Pack
from amends.core.refusals import FieldError, InvalidData
from amends.core.shares import ORDERS, Order
from amends.doors.figures import Asked, asked_in, day_of, dimension_words, group_words
from amends.doors.pack_words import words_of
from amends.doors.papers.formats import month_in_print, span_in_print
from amends.doors.papers.making import house_of, version_of
from amends.doors.printed_book import printed_book

FRAME = ("than_from", "than_to", "order")


def look_in(query: Mapping[str, str], *, desk: Desk, pack: Pack, viewer: Viewer) -> Look:
    """Read an address. Without days it is the last complete months that the policy analyses, beside as many before; ranked by cause where the policy has causes.

    `than_from` and `than_to` name another period to compare with. Raises InvalidData with the fault at its part of the address.
    """
    today = viewer.now.astimezone(ZoneInfo(pack.head.zone)).date()
    usual = _last_months(today, pack.warnings.analysis_months)
    days = (
        {"from": usual.first.isoformat(), "to": usual.last.isoformat()}
        if not (query.get("from") or query.get("to"))
        else {}
    )
    asked = asked_in(
        {**{k: v for k, v in query.items() if k not in FRAME}, **days}, desk=desk, pack=pack, viewer=viewer
    )
    by = asked.by[0] if asked.by else "cause" if pack.kpis.reads.cause else "category"
    if by not in CLASSES:
        raise InvalidData([FieldError("/by", "unknown_filter", {"name": by[:60], "allowed": list(CLASSES)})])
    order = query.get("order") or "count"
    if order not in ORDERS:
        raise InvalidData([FieldError("/order", "unknown_filter", {"name": order[:60], "allowed": list(ORDERS)})])
    filters = {name: value for name, value in asked.filters.items() if name in DIMENSIONS}
    return Look(desk, asked.period, _compared(query, asked.period), by, cast(Order, order), filters)


def _last_months(today: date, months: int) -> Period:
    last = today.replace(day=1) - timedelta(days=1)
    first = last.replace(day=1)
    for _ in range(months - 1):
        first = (first - timedelta(days=1)).replace(day=1)
    return Period(first, month_of(last).last)


def _compared(query: Mapping[str, str], period: Period) -> Period:
    if not (query.get("than_from") or query.get("than_to")):
        return period.before()
    first, last = day_of(query.get("than_from", "")), day_of(query.get("than_to", ""))
    if first is None or last is None:
        raise InvalidData([FieldError("/than_from", "bad_date", {"field": gettext("对比时间段")})])
    return Period(first, last)


def class_words(pack: Pack) -> dict[str, str]:
    """What can be ranked on a desk, in words."""
    titles = dimension_words(pack)
    return {name: titles[name] for name in CLASSES if name in titles}


def names_in(found: Analysed, pack: Pack) -> dict[str, dict[Any, str]]:
    """The values of every class that an analysis shows, in words, by dimension."""
    keys: dict[str, set[Any]] = {"department": set(), "partner": set(), found.look.by: set()}
    keys[found.look.by] |= {line.share.name for line in found.lines}
    keys["department"] |= {one.name for one in found.departments}
    keys["partner"] |= {one.name for one in found.partners}
    keys.setdefault("cause", set())
    for key, _ in found.together:
        for name, value in zip(together_by(found.look), key, strict=True):
            keys[name].add(value)
    asked = Asked(found.look.desk, pack, found.look.period)
    return {
        name: {key[0]: said[0] for key, said in group_words(replace(asked, by=(name,)), [(v,) for v in values]).items()}
        for name, values in keys.items()
    }


def together_by(look: Look) -> tuple[str, ...]:
    """By what combinations are counted: the class, the cause and the department, each once."""
    return tuple(dict.fromkeys((look.by, "cause", "department")))


def cost_words(line: Line) -> str:
    """What was paid for a class; a dash where nothing was."""
    if not line.share.cost:
        return "—"
    amount = f"{Decimal(line.share.cost).scaleb(-2):,.2f}"
    return f"¥{amount}" if line.currency in ("", "CNY") else f"{line.currency} {amount}"


def state_words(pack: Pack, state: str) -> str:
    return str(words_of(pack).state(state))


def order_words() -> dict[str, str]:
    return {"count": gettext("件数多的在前"), "increase": gettext("占比上升多的在前"), "cost": gettext("赔付多的在前")}


# Spreadsheet


def write_analysis(file: IO[bytes], found: Analysed, pack: Pack) -> None:
    """The analysis as a spreadsheet: the ranking, the months, the steps, and whom it concerns, each on a sheet of its own."""
    names, title = names_in(found, pack), class_words(pack).get(found.look.by, found.look.by)
    own, look, months = names[found.look.by], found.look, list(found.months)
    compared = gettext("对比期 %(span)s") % {"span": span_in_print(look.before)}
    about = [gettext("本期 %(span)s") % {"span": span_in_print(look.period)}, compared, version_of(pack)]
    with printed_book(file, house=house_of(pack, look.desk), title=gettext("原因分析"), about=about) as book:
        book.table(gettext("排名"), _heads(title, look), [_cells(line, own) for line in found.lines])
        book.table(
            gettext("各月件数"), [title, *(month_in_print(month) for month in months)],
            [[own[line.share.name], *(found.months[m].get(line.share.name, 0) for m in months)] for line in found.lines],
        )  # fmt: skip
        book.table(
            gettext("各环节用时"),
            [gettext("环节"), gettext("次数"), gettext("平均小时"), gettext("平均工作小时"), gettext("占全部用时 %")],
            [[state_words(pack, one.state), one.visits, one.hours, one.working_hours, one.part] for one in found.steps],
        )
        for name, head, some in (
            ("department", gettext("责任部门"), found.departments),
            ("partner", gettext("合作方"), found.partners),
        ):
            rows = [[names[name][one.name], one.count, one.share] for one in some]
            book.table(head, [head, gettext("件数"), gettext("占比 %")], rows)


def _heads(title: str, look: Look) -> list[str]:
    return [
        gettext("名次"), title, gettext("本期件数"), gettext("占比 %"), gettext("累计占比 %"),
        gettext("对比期件数"), gettext("对比期占比 %"), gettext("占比变化（百分点）"), gettext("赔付金额"), gettext("平均处理小时"),
    ]  # fmt: skip


def _cells(line: Line, names: Mapping[Any, str]) -> list[Any]:
    one = line.share
    none = gettext("不适用")
    return [
        one.rank, names[one.name], one.count, _or(one.share, none), _or(one.together, none), one.before, _or(one.share_before, none),
        _or(one.change, none), Decimal(one.cost).scaleb(-2), _or(line.hours, none),
    ]  # fmt: skip


def _or(value: Decimal | None, otherwise: str) -> Decimal | str:
    return otherwise if value is None else value
