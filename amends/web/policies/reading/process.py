"""Where a case can stand, what leads where, and the smaller processes around it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from django.utils.translation import gettext

from amends.core.policy.lifecycle import RESTING, Process, State, Transition
from amends.core.policy.pack import Pack
from amends.core.policy.proceedings import ProceedingKind
from amends.doors.pack_words import waits_words
from amends.doors.wording import button_of, listed, words
from amends.web.policies.reading.intake import marks_of
from amends.web.policies.reading.names import Names, quoted
from amends.web.policies.reading.registers import register_in
from amends.web.policies.reading.saying import Saying
from amends.web.policies.reading.times import clocks_in

MANY = 4
"""From this many states on, all of them together are not listed one by one."""


def states(pack: Pack, names: Names) -> Iterator[Saying]:
    """Every state of a case."""
    if pack.lifecycle.clause:
        said = gettext("共 %(n)s 个环节，按规定的次序办理。") % {"n": len(pack.lifecycle.states)}
        yield Saying("process", "process", gettext("办理流程"), (said,), pack.lifecycle.clause)
    yield from _states("process", "", pack.lifecycle, pack)


def _states(part: str, prefix: str, process: Process, pack: Pack) -> Iterator[Saying]:
    for name, state in process.states.items():
        yield Saying(
            part, f"{prefix}state:{name}", words(state.title), tuple(_of_state(state, process, pack)), state.clause
        )


def _of_state(state: State, process: Process, pack: Pack) -> Iterator[str]:
    kinds = {
        "initial": gettext("起始环节。"), "active": gettext("办理环节。"), "waiting": gettext("等待环节。"),
        "done": gettext("办结环节。"), "archived": gettext("归档环节。"),
    }  # fmt: skip
    yield kinds[state.category]
    if state.waits_for:
        yield gettext("由%(who)s办理下一步。") % {"who": waits_words(pack, state.waits_for)}
    if state.optional:
        around = process.states.get(state.skipped_to or "")
        say = (
            gettext("现已停用，新个案直接进入“%(state)s”。")
            if state.skipped
            else gettext("可以停用，停用后直接进入“%(state)s”。")
        )
        yield say % {"state": words(around.title) if around else ""}
    if state.hint:
        yield gettext("提示：%(hint)s") % {"hint": words(state.hint)}


def transitions(pack: Pack, names: Names) -> Iterator[Saying]:
    """Everything people and timers can do to a case."""
    yield from _transitions("process", "", pack.lifecycle, names)


def _transitions(part: str, prefix: str, process: Process, names: Names) -> Iterator[Saying]:
    seen: Counter[str] = Counter()
    for t in process.transitions:
        verb, title = f"{prefix}verb:{t.verb}", words(t.title) if t.title else button_of(t.verb)
        place = f"{verb}:{','.join(t.from_)}:{t.to}"
        seen[place] += 1
        said = tuple(_of_transition(t, process, names))
        yield Saying(part, f"{place}:{seen[place]}", title, said, t.clause, kin=verb)


def _of_transition(t: Transition, process: Process, names: Names) -> Iterator[str]:
    yield _way(t, process, names)
    if t.when is not None:
        yield gettext("适用于：%(when)s。") % {"when": names.condition(t.when)}
    if t.form:
        yield gettext("填写《%(form)s》。") % {"form": names.form(t.form)}
    if t.needs:
        yield gettext("须先具备：%(needs)s。") % {"needs": listed(need.say for need in t.needs)}
    if t.apart_from:
        verbs = listed(button_of(verb) for verb in t.apart_from)
        yield gettext("不能由本次办理中作过“%(verbs)s”的同一人办理。") % {"verbs": verbs}
    if t.apart_from_handler:
        yield gettext("办理这件个案的人不能进行。")
    if t.open_to_accused:
        yield gettext("被投诉的一方也可以办理。")
    yield from _effects(t, names)
    yield from _told(t, names)


def _way(t: Transition, process: Process, names: Names) -> str:
    title = words(t.title) if t.title else button_of(t.verb)
    who = {"who": names.roles(t.by), "verb": title, "to": _state(process, t.to)}
    if not t.from_:
        if isinstance(process, ProceedingKind):
            return gettext("%(who)s可以“%(verb)s”，从“%(to)s”开始。") % who
        return gettext("%(who)s可以“%(verb)s”，个案从“%(to)s”开始。") % who
    from_ = {"from": where_possible(process, t.from_)}
    if t.to == "same":
        return gettext("在%(from)s，%(who)s可以“%(verb)s”，环节不变。") % {**who, **from_}
    return gettext("在%(from)s，%(who)s可以“%(verb)s”，进入“%(to)s”。") % {**who, **from_}


def where_possible(process: Process, names: tuple[str, ...]) -> str:
    """Where something is possible; every open state together is one word."""
    if not names:
        return gettext("新个案")
    open_ones = {name for name, state in process.states.items() if state.category not in RESTING}
    if len(open_ones) < MANY or not open_ones <= set(names):
        return listed(quoted(_state(process, name)) for name in names)
    if set(names) == set(process.states):
        return gettext("任何环节")
    others = [quoted(_state(process, name)) for name in names if name not in open_ones]
    return listed([gettext("办结前的任何环节"), *others])


def _state(process: Process, name: str) -> str:
    state = process.states.get(name)
    return words(state.title) if state else name


def _effects(t: Transition, names: Names) -> Iterator[str]:
    assigned = {
        "actor": gettext("由办理人本人负责。"), "head": gettext("由部门负责人负责。"), "chosen": gettext("由选定的人负责。"),
        "none": gettext("不再有处理人。"),
    }  # fmt: skip
    opened = {"round": gettext("开始新的一轮。"), "cycle": gettext("重新开始一次办理。")}
    if t.grades:
        yield gettext("确定%(axes)s。") % {"axes": listed(names.fact(axis) for axis in t.grades)}
    if t.routes:
        yield gettext("按派单规则交给责任部门。")
    if t.assigns in assigned:
        yield assigned[t.assigns]
    if t.opens:
        yield opened[t.opens]
    if t.marks:
        yield gettext("%(marks)s。") % {"marks": marks_of(t.marks, names)}
    if founds := t.founds():
        yield gettext("另登记一件“%(kind)s”，两件互相关联。") % {"kind": names.value("kind", founds.kind)}
    if t.approves:
        chain = names.pack.approvals.chains.get(t.approves)
        yield gettext("须经“%(chain)s”逐级审批。") % {"chain": words(chain.title) if chain else t.approves}
    for start in t.proceedings():
        kind = names.pack.proceedings.get(start.proceeding)
        yield gettext("启动“%(proceeding)s”。") % {"proceeding": words(kind.title) if kind else start.proceeding}


def _told(t: Transition, names: Names) -> Iterator[str]:
    for told in t.messages():
        params = {"message": names.message(told.message), "when": names.condition(told.when)}
        if told.when is not None:
            yield gettext("%(when)s的，通知投诉人：“%(message)s”。") % params
        else:
            yield gettext("通知投诉人：“%(message)s”。") % params
    if t.sends:
        yield gettext("所写的内容发给投诉人，套用“%(message)s”。") % {"message": names.message(t.sends.message)}
    for notice in t.notifies:
        params = {"who": names.roles(notice.to), "when": names.condition(notice.when)}
        yield (gettext("%(when)s的，提醒%(who)s。") if notice.when is not None else gettext("提醒%(who)s。")) % params


def proceedings(pack: Pack, names: Names) -> Iterator[Saying]:
    """The smaller processes around a case, each written like one."""
    for name, kind in pack.proceedings.items():
        about = {
            "case": gettext("在个案上进行。"),
            "desk": gettext("单独进行。"),
            "either": gettext("可以在个案上，也可以单独进行。"),
        }
        said = [about[kind.about]]
        if kind.under:
            above = listed(words(pack.proceedings[one].title) for one in kind.under if one in pack.proceedings)
            said = [gettext("在“%(kinds)s”的页面上发起，属于那一项。") % {"kinds": above}]
        if kind.offline:
            said.append(gettext("没有网络时也能在手机上填写，恢复联网后自动提交一次。"))
        said += [
            gettext("%(when)s的，提示：%(say)s") % {"when": names.condition(o.when), "say": words(o.say)}
            for o in kind.offers
        ]
        yield Saying("proceedings", f"{name}:", words(kind.title), tuple(said), kind.clause)
        yield from register_in("proceedings", f"{name}:", kind, names)
        yield from _handed_in(name, kind, names)
        yield from _states("proceedings", f"{name}:", kind, pack)
        yield from _transitions("proceedings", f"{name}:", kind, names)
        yield from clocks_in("proceedings", f"{name}:", kind.clocks, names)


def _handed_in(name: str, kind: ProceedingKind, names: Names) -> Iterator[Saying]:
    """What a kind says of those who hand it in, and of the library in which it stands."""
    if (asked := kind.expected_from) is not None:
        rhythm = {"ten_days": gettext("每旬"), "week": gettext("每周"), "month": gettext("每月")}
        said = gettext("%(who)s%(rhythm)s提交一份，期末后 %(days)s 天内算按时；未提交的到期前后自动提醒。") % {
            "who": names.roles(asked.roles), "rhythm": rhythm[asked.every], "days": asked.due_days,
        }  # fmt: skip
        yield Saying("proceedings", f"{name}:expected_from", words(kind.title), (said,), asked.clause)
    if (paper := kind.list_paper) is not None:
        said = gettext("可按期间打印《%(title)s》。") % {"title": words(paper.title)}
        yield Saying("proceedings", f"{name}:list_paper", words(kind.title), (said,), paper.clause)
    if (library := kind.library) is not None:
        said = gettext("隐去个人信息、审核发布后进入案例库，本受理台的人都能查阅；还有个人信息的不能提交。")
        yield Saying("proceedings", f"{name}:library", words(kind.title), (said,), library.clause)


def templates(pack: Pack, names: Names) -> Iterator[Saying]:
    """Templates of handling, step by step."""
    for name, template in pack.templates.handling.items():
        said = [gettext("%(when)s的，可按以下步骤下达任务：") % {"when": names.condition(template.when)}]
        said += [
            gettext("%(title)s（%(who)s，%(days)s 天内）。")
            % {"title": words(step.title), "who": names.function(step.to), "days": step.days}
            for step in template.steps
        ]
        yield Saying("proceedings", f"template:{name}", words(template.title), tuple(said), template.clause)
