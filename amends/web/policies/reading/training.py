"""What a policy says of training: who learns what, how tests are passed, how effect, quality and records come about."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext

from amends.core.policy.pack import Pack
from amends.core.policy.training import Module
from amends.doors.wording import listed, words
from amends.web.policies.reading.names import Names
from amends.web.policies.reading.saying import Saying

PART = "training"


def training(pack: Pack, names: Names) -> Iterator[Saying]:
    """Modules, sessions, effect, quality checks and records in sentences; nothing where the policy teaches nothing."""
    rules = pack.training
    for name, module in rules.modules.items():
        yield Saying(PART, f"module:{name}", words(module.title), tuple(_of_module(module, names)), module.clause)
    titles = {indicator.id: words(indicator.title) for indicator in pack.kpis.indicators}
    if (sessions := rules.sessions) is not None:
        kind = words(pack.proceedings[sessions.proceeding].title)
        said = gettext("培训以“%(kind)s”安排和登记；每人的出勤、成绩和参与程度分别记录。") % {"kind": kind}
        yield Saying(PART, "sessions", gettext("培训场次"), (said,), sessions.clause)
        effect = rules.effect
        params = {
            "days": effect.window_days, "names": listed(titles[one] for one in effect.indicators if one in titles),
            "after": "、".join(map(str, effect.tracked_after)), "margin": effect.margin,
        }  # fmt: skip
        measured = gettext("比较培训前后各 %(days)s 天的%(names)s；培训后 %(after)s 天再次测量，变差 %(margin)s%% 及以上的建议复训。") % params  # fmt: skip
        yield Saying(PART, "effect", gettext("培训效果"), (measured,), effect.clause)
    if (quality := rules.quality) is not None:
        params = {"share": quality.share, "kind": words(pack.proceedings[quality.proceeding].title)}
        said = (
            gettext("办结的投诉按编号抽取 %(share)s%%，以“%(kind)s”评分；个案得分的平均为处理人员的质量值。") % params
        )
        yield Saying(PART, "quality", gettext("处理质量抽查"), (said,), quality.clause)
    if rules.participation is not None:
        said = gettext("出勤率为到场次数除以受邀的已举办场次；参与程度另列，不并入出勤率。")
        yield Saying(PART, "participation", words(rules.participation.title), (said,), rules.participation.clause)
    if (studies := rules.studies) is not None:
        said = gettext("已发布的“%(kind)s”可以加入培训模块。") % {
            "kind": words(pack.proceedings[studies.proceeding].title)
        }
        yield Saying(PART, "studies", gettext("案例"), (said,), studies.clause)
    if (record := rules.record) is not None:
        params = {"names": listed(titles[one] for one in record.indicators if one in titles)}
        said = gettext("列出办结个案、质量、培训、表扬与奖励，以及%(names)s。") % params
        yield Saying(PART, "record", gettext("业绩档案"), (said,), record.clause)


def _of_module(module: Module, names: Names) -> Iterator[str]:
    yield words(module.aim)
    if module.for_:
        yield gettext("适用于%(roles)s。") % {"roles": names.roles(module.for_)}
    params = {"draw": module.draw, "mark": module.pass_mark, "times": module.attempts}
    yield gettext("从题库抽 %(draw)s 题，%(mark)s 分合格，最多 %(times)s 次。") % params
    if module.renewed_by.policy_version:
        yield gettext("制度换版后须重新确认。")
    if module.renewed_by.every_days:
        yield gettext("%(days)s 天后须重新通过。") % {"days": module.renewed_by.every_days}
    if module.practice:
        yield gettext("附有练习台的练习。")
