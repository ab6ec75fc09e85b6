"""What a policy watches and warns of, which problems it lists, and how it reads trends and forecasts."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext

from amends.core.policy.pack import Pack
from amends.core.policy.warnings import Capacity, Difficulty, KeyProblems, WarningRule
from amends.doors.wording import listed, traditional_of_reader, words
from amends.web.policies.reading.names import Names, quoted
from amends.web.policies.reading.saying import Saying

PART = "warnings"


def ahead(pack: Pack, names: Names) -> Iterator[Saying]:
    """Warnings, key problems, trend and forecast in sentences; nothing where the policy warns of nothing and lists nothing."""
    warnings = pack.warnings
    for name, measure in warnings.measures.items():
        said = gettext("按日期和%(place)s录入。") % {"place": words(measure.place)}
        if name == warnings.volume:
            said += gettext("作为业务量，投诉量按每千件与它比较。")
        yield Saying(PART, f"measure:{name}", words(measure.title), (said,), measure.clause)
    for name, rule in warnings.rules.items():
        yield Saying(PART, f"rule:{name}", words(rule.title), tuple(_of_rule(rule, pack, names)), rule.clause)
    if warnings.key_problems is not None:
        yield Saying(
            PART,
            "key",
            gettext("重点投诉"),
            tuple(_of_key(warnings.key_problems, pack, names)),
            warnings.key_problems.clause,
        )
    if not (warnings.rules or warnings.key_problems):
        return
    trend, ahead_rule = warnings.trend, warnings.forecast
    told = gettext(
        "取最近 %(months)s 个完整月份，不足 %(least)s 个不判断；曼-肯德尔检验的概率不高于 %(significance)s%%，且首尾变化达到均值的 %(tolerance)s%%，才称上升或下降。"
    ) % {"months": trend.months, "least": trend.least, "significance": trend.significance, "tolerance": trend.tolerance}
    yield Saying(PART, "trend", gettext("趋势"), (told,), trend.clause)
    said = gettext("预测今后 %(months)s 个月，至少需要 %(least)s 个完整月份，给出 %(range)s%% 的区间。") % {
        "months": ahead_rule.months, "least": ahead_rule.least, "range": ahead_rule.range,
    }  # fmt: skip
    yield Saying(PART, "forecast", gettext("预测"), (said,), ahead_rule.clause)
    yield Saying(
        PART, "difficulty", gettext("处理难度"), (_of_difficulty(warnings.difficulty),), warnings.difficulty.clause
    )
    yield Saying(
        PART, "capacity", gettext("处理能力"), tuple(_of_capacity(warnings.capacity, names)), warnings.capacity.clause
    )


def _of_rule(rule: WarningRule, pack: Pack, names: Names) -> Iterator[str]:
    by = listed(_called(fact, pack) for fact in rule.by)
    params = {"by": by, "n": rule.more_than, "days": rule.within_days}
    if rule.watches == "measure" and rule.measure in pack.warnings.measures:
        params["measure"] = words(pack.warnings.measures[rule.measure].title)
        yield gettext("同一地点 %(days)s 天内“%(measure)s”超过 %(n)s 时预警。") % params
    elif rule.watches == "burst":
        yield gettext("同一%(by)s每天的件数明显高于平常时预警。") % params
    elif rule.watches == "repeats":
        yield gettext("%(days)s 天内%(by)s相同的超过 %(n)s 件时预警。") % params
    elif rule.watches == "deadlines":
        yield gettext("同一%(by)s %(days)s 天内到期的未结个案超过 %(n)s 件时预警。") % params
    elif rule.watches == "words":
        yield gettext("新个案中出现这些词时预警：%(words)s。") % {
            "words": listed(quoted(traditional_of_reader(word)) for word in rule.words)
        }
    yield gettext("由%(who)s在 %(hours)s 小时内处理；一个原因只发一条。") % {
        "who": names.roles(rule.to),
        "hours": rule.react_hours,
    }
    if rule.advice is not None:
        yield gettext("先做什么：%(advice)s") % {"advice": words(rule.advice)}


def _of_difficulty(rule: Difficulty) -> str:
    return gettext(
        "难度 = 追加协商轮次 × %(round)s + 协查部门数 × %(department)s + 专项程序数 × %(proceeding)s + 办理天数 × %(day)s。"
    ) % {"round": rule.round, "department": rule.department, "proceeding": rule.proceeding, "day": rule.day}


def _of_capacity(rule: Capacity, names: Names) -> Iterator[str]:
    if rule.cases is not None:
        yield gettext("每人每月能办 %(n)s 件。") % {"n": rule.cases}
    else:
        yield gettext("每人每月能办多少件，按近来办结较多的一半处理人员推算。")
    if rule.slowness:
        yield gettext("类别为“%(categories)s”的投诉，算作嫌慢。") % {
            "categories": names.values("category", rule.slowness)
        }


def _of_key(rule: KeyProblems, pack: Pack, names: Names) -> Iterator[str]:
    params = {"by": listed(_called(fact, pack) for fact in rule.by), "days": rule.days, "n": rule.times}
    yield gettext("%(days)s 天内%(by)s相同的投诉达到 %(n)s 件，列入重点，记录措施之前一直保留。") % params
    if rule.urgent_times is not None:
        yield gettext("其中有紧急个案的，%(n)s 件即列入。") % {"n": rule.urgent_times}
    if rule.exclude is not None:
        yield gettext("不计：%(condition)s。") % {"condition": names.condition(rule.exclude)}


def _called(fact: str, pack: Pack) -> str:
    """What a fact is called in the policy."""
    if fact in pack.fields:
        return words(pack.fields[fact].title)
    scheme = pack.categories.scheme(fact)
    if scheme is not None:
        return words(scheme.title)
    return {"department": gettext("责任部门"), "complainant": gettext("投诉人"), "handler": gettext("处理人")}.get(
        fact, fact
    )
