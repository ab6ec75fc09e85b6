"""What reaches customers and comes from them: mail that founds cases, calls, surveys, and texts to groups."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext

from amends.core.policy.followups import Call
from amends.core.policy.pack import Pack
from amends.core.policy.surveys import Questionnaire, SurveyPlan
from amends.core.policy.texting import Groups
from amends.doors.wording import button_of, listed, within_a_sentence, words
from amends.web.policies.reading.names import Names
from amends.web.policies.reading.saying import Saying

PART = "contact"
METHODS = {"sms": "短信", "email": "邮件", "telephone": "电话", "link": "公开链接"}


def contact(pack: Pack, names: Names) -> Iterator[Saying]:
    """What a mail founds, who is called back, what is asked after handling, and how groups are written to."""
    if (mail := pack.channels.mail) is not None:
        said = gettext("不是答复已有个案的来信，立为“%(kind)s”。") % {"kind": names.value("kind", mail.kind)}
        yield Saying(PART, "mail", gettext("客户来信"), (said,), mail.clause)
    for name, call in pack.followups.calls.items():
        yield Saying(PART, f"call:{name}", words(call.title), tuple(_of_call(call, pack)), call.clause)
    for name, asked in pack.surveys.questionnaires.items():
        yield Saying(
            PART, f"questionnaire:{name}", words(asked.title), tuple(_of_questions(asked, names)), asked.clause
        )
    for name, plan in pack.surveys.plans.items():
        yield Saying(PART, f"survey:{name}", words(plan.title), tuple(_of_plan(plan, pack, names)), plan.clause)
    if pack.texting.groups is not None:
        yield from _of_groups(pack.texting.groups)


def _of_call(call: Call, pack: Pack) -> Iterator[str]:
    if call.proceeding:
        yield gettext("按“%(kind)s”的时限逐个致电。") % {"kind": words(pack.proceedings[call.proceeding].title)}
    else:
        titles = [rule.title for rule in pack.clocks if rule.id in call.clocks]
        yield gettext("在“%(clocks)s”的时限内致电。") % {"clocks": listed(titles)}
    if again := next((rule.title for rule in pack.clocks if rule.id == call.again), None):
        yield gettext("没有接通的，改按“%(clock)s”的时限再打。") % {"clock": words(again)}
    if call.times:
        yield gettext("联系不上的，记录尝试；%(times)s 次以后可以不再联系。") % {"times": call.times}
    if call.script:
        yield gettext("话术：%(script)s") % {"script": " ".join(words(line) for line in call.script)}


def _of_questions(asked: Questionnaire, names: Names) -> Iterator[str]:
    yield gettext("问题：%(questions)s") % {"questions": " ".join(words(q.title) for q in asked.questions)}
    if asked.low is not None:
        params = {"score": asked.low.at_most, "who": names.roles(asked.low.to)}
        yield gettext("有一项不高于 %(score)s 分的，立即提醒%(who)s。") % params
    if asked.public:
        yield gettext("任何人都可以用公开链接作答。")


def _of_plan(plan: SurveyPlan, pack: Pack, names: Names) -> Iterator[str]:
    questionnaire = words(pack.surveys.questionnaires[plan.questionnaire].title)
    methods = listed(within_a_sentence(gettext(METHODS[method])) for method in plan.methods)
    if plan.after:
        verbs = listed(button_of(verb) for verb in plan.after)
        params = {"verbs": verbs, "title": questionnaire, "methods": methods}
        yield gettext("“%(verbs)s”以后，用《%(title)s》以%(methods)s询问客户。") % params
    else:
        params = {"days": str(plan.every_days), "title": questionnaire, "methods": methods}
        yield gettext("每 %(days)s 天一次，用《%(title)s》以%(methods)s询问其间办结个案的客户。") % params
    if plan.when is not None:
        yield gettext("适用于：%(when)s。") % {"when": names.condition(plan.when)}
    numbers = {"share": plan.share, "days": plan.answer_days, "least": plan.minimum}
    yield gettext("抽取 %(share)s%%，%(days)s 天内可以作答；不足 %(least)s 份的不排名。") % numbers


def _of_groups(groups: Groups) -> Iterator[Saying]:
    params = {"many": groups.second_person_from, "minutes": groups.late_after_minutes}
    said = gettext("收信人满 %(many)s 人的，须由第二人放行；比预定时间晚 %(minutes)s 分钟以上的，列为延迟。") % params
    yield Saying(PART, "groups", gettext("群发短信"), (said,), groups.clause)
    for name, wording in groups.wordings.items():
        text = words(wording.text).replace("{{", "[").replace("}}", "]")
        for placeholder, title in wording.asks.items():
            text = text.replace(f"[{placeholder}]", f"[{words(title)}]")
        for placeholder, given in _GIVEN.items():
            text = text.replace(f"[{placeholder}]", f"[{gettext(given)}]")
        yield Saying(PART, f"group:{name}", words(wording.title), (text,), wording.clause)


_GIVEN = {"name": "姓名", "company": "公司名称", "desk": "签名"}
