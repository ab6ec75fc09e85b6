"""Trends, methods and causes in words: what the pages say of figures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext, gettext_noop

from amends.apps.outlook.counting import TOTAL, VOLUME
from amends.apps.outlook.models import EarlyWarning, KeyProblem
from amends.apps.people.models import Department
from amends.core.policy.pack import Pack
from amends.core.trends import Trend
from amends.doors.pack_words import category_words
from amends.doors.papers.formats import days_in_print
from amends.doors.wording import in_words, listed, words

DIRECTIONS = {
    "rising": gettext_noop("上升"),
    "falling": gettext_noop("下降"),
    "stable": gettext_noop("平稳"),
    "insufficient": gettext_noop("数据不足"),
}
ICONS = {"rising": "trending-up", "falling": "trending-down", "stable": "arrow-right", "insufficient": "help"}

METHODS = {
    "steady_level": gettext_noop("稳健水平（按比例、带季节）"),
    "steady_trend": gettext_noop("稳健趋势（阻尼）"),
    "theta": gettext_noop("Theta 法"),
    "last_value": gettext_noop("上月值"),
    "holt_winters": gettext_noop("Holt-Winters（阻尼、加法季节）"),
    "mean_of_three": gettext_noop("近三月平均"),
    "seasonal_naive": gettext_noop("去年同月"),
    "seasonal_growth": gettext_noop("去年同月×年增长"),
}


def percent(share: float | None) -> str:
    return "—" if share is None else f"{share * 100:.1f}%"


def direction_of(trend: Trend) -> str:
    return in_words(DIRECTIONS[trend.direction])


def rule_of(trend: Trend) -> str:
    """What the trend was judged by, with its figures."""
    if trend.chance is None or trend.limit is None or trend.change is None:
        return gettext("至少需要 %(needed)s 个完整月份，现有 %(values)s 个。") % {
            "needed": trend.needed,
            "values": trend.values,
        }
    return gettext(
        "依据 %(values)s 个完整月份。曼-肯德尔检验：偶然出现这种先后次序的概率为 %(chance)s（须不高于 %(limit)s）；"
        "按森斜率，首尾变化为均值的 %(change)s（容差 %(tolerance)s）。两项都达到才判为上升或下降，否则为平稳。"
    ) % {
        "values": trend.values, "chance": percent(trend.chance), "limit": percent(trend.limit),
        "change": f"{trend.change * 100:+.1f}%", "tolerance": percent(trend.tolerance),
    }  # fmt: skip


def methods_of(weights: Mapping[str, float]) -> str:
    """The methods of a combination with their weights, those that count first."""
    return listed(
        f"{in_words(METHODS[name])} {weight * 100:.0f}%" for name, weight in weights.items() if weight >= 0.005
    )


def subject_words(subject: str, pack: Pack, departments: Mapping[int, Department]) -> str:
    """What a series of counts is about."""
    if subject == TOTAL:
        return gettext("全部投诉")
    if subject == VOLUME:
        return words(pack.warnings.measures[pack.warnings.volume or ""].title)
    kind, _, value = subject.partition(":")
    return value_words(kind, value, pack, departments) or gettext("未定")


def value_words(fact: str, value: str, pack: Pack, departments: Mapping[int, Department]) -> str:
    """The value of a fact: a category or choice of the pack, a department, or a text as it was written."""
    if not value:
        return ""
    field = pack.fields.get(fact)
    if fact == "department" or (field is not None and field.type == "department"):
        unit = departments.get(int(value)) if value.isdecimal() else None
        return words(unit.called) if unit else value
    if fact == "category":
        return category_words(pack, value)
    if field is not None and field.scheme:
        scheme = pack.categories.scheme(field.scheme)
        node = scheme.node(value) if scheme else None
        return words(node.title) if node else value
    scheme = pack.categories.scheme(fact)
    node = scheme.node(value) if scheme else None
    return words(node.title) if node else value


def departments_named() -> dict[int, Department]:
    return Department.objects.in_bulk()


def fact_words(fact: str, pack: Pack) -> str:
    """What a fact is called."""
    known = {"category": pack.categories.schemes[0].title if pack.categories.schemes else None}
    if known.get(fact):
        return words(known[fact])
    if fact in pack.fields:
        return words(pack.fields[fact].title)
    return {"department": gettext("责任部门"), "complainant": gettext("投诉人"), "handler": gettext("处理人")}.get(
        fact, fact
    )


def seen_words(warning: EarlyWarning, pack: Pack, departments: Mapping[int, Department]) -> str:
    """What a warning saw, in one sentence."""
    seen: dict[str, Any] = warning.seen
    rule = pack.warnings.rules.get(warning.rule)
    if rule is not None and rule.watches == "measure":
        measure = pack.warnings.measures[rule.measure or ""]
        params = {
            "place": seen["place"],
            "day": days_in_print(seen["last"]),
            "count": seen["count"],
            "limit": seen["limit"],
            "unit": words(measure.unit),
        }
        return gettext("%(place)s，%(day)s：%(unit)s %(count)s，超过 %(limit)s。") % params
    if "words" in seen:
        return gettext("出现：%(words)s") % {"words": listed(seen["words"])}
    about = listed(_one_value(fact, value, pack, departments) for fact, value in seen.get("values", {}).items())
    if "usual" in seen:
        return gettext("%(about)s，%(day)s：%(count)s 件，平常约 %(usual)s 件，上限 %(limit)s 件。") % {
            **seen,
            "about": about,
            "day": days_in_print(seen["last"]),
        }
    return gettext("%(about)s：%(count)s 件，超过 %(limit)s 件。") % {
        "about": about,
        "count": seen.get("count"),
        "limit": seen.get("limit"),
    }


def _one_value(fact: str, value: str, pack: Pack, departments: Mapping[int, Department]) -> str:
    # Whoever complained is not named on a list: the page of the customer is one step away and noted.
    if fact == "complainant":
        return gettext("客户 %(number)s") % {"number": value}
    return value_words(fact, value, pack, departments)


def problem_words(problem: KeyProblem, pack: Pack, departments: Mapping[int, Department]) -> str:
    values: dict[str, str] = json.loads(problem.values)
    return " · ".join(value_words(fact, value, pack, departments) for fact, value in values.items())


def month_text(day: date) -> str:
    return f"{day:%Y-%m}"
