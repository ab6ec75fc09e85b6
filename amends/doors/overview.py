"""The overview as pages, spreadsheets and pictures ask for it: read from the address, in words, as tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import IO, Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext, pgettext

from amends.apps.cases.queries import Viewer
from amends.apps.people.choices import departments_to_choose
from amends.apps.policies.models import Desk
from amends.apps.reporting.overview import AGES, BY, Overview, Part, Wanted
from amends.core.policy.pack import Pack
from amends.core.refusals import FieldError, InvalidData
from amends.doors.figures import LONGEST_NUMBER, Asked, asked_in, dimension_words, group_words
from amends.doors.pack_words import words_of
from amends.doors.papers.formats import day_in_print, month_in_print, span_in_print
from amends.doors.papers.making import house_of, version_of
from amends.doors.printed_book import printed_book

FRAME = ("compare", "chart")
COMPARED = ("before", "year")


def wanted_in(query: Mapping[str, str], *, desk: Desk, pack: Pack, viewer: Viewer) -> Wanted:
    """Read an address. Without days it is the month so far, beside the same span before it; `compare=year` takes the same days of last year.

    Raises InvalidData with every fault at its part of the address; filters other than department, category and channel are faults.
    """
    asked = asked_in({k: v for k, v in query.items() if k not in FRAME}, desk=desk, pack=pack, viewer=viewer)
    compare = query.get("compare") or "before"
    if compare not in COMPARED:
        raise InvalidData([FieldError("/compare", "unknown_filter", {"name": compare[:60], "allowed": list(COMPARED)})])
    filters = {name: _value(name, value, desk, pack) for name, value in asked.filters.items()}
    period, today = asked.period, viewer.now.astimezone(ZoneInfo(pack.head.zone)).date()
    return Wanted(desk, pack, period, period.a_year_before() if compare == "year" else period.before(), today, filters)


def _value(name: str, value: str, desk: Desk, pack: Pack) -> Any:
    if name not in BY:
        raise InvalidData(
            [FieldError(f"/{name}", "unknown_filter", {"name": name, "allowed": list(titles_of(pack).values())})]
        )
    if name != "department":
        return value
    if not value:
        return None
    if not value.isascii() or not value.isdigit() or len(value) > LONGEST_NUMBER:
        raise InvalidData([FieldError(f"/{name}", "wrong_type", {"field": "责任部门"})])
    if not any(unit.id == int(value) for unit in departments_to_choose(desk)):
        raise InvalidData([FieldError(f"/{name}", "department_not_visible")])
    return int(value)


def names_in(found: Overview, departments: Mapping[Any, str] = MappingProxyType({})) -> dict[str, dict[Any, str]]:
    """The departments, categories and channels of an overview in words; one query where it has departments that are not among those given."""
    asked = Asked(found.wanted.desk, found.wanted.pack, found.wanted.period)
    some = {
        name: group_words(replace(asked, by=(name,)), [(value,) for value in parts], departments)
        for name, parts in found.parts.items()
    }
    return {name: {key: said[0] for (key,), said in words.items()} for name, words in some.items()}


def titles_of(pack: Pack) -> dict[str, str]:
    titles = dimension_words(pack)
    return {name: titles[name] for name in BY}


def state_words(pack: Pack, state: str) -> str:
    return str(words_of(pack).state(state))


def age_words() -> list[str]:
    """The ages of open cases in words."""
    spans = [gettext("%(n)s 天以内") % {"n": AGES[0]}]
    spans += [gettext("%(a)s–%(b)s 天") % {"a": a + 1, "b": b} for a, b in zip(AGES, AGES[1:], strict=False)]
    return [*spans, gettext("超过 %(n)s 天") % {"n": AGES[-1]}]


def sorted_parts(parts: Mapping[Any, Part]) -> list[tuple[Any, Part]]:
    """Those with the most cases first."""
    return sorted(parts.items(), key=lambda one: (-one[1].now.received, -one[1].open, str(one[0])))


def value_or_none(value: Decimal | None, unit: str = "") -> str:
    return gettext("不适用") if value is None else f"{value}{unit}"


# Spreadsheet


def write_overview(file: IO[bytes], found: Overview) -> None:
    """The overview as a spreadsheet: every chart and table on a sheet of its own."""
    names, wanted = names_in(found), found.wanted
    about = [
        gettext("本期 %(span)s") % {"span": span_in_print(wanted.period)},
        gettext("上期 %(span)s") % {"span": span_in_print(wanted.before)},
        version_of(wanted.pack),
    ]
    with printed_book(file, house=house_of(wanted.pack, wanted.desk), title=gettext("投诉总览"), about=about) as book:
        book.table(gettext("概览"), [gettext("范围"), *_heads()], [[gettext("合计"), *_cells(found.whole)]])
        for name, title in titles_of(wanted.pack).items():
            rows = [[names[name][key], *_cells(part)] for key, part in sorted_parts(found.parts[name])]
            book.table(title, [title, *_heads()], [*rows, [gettext("合计"), *_cells(found.whole)]] if rows else [])
        columns = [key for key, _ in sorted_parts(found.parts["department"])]
        book.table(
            gettext("类别与部门"), [titles_of(wanted.pack)["category"], *(names["department"][key] for key in columns)],
            [[names["category"][c], *(found.map.get((c, d), 0) for d in columns)] for c, _ in sorted_parts(found.parts["category"])],
        )  # fmt: skip
        book.table(
            gettext("环节"), [gettext("环节"), gettext("未结"), gettext("逾期"), gettext("次数"), gettext("平均停留小时")],
            [[state_words(wanted.pack, s.state), s.open, s.late, s.visits, s.hours if s.hours is not None else gettext("不适用")] for s in found.stages],
        )  # fmt: skip
        book.table(
            gettext("未结时长"),
            [gettext("收到至今"), gettext("未结"), gettext("逾期")],
            [[said, *pair] for said, pair in zip(age_words(), found.ages, strict=True)],
        )
        book.table(gettext("走势"), [gettext("日期"), pgettext("figure", "受理"), gettext("办结")], [[_day(day, found), a, b] for day, a, b in found.course])  # fmt: skip


def _heads() -> list[str]:
    return [
        pgettext("figure", "受理"), gettext("上期受理"), gettext("办结"), gettext("上期办结"), gettext("未结"), gettext("逾期"),
        gettext("按期办结率 %"), gettext("满意度"),
    ]  # fmt: skip


def _cells(part: Part) -> list[Any]:
    none = gettext("不适用")
    timeliness, satisfaction = part.now.timeliness, part.now.satisfaction
    return [
        part.now.received, part.before.received, part.now.closed, part.before.closed, part.open, part.late,
        none if timeliness is None else timeliness, none if satisfaction is None else satisfaction,
    ]  # fmt: skip


def _day(day: date, found: Overview) -> str:
    return month_in_print(day) if found.by_month else day_in_print(day)
