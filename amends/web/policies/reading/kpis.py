"""The indicators of a policy: how each is counted, what is wanted, and how much it weighs."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext

from amends.core.policy.kpis import Indicator
from amends.core.policy.pack import Pack
from amends.doors.figures import target_words
from amends.doors.pack_words import category_words
from amends.doors.scores import scored_words, threshold_words
from amends.doors.wording import listed, words
from amends.web.policies.reading.names import Names
from amends.web.policies.reading.saying import Saying

PART = "kpis"


def kpis(pack: Pack, names: Names) -> Iterator[Saying]:
    """Every indicator with the words by which the policy says how it is counted, and how scorecards come about."""
    for one in pack.kpis.indicators:
        yield Saying(PART, one.id, words(one.title), tuple(_of_indicator(one)), one.clause)
    if pack.kpis.weighted("department") or pack.kpis.weighted("person"):
        yield Saying(PART, "scores", gettext("考核得分"), tuple(_of_scores(pack)), pack.kpis.scores.clause)
    for bonus in pack.kpis.scores.bonuses:
        conditions = gettext("；").join(threshold_words(one, pack.kpis) for one in bonus.thresholds)
        said = gettext("%(points)s 分：%(conditions)s 全部达到才加。") % {
            "points": bonus.points,
            "conditions": conditions,
        }
        yield Saying(PART, f"bonus:{bonus.id}", words(bonus.title), (said,), bonus.clause)
    if journey := pack.kpis.journey:
        said = gettext("%(stage)s：%(categories)s。")
        lines = tuple(
            said
            % {"stage": words(stage.title), "categories": listed(category_words(pack, c) for c in stage.categories)}
            for stage in journey.stages.values()
        )
        yield Saying(PART, "journey", gettext("客户旅程的环节"), lines, journey.clause)


def _of_scores(pack: Pack) -> Iterator[str]:
    kpis = pack.kpis
    for of, title in (("department", gettext("责任部门")), ("person", gettext("员工"))):
        for one, weight in kpis.weighted("person" if of == "person" else "department"):
            params = {"who": title, "what": words(one.title), "weight": weight, "how": scored_words(one, kpis)}
            yield gettext("%(who)s：%(what)s占 %(weight)s%%，%(how)s。") % params
    yield gettext("没有数据或样本太少的指标不计分，其权重按比例分摊到其余指标。")
    if kpis.scores.deductions is not None:
        yield gettext("每月最多扣 %(most)s 分。") % {"most": kpis.scores.deductions.at_most}


def _of_indicator(one: Indicator) -> Iterator[str]:
    yield words(one.says) if one.says is not None else _counted(one)
    if one.target is not None:
        yield gettext("目标：%(target)s。") % {"target": target_words(one)}
    if one.weight:
        yield gettext("权重：%(weight)s%%。") % {"weight": one.weight}
    if one.minimum > 1:
        yield gettext("少于 %(least)s 件的不作评判。") % {"least": one.minimum}


def _counted(one: Indicator) -> str:
    """How an indicator is counted whose policy does not say it."""
    days = {
        "received": gettext("收到"), "responded": gettext("首次响应"), "told": gettext("告知结果"), "resolved": gettext("解决"),
        "due": gettext("到期"), "closed": gettext("结案"),
    }  # fmt: skip
    ways = {
        "share": gettext("取比例"), "count": gettext("计件数"), "mean": gettext("取平均值"), "median": gettext("取中位数"),
        "percentile": gettext("取分位数"), "sum": gettext("取合计"), "per_volume": gettext("按每千件业务计"),
    }  # fmt: skip
    return gettext("按%(moment)s的日期计入，%(way)s。") % {"moment": days[one.by], "way": ways[one.kind]}
