"""Scorecards as pages, spreadsheets and the API show them: the month in an address, points and rules in words, tables for payroll."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import IO, Any, cast
from zoneinfo import ZoneInfo

from django.utils.translation import gettext

from amends.apps.cases.queries import Viewer
from amends.apps.people.models import Department, Person
from amends.apps.policies.models import Desk
from amends.apps.policies.queries import NoPackInForce, pack_in_force
from amends.apps.reporting.figures import Figure
from amends.apps.reporting.scores import RIGHTS, Month, Of, Scored, may_see_scores
from amends.core.indicators import Verdict
from amends.core.policy.kpis import Indicator, Kpis, Threshold
from amends.core.policy.pack import Pack
from amends.core.refusals import FieldError, InvalidData
from amends.core.scorecards import Earned, Part
from amends.doors.figures import YEARS, few_words, in_unit, unit_words, value_words, verdict_words
from amends.doors.papers.formats import month_in_print, span_in_print
from amends.doors.papers.making import house_of, version_of
from amends.doors.printed_book import printed_book
from amends.doors.wording import words


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an address asks for: the scorecards of departments or of people on a desk, for the month that begins with `month`."""

    desk: Desk
    pack: Pack
    month: date
    of: Of


def desks_scored(viewer: Viewer) -> dict[Desk, tuple[Pack, tuple[Of, ...]]]:
    """The desks whose scorecards the viewer may see, with which of them."""
    found: dict[Desk, tuple[Pack, tuple[Of, ...]]] = {}
    for desk in viewer.desks():
        try:
            pack = pack_in_force(desk, viewer.now)
        except NoPackInForce:
            continue
        kinds = tuple(cast(Of, of) for of in RIGHTS if may_see_scores(viewer, desk, pack, cast(Of, of)))
        if kinds:
            found[desk] = (pack, kinds)
    return found


def month_in(query: Mapping[str, str], pack: Pack, viewer: Viewer) -> date:
    """The first day of the month that an address names; left out, the last complete month. Raises InvalidData for what is none, or has not begun."""
    today = viewer.now.astimezone(ZoneInfo(pack.head.zone)).date()
    text = query.get("month", "")
    if not text:
        return (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    found = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", text, re.ASCII)
    if found is None or int(found[1]) not in YEARS:
        raise InvalidData([FieldError("/month", "bad_month", {"field": "月份"})])
    month = date(int(found[1]), int(found[2]), 1)
    if month > today:
        raise InvalidData([FieldError("/month", "month_not_begun", {"field": "月份"})])
    return month


def names_of(month: Month) -> dict[int, str]:
    """The names of the departments or people of scorecards; one query."""
    keys = [one.key for one in month.scored]
    if month.of == "person":
        return dict(Person.objects.filter(pk__in=keys).values_list("pk", "name"))
    return {unit.pk: words(unit.called) for unit in Department.objects.filter(pk__in=keys)}


# Words


def scored_words(indicator: Indicator, kpis: Kpis) -> str:
    """How an indicator becomes points, in words."""
    target = indicator.target.value if indicator.target else ""
    return {
        "share": gettext("指标值（%）即得分"),
        "inverse": gettext("得分 = 100 − 指标值（%）"),
        "of_best": gettext("得分 = 平均分 ÷ 满分 %(best)s × 100") % {"best": kpis.reads.satisfaction.best},
        "target": gettext("得分 = 达到目标 %(target)s%(unit)s 的百分比")
        % {"target": target, "unit": unit_words(indicator)},
    }[indicator.scored_as]


def part_words(part: Part, figure: Figure | None) -> str:
    """The value of an indicator in a scorecard; without any, or with too few cases, it says so and shows none."""
    if part.result.verdict is Verdict.TOO_FEW:
        return few_words(part.indicator)
    return value_words(figure) if figure is not None else gettext("不适用")


def total_words(total: Decimal | None) -> str:
    return gettext("不适用") if total is None else str(total)


def threshold_words(threshold: Threshold, kpis: Kpis) -> str:
    """An indicator with what it has to reach."""
    indicator = kpis.indicator(threshold.indicator)
    title = words(indicator.title) if indicator else threshold.indicator
    sign, value = ("≥", threshold.at_least) if threshold.at_least is not None else ("≤", threshold.at_most)
    return f"{title} {sign} {in_unit(str(value), indicator.unit) if indicator else value}"


# Spreadsheet


def write_scores(file: IO[bytes], month: Month, pack: Pack) -> None:
    """Scorecards as a spreadsheet: one line each with values, samples and points; the rules, deductions and bonuses on sheets of their own."""
    names, of = names_of(month), gettext("责任部门") if month.of == "department" else gettext("姓名")
    title = gettext("%(month)s考核得分") % {"month": month_in_print(month.period.first)}
    about = [span_in_print(month.period), version_of(pack)]
    signers = [gettext("制表"), gettext("审核"), gettext("批准")]
    with printed_book(file, house=house_of(pack, month.desk), title=title, about=about, signers=signers) as book:
        unmeasured = gettext("没有数据或样本太少的指标不计分，其权重按比例分摊到其余指标。")
        book.table(gettext("考核得分"), _heads(month), [_line(one, names) for one in month.scored], notes=[unmeasured])
        weighted: list[list[Any]] = [
            [words(one.title), weight, scored_words(one, pack.kpis), words(one.says)]
            for one, weight in pack.kpis.weighted(month.of)
        ]
        book.table(
            gettext("计分规则"), [gettext("指标"), gettext("权重"), gettext("计分方法"), gettext("口径")], weighted
        )
        taken: list[list[Any]] = [
            [names.get(one.key, ""), d.number, d.subject, d.points] for one in month.scored for d in one.deductions
        ]
        if taken:
            book.table(gettext("扣分"), [of, gettext("编号"), gettext("事由"), gettext("扣分")], taken)
        if pack.kpis.scores.bonuses and month.of == "department":
            heads = [of, gettext("加分项"), gettext("加分"), gettext("未达到的条件")]
            book.table(gettext("绩效加分"), heads, list(_bonus_lines(month, pack, names)))


def _heads(month: Month) -> list[str]:
    heads = [gettext("名次"), gettext("责任部门") if month.of == "department" else gettext("姓名")]
    for one in month.indicators:
        heads += [words(one.title), gettext("样本"), gettext("得分")]
    return [*heads, gettext("指标得分"), gettext("扣分"), gettext("总分")]


def _line(one: Scored, names: Mapping[int, str]) -> list[Any]:
    cells: list[Any] = [one.place if one.place is not None else gettext("不排名"), names.get(one.key, str(one.key))]
    for part in one.card.parts:
        shown = part.is_known and part.result.value is not None
        value = part.result.value if shown else part_words(part, one.figures.get(part.indicator.id))
        cells += [value, part.result.sample, part.points if part.is_known else gettext("不适用")]
    earned = total_words(None) if one.card.earned is None else one.card.earned
    return [*cells, earned, one.card.deducted, total_words(None) if one.card.total is None else one.card.total]


def missed_words(one: Scored, earned: Earned, kpis: Kpis) -> list[str]:
    """The conditions of a bonus that were not met, and of which of them there was too little to judge."""
    return [
        threshold_words(threshold, kpis) + _why_not_judged(one.figures.get(threshold.indicator))
        for threshold in earned.missed
    ]


def _why_not_judged(figure: Figure | None) -> str:
    if figure is not None and figure.result.verdict not in (Verdict.TOO_FEW, Verdict.NOT_APPLICABLE):
        return ""
    verdict = figure.result.verdict if figure else Verdict.NOT_APPLICABLE
    return gettext("（%(why)s）") % {"why": verdict_words(verdict)[0]}


def _bonus_lines(month: Month, pack: Pack, names: Mapping[int, str]) -> Iterator[list[Any]]:
    """What payroll takes over: the points of each department, and why there are none."""
    for one in month.scored:
        for earned in one.bonuses:
            missed = gettext("；").join(missed_words(one, earned, pack.kpis))
            yield [names.get(one.key, ""), words(earned.bonus.title), earned.points, missed or "—"]
