"""What is kept as a register, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext

from amends.core.policy.proceedings import ProceedingKind
from amends.core.policy.registers import Concerns, Register
from amends.doors.wording import button_of, listed, words
from amends.web.policies.reading.names import Names, quoted
from amends.web.policies.reading.saying import Saying


def register_in(part: str, prefix: str, kind: ProceedingKind, names: Names) -> Iterator[Saying]:
    """How the records of a kind are kept as a register, and what follows from them; nothing for a kind that is none."""
    if kind.register_ is not None:
        said = tuple(_of_register(kind, kind.register_, names))
        title = words(kind.register_.title) if kind.register_.title else gettext("台账")
        yield Saying(part, f"{prefix}register", title, said, kind.register_.clause)

    if kind.concerns is not None:
        said = tuple(_of_concerns(kind.concerns, names))
        yield Saying(part, f"{prefix}concerns", gettext("与投诉的联系"), said, kind.concerns.clause)
    if (draws := kind.draws) is not None:
        sentence = gettext("“%(verb)s”时，从近 %(days)s 天收到的个案中随机抽取 %(share)s%%，抽样种子留存备查。")
        verb = next(
            (words(t.title) for t in kind.transitions if t.verb == draws.verb and t.title), button_of(draws.verb)
        )
        told = sentence % {"verb": verb, "days": draws.days, "share": draws.share}
        yield Saying(part, f"{prefix}draws", gettext("抽样"), (told,), draws.clause)
    if (rule := kind.acknowledged) is not None:
        told = gettext("%(who)s须逐人确认已阅读；发布新版本后重新确认。") % {"who": names.roles(rule.by)}
        yield Saying(part, f"{prefix}acknowledged", gettext("确认阅读"), (told,), rule.clause)
    if (shown := kind.shown_at) is not None:
        told = gettext("个案办到“%(field)s”所列环节时，页面上直接给出。") % {"field": names.fact(shown.field)}
        yield Saying(part, f"{prefix}shown", gettext("查阅"), (told,), shown.clause)


def _of_concerns(rule: Concerns, names: Names) -> Iterator[str]:
    counted = names.fact(rule.of) if rule.of else gettext("个案")
    if rule.days is None:
        yield gettext("按“%(fact)s”统计相关的%(counted)s。") % {"fact": names.fact(rule.fact), "counted": counted}
    else:
        yield gettext("按“%(fact)s”统计近 %(days)s 天相关的%(counted)s。") % {
            "fact": names.fact(rule.fact), "counted": counted, "days": rule.days,
        }  # fmt: skip
    if rule.say is not None:
        yield gettext("超过 %(n)s 件的，建议：%(say)s") % {"n": rule.more_than, "say": words(rule.say)}


def _of_register(kind: ProceedingKind, register: Register, names: Names) -> Iterator[str]:
    yield gettext("列入台账，逐条列出：%(columns)s。") % {"columns": listed(names.fact(n) for n in register.columns)}
    if register.filters:
        yield gettext("可按%(filters)s筛选。") % {"filters": listed(names.fact(n) for n in register.filters)}
    if register.day:
        yield gettext("按%(day)s排列和选择期间。") % {"day": names.fact(register.day)}
    if register.states:
        yield gettext("只列状态为%(states)s的记录。") % {
            "states": listed(quoted(words(kind.states[n].title)) for n in register.states if n in kind.states)
        }
    for readers in register.readers:
        yield gettext("%(who)s都可以查阅。") % {"who": names.roles(readers.roles)}
    if register.course:
        yield gettext("%(same)s相同的，%(value)s画成走势图。") % {
            "same": listed(names.fact(n) for n in register.course.same), "value": names.fact(register.course.value),
        }  # fmt: skip
