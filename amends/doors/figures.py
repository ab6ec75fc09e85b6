"""Figures as pages, spreadsheets and the API ask for them: read from the address, compared with the periods before, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import IO, Any
from zoneinfo import ZoneInfo

from django.db.models import BigIntegerField, QuerySet
from django.utils.translation import gettext

from amends.apps.cases.queries import Viewer
from amends.apps.people.models import Department, Partner, Person
from amends.apps.policies.models import Desk
from amends.apps.prepared import among, ask_among
from amends.apps.reporting.figures import (
    DIMENSIONS,
    DIVIDED,
    SPANS_OF_TIME,
    Figure,
    Key,
    Part,
    Question,
    indicator_of,
    many_figures,
)
from amends.core.indicators import Verdict, as_said
from amends.core.periods import Period, begun
from amends.core.policy.kpis import Indicator, Unit
from amends.core.policy.pack import Pack
from amends.core.refusals import FieldError, InvalidData
from amends.doors.pack_words import words_of
from amends.doors.papers.formats import span_in_print
from amends.doors.papers.making import house_of, version_of
from amends.doors.printed_book import printed_book
from amends.doors.wording import words

MOST_GROUPS = 3
FRAME = frozenset({"desk", "from", "to", "by", "indicator", "part", "group", "cursor", "size"})


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for: a desk's figures over a period, split and filtered; of one indicator or of all."""

    desk: Desk
    pack: Pack
    period: Period
    by: tuple[str, ...] = ()
    filters: Mapping[str, str] = field(default_factory=dict)
    indicator: Indicator | None = None

    @property
    def indicators(self) -> tuple[Indicator, ...]:
        return (self.indicator,) if self.indicator else self.pack.kpis.indicators

    def question(self, indicator: Indicator) -> Question:
        return Question(self.desk, indicator, self.period, self.by, self.filters)


def asked_in(query: Mapping[str, str], *, desk: Desk, pack: Pack, viewer: Viewer) -> Asked:
    """Read an address. Without days it is the month so far. Raises InvalidData with every fault at its part of the address.

    An end before the start, an unknown dimension, filter or indicator is refused with a sentence.
    """
    today = viewer.now.astimezone(ZoneInfo(pack.head.zone)).date()
    period = begun(Period(_day(query, "from", today.replace(day=1)), _day(query, "to", today)), today)
    by = tuple(name for name in query.get("by", "").split(",") if name)
    known = {**DIMENSIONS, **SPANS_OF_TIME}
    faults = [_unknown("/by", name, known) for name in by if name not in known]
    faults += [_unknown(f"/{name}", name, DIMENSIONS) for name in query if name not in FRAME and name not in DIMENSIONS]
    if len(set(by)) > MOST_GROUPS:
        faults.append(FieldError("/by", "too_many_groups", {"limit": MOST_GROUPS}))
    indicator, name = None, query.get("indicator", "")
    if name and (indicator := indicator_of(pack.kpis, name)) is None:
        faults.append(_unknown("/indicator", name, [one.id for one in pack.kpis.indicators]))
    faults += _department_faults(query.get("department", ""))
    if faults:
        raise InvalidData(faults)
    # An empty value in an address stands for a choice that was not made; what is not known is asked for as "-".
    filters = {k: "" if v == "-" else v for k, v in query.items() if k in DIMENSIONS and v}
    return Asked(desk, pack, period, tuple(dict.fromkeys(by)), filters, indicator)


def _unknown(pointer: str, name: str, allowed: Iterable[str]) -> FieldError:
    return FieldError(pointer, "unknown_filter", {"name": name[:60], "allowed": list(allowed)})


def _department_faults(value: str) -> list[FieldError]:
    """Figures of a department that does not exist would be all zero, and read as if nobody had complained."""
    if not value.isdecimal() or len(value) > LONGEST_NUMBER or Department.objects.filter(pk=int(value)).exists():
        return []
    return [FieldError("/department", "department_not_visible")]


def _day(query: Mapping[str, str], name: str, usual: date) -> date:
    text = query.get(name, "")
    day = usual if not text else day_of(text)
    if day is None:
        field = gettext("起始日期") if name == "from" else gettext("截止日期")
        raise InvalidData([FieldError(f"/{name}", "bad_date", {"field": field})])
    return day


LONGEST_NUMBER = 18
"""Of digits, that a row may have."""
YEARS = range(1900, 2201)
"""Outside of them nothing happened, and the days before and after could not be named."""


def day_of(text: str) -> date | None:
    """The day that a text names; None where it is none, or one of an impossible year."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year in YEARS else None


# Lines


@dataclass(frozen=True, slots=True)
class Line:
    """An indicator over a period beside the period before and the same period of the year before."""

    now: Figure
    before: Figure
    a_year_before: Figure

    @property
    def indicator(self) -> Indicator:
        return self.now.question.indicator

    def change(self, earlier: Figure) -> Decimal | None:
        """How much it changed in its own unit, shares in percentage points; None where one of the two is not known."""
        now, then = self.now.result.value, earlier.result.value
        return None if now is None or then is None else now - then


def lines_of(viewer: Viewer, asked: Asked) -> list[Line]:
    """Every indicator asked for, without any grouping, with its comparisons; all of them are read at once."""
    whole = replace(asked, by=())
    spans = [whole, replace(whole, period=asked.period.before()), replace(whole, period=asked.period.a_year_before())]
    found = many_figures(viewer, [span.question(one) for one in asked.indicators for span in spans])
    return [Line(*(figure for (figure,) in found[n : n + len(spans)])) for n in range(0, len(found), len(spans))]


@dataclass(frozen=True, slots=True)
class Grid:
    """Groups down, indicators across. A group without a figure of an indicator has none there."""

    indicators: Sequence[Indicator]
    groups: list[tuple[Key, list[str], list[Figure | None]]]


def grid_of(viewer: Viewer, asked: Asked) -> Grid:
    """The figures of every group in words; the sum of the counts of all groups is that of the line without grouping."""
    columns = many_figures(viewer, [asked.question(indicator) for indicator in asked.indicators])
    found = [{one.group: one for one in column} for column in columns]
    keys = list(dict.fromkeys(key for column in found for key in column))
    keys.sort(
        key=lambda key: tuple(
            (value in (None, ""), str(value) if not isinstance(value, int) else f"{value:012}") for value in key
        )
    )
    said = group_words(asked, keys)
    return Grid(asked.indicators, [(key, said[key], [column.get(key) for column in found]) for key in keys])


# Words


def dimension_words(pack: Pack) -> dict[str, str]:
    """What figures can be split by, in words; the level, the main category and what no field of the policy holds as the policy has them."""
    axis, reads = pack.grading.axis(pack.grading.level or ""), pack.kpis.reads
    titles = {
        "department": gettext("责任部门"), "team": gettext("班组"), "handler": gettext("处理人"), "partner": gettext("合作方"),
        "category": words(pack.categories.schemes[0].title), "category_path": gettext("%(what)s（细分）") % {"what": words(pack.categories.schemes[0].title)},
        "cause": gettext("原因"), "product": gettext("产品"), "product_version": gettext("产品版本"), "region": gettext("地区"),
        "channel": gettext("渠道"), "channel_group": gettext("渠道分类"), "kind": gettext("类型"),
        "level": words(axis.title) if axis else gettext("级别"), "urgent": gettext("是否紧急"), "outcome": gettext("处理结果"),
        "state": gettext("状态"), "pack": gettext("制度版本"), "counts": gettext("是否计入投诉数"), "taken_over": gettext("是否历史导入"),
        "restricted": gettext("是否限制查阅"),
    }  # fmt: skip
    unread = {name for name in ("cause", "product", "product_version", "region") if getattr(reads, name) is None}
    return {name: title for name, title in titles.items() if name not in unread}


def span_words() -> dict[str, str]:
    return {
        "day": gettext("日"), "week": gettext("周"), "month": gettext("月"), "quarter": gettext("季度"), "year": gettext("年"),
    }  # fmt: skip


def group_words(
    asked: Asked, keys: Iterable[Key], departments: Mapping[Any, str] = MappingProxyType({})
) -> dict[Key, list[str]]:
    """The values of groups in words; names of departments and people in one query each, and none for departments whose names are known."""
    keys = list(keys)
    named: dict[str, Mapping[Any, str]] = {}
    for place, name in enumerate(asked.by):
        numbers = {key[place] for key in keys if key[place] not in (None, "")}
        if name in ("department", "team"):
            units = ask_among("departments", numbers - departments.keys(), _departments, of=BigIntegerField())
            named[name] = {**departments, **{unit.pk: words(unit.called) for unit in units}}
        elif name == "handler":
            named[name] = dict(Person.objects.filter(pk__in=numbers).values_list("pk", "name"))
        elif name == "partner":
            named[name] = dict(Partner.objects.filter(pk__in=numbers).values_list("pk", "name"))
    return {
        key: [group_value(asked, name, key[n], named.get(name, {})) for n, name in enumerate(asked.by)] for key in keys
    }


def _departments(keys: list[Any]) -> QuerySet[Department]:
    return Department.objects.filter(among("pk", keys)).order_by()


def group_value(asked: Asked, name: str, value: Any, named: Mapping[Any, str]) -> str:
    if value in (None, ""):
        return gettext("未定")
    if isinstance(value, date):
        quarter = f"{value.year} Q{(value.month + 2) // 3}"
        return {"month": f"{value:%Y-%m}", "quarter": quarter, "year": f"{value:%Y}"}.get(name, value.isoformat())
    said = words_of(asked.pack)
    if isinstance(value, bool):
        return words(value)
    if name in ("category", "category_path"):
        return said.category(value)
    if name == "level":
        return said.level(value)[0]
    if name in ("state", "kind", "channel", "outcome"):
        return str(getattr(said, name)(value))
    if name == "channel_group":
        return words(asked.pack.channels.groups.get(value)) or value
    if name == "cause":
        return _cause(asked.pack, value)
    return named.get(value) or str(value)


def _cause(pack: Pack, value: str) -> str:
    """A cause in words; forms may choose it from different lists under one id."""
    sources = [f for form in pack.forms.values() for f in form.fields if f.id == pack.kpis.reads.cause]
    schemes = {scheme.id: scheme for scheme in pack.categories.schemes}
    for source in sources:
        if source.scheme in schemes:
            titles = {path: node.title for path, node in schemes[source.scheme].walk()}
        else:
            titles = {
                **pack.categories.lists.get(source.options_from or "", {}),
                **{o.id: o.title for o in source.options},
            }
        if value in titles:
            return words(titles[value])
    return value


UNITS = {
    "percent": "%", "cases": "", "minutes": "分钟", "hours": "小时", "days": "天", "points": "分", "money": "元", "per_thousand": "‰",
}  # fmt: skip


def part_words(indicator: Indicator) -> dict[Part, str]:
    """The parts of the list behind a figure in words: timeliness and satisfaction of the overview have words of their own."""
    own: dict[str, tuple[str, str, str, str]] = {
        "_timeliness": (gettext("全部"), gettext("按期"), gettext("逾期"), ""),
        "_satisfaction": (gettext("已评价"), gettext("满意"), gettext("不满意"), gettext("未评价")),
    }
    usual = (gettext("全部个案"), gettext("计入分子"), gettext("未计入分子"), gettext("尚未完成"))
    return dict(zip(("all", "counted", "rest", "open"), own.get(indicator.id, usual), strict=True))


def is_withheld(figure: Figure) -> bool:
    """Whether a value says too little of one person to be shown: it rests on fewer cases than the indicator's minimum. Source: EXP-9.2.2"""
    return "handler" in figure.question.by and figure.result.verdict is Verdict.TOO_FEW


def few_words(indicator: Indicator) -> str:
    return gettext("回答太少") if indicator.of == "score" or _asks_for_scores(indicator) else gettext("样本太少")


def _asks_for_scores(indicator: Indicator) -> bool:
    """Whether the cases of the indicator are those whose customers answered."""
    return any(
        fact.fact in ("score", "satisfied")
        for _, condition in indicator.conditions()
        for fact in condition.comparisons()
    )


def value_words(figure: Figure) -> str:
    """The value with its unit; where nothing could be divided, or it is withheld, it says so."""
    if is_withheld(figure):
        return few_words(figure.question.indicator)
    value = figure.result.value
    return gettext("不适用") if value is None else amount_words(figure.question.indicator, value)


def amount_words(indicator: Indicator, value: Decimal) -> str:
    """A number in the unit of an indicator, as people say it."""
    unit, (said,) = as_said(indicator.unit, value)
    return in_unit(str(said), unit)


def in_unit(number: str, unit: Unit) -> str:
    word = words_of_unit(unit)
    return f"{number}{word}" if word in ("%", "‰", "") else f"{number} {word}"


def change_words(indicator: Indicator, change: Decimal) -> str:
    """By how much a figure rose or fell; a share does so in percentage points."""
    if not change:
        return gettext("持平")
    sign, amount = "+" if change > 0 else "−", abs(change)
    if indicator.unit == "percent":
        return gettext("%(change)s 个百分点") % {"change": f"{sign}{amount}"}
    return sign + amount_words(indicator, amount)


def unit_words(indicator: Indicator) -> str:
    return words_of_unit(indicator.unit)


def words_of_unit(unit: Unit) -> str:
    word = {
        "minutes": gettext("分钟"), "hours": gettext("小时"), "days": gettext("天"), "points": gettext("分"), "money": gettext("元"),
    }.get(unit)  # fmt: skip
    return word if word is not None else UNITS[unit]


def verdict_words(verdict: Verdict) -> tuple[str, str, str]:
    """Word, icon and tone of how a figure stands against its target: never the colour alone."""
    return {
        Verdict.MET: (gettext("达标"), "circle-check", "good"),
        Verdict.MISSED: (gettext("未达标"), "alert-triangle", "late"),
        Verdict.TOO_FEW: (gettext("样本太少，不作评判"), "info-circle", "warn"),
        Verdict.NO_TARGET: (gettext("不考核"), "minus", "line"),
        Verdict.NOT_APPLICABLE: (gettext("没有可统计的数据"), "minus", "line"),
    }[verdict]


def target_words(indicator: Indicator) -> str:
    if indicator.target is None:
        return ""
    sign = "≥" if indicator.direction == "up" else "≤"
    return f"{sign} {in_unit(str(indicator.target.value), indicator.unit)}"


# Spreadsheet


def write_figures(file: IO[bytes], lines: Sequence[Line], grid: Grid | None, asked: Asked) -> None:
    """The table as a spreadsheet: values as numbers, with sample and target; what is not applicable says so."""
    about = [span_in_print(asked.period), version_of(asked.pack)]
    with printed_book(file, house=house_of(asked.pack, asked.desk), title=gettext("指标"), about=about) as book:
        book.table(gettext("指标"), _heads(), [_cells(line) for line in lines])
        if grid is not None:
            book.table(
                gettext("分组"), _grid_heads(grid, asked), [_grid_cells(said, row) for _, said, row in grid.groups]
            )


def _heads() -> list[str]:
    return [
        gettext("指标"), gettext("数值"), gettext("单位"), gettext("分子"), gettext("分母"), gettext("样本"), gettext("目标"), gettext("评判"),
        gettext("上期"), gettext("去年同期"), gettext("口径"),
    ]  # fmt: skip


def _cells(line: Line) -> list[Any]:
    result, indicator = line.now.result, line.indicator
    return [
        words(indicator.title), _number(line.now), unit_words(indicator), *_division(line.now), result.sample,
        target_words(indicator), verdict_words(result.verdict)[0], _number(line.before), _number(line.a_year_before),
        words(indicator.says),
    ]  # fmt: skip


def _division(figure: Figure) -> tuple[Any, Any]:
    """What was divided by what; an average of times or amounts is over sums that say nothing in their own unit."""
    result = figure.result
    return (result.numerator, result.denominator) if figure.question.indicator.kind in DIVIDED | {"count"} else ("", "")


def _number(figure: Figure) -> Any:
    if is_withheld(figure):
        return value_words(figure)
    return gettext("不适用") if figure.result.value is None else figure.result.value


def _grid_heads(grid: Grid, asked: Asked) -> list[str]:
    titles = {**dimension_words(asked.pack), **span_words()}
    measured = [head for indicator in grid.indicators for head in (_with_unit(indicator), gettext("样本"))]
    return [*(titles.get(name, name) for name in asked.by), *measured]


def _with_unit(indicator: Indicator) -> str:
    unit = unit_words(indicator)
    title = words(indicator.title)
    return gettext("%(head)s（%(unit)s）") % {"head": title, "unit": unit} if unit else title


def _grid_cells(said: Sequence[str], row: Sequence[Figure | None]) -> list[Any]:
    cells = [cell for one in row for cell in (("", "") if one is None else (_number(one), one.result.sample))]
    return [*said, *cells]


def group_in(text: str, by: Sequence[str]) -> Key | None:
    """The group that an address names, as figures have it; None where it names none. Raises InvalidData for what is none."""
    if not text:
        return None
    values = text.split("|")
    if len(values) != len(by):
        raise InvalidData([FieldError("/group", "bad_filter_value", {"name": "group", "value": text[:60]})])
    return tuple(_of_group(name, "" if value == "-" else value) for name, value in zip(by, values, strict=True))


def _of_group(name: str, value: str) -> Any:
    try:
        return date.fromisoformat(value) if name in SPANS_OF_TIME else value
    except ValueError:
        raise InvalidData([FieldError("/group", "bad_filter_value", {"name": name, "value": value[:60]})]) from None
