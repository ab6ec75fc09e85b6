"""Who may do what, where cases go, and who has to agree."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext

from amends.apps.people.grounds import RIGHT_WORDS
from amends.core.policy.approvals import ApprovalStep
from amends.core.policy.pack import Pack
from amends.core.policy.people import Restriction, Role
from amends.doors.wording import button_of, in_words, listed, words
from amends.web.policies.reading.names import Names
from amends.web.policies.reading.saying import Saying

COUNTS = {
    "desk": "在本受理台的每一件个案上", "department": "在本部门承办的个案上", "superior": "在下级部门承办的个案上",
    "handler": "作为处理人", "asked": "在请本部门协查的个案上", "named": "在表中点名的个案上", "complainant": "作为投诉人",
    "employee": "公司每一位在职人员", "partner": "作为合作方", "system": "由系统执行",
}  # fmt: skip
SEES = {
    "desk": "看得到本受理台全部个案", "department": "看得到本部门及下级的个案", "handled": "看得到自己承办的个案",
    "asked": "看得到请本部门协查的个案", "own": "看得到自己的个案", "none": "列表中看不到个案",
}  # fmt: skip


def right_words(right: str) -> str:
    return in_words(RIGHT_WORDS[right]) if right in RIGHT_WORDS else right


def roles(pack: Pack, names: Names) -> Iterator[Saying]:
    """Every role, what the party complained about may do, and the restricted circles."""
    for name, role in pack.roles.roles.items():
        yield Saying("roles", f"role:{name}", words(role.title), tuple(_of_role(role, names)), role.clause)
    accused = pack.roles.accused
    yield Saying("roles", "accused", gettext("被投诉的一方"), tuple(_of_accused(pack)), accused.clause)
    for n, rule in enumerate(pack.roles.restrictions):
        yield Saying("roles", f"restriction:{n}", gettext("限制查看"), tuple(_of_restriction(rule, names)), rule.clause)


def _of_role(role: Role, names: Names) -> Iterator[str]:
    yield gettext("%(counts)s；%(sees)s。") % {
        "counts": in_words(COUNTS[role.counts]),
        "sees": in_words(SEES[role.sees]),
    }
    if role.heads:
        yield gettext("是部门负责人。")
    if role.function:
        yield gettext("通常设在%(function)s。") % {"function": names.function(role.function)}
    if role.may:
        yield gettext("有权：%(rights)s。") % {"rights": listed(right_words(right) for right in role.may)}
    if not role.deputised:
        yield gettext("不能由他人代理。")


def _of_accused(pack: Pack) -> Iterator[str]:
    seen = {
        "case": gettext("看得到本案。"),
        "task": gettext("只看得到交给自己的任务。"),
        "none": gettext("看不到本案。"),
    }
    rule = pack.roles.accused
    yield seen[rule.sees]
    if rule.department_counts:
        yield gettext("被投诉部门的人同样适用。")
    if rule.may:
        yield gettext("只可以：%(verbs)s。") % {"verbs": listed(button_of(verb) for verb in rule.may)}


def _of_restriction(rule: Restriction, names: Names) -> Iterator[str]:
    yield gettext("适用于：%(when)s。") % {"when": names.condition(rule.when)}
    if rule.only:
        yield gettext("只限%(who)s查看。") % {"who": names.roles(rule.only)}
    if rule.hides_from_accused:
        yield gettext("被投诉的一方看不到。")
    if rule.hides_reporter:
        yield gettext("报告人是谁，只有有权的人看得到。")
    if rule.notifies:
        yield gettext("提醒%(who)s。") % {"who": names.roles(rule.notifies)}


def _by_load(pack: Pack, team: str, names: Names) -> str:
    who = names.roles(pack.routing.teams[team].roles)
    return gettext("没有指定处理人的，由%(who)s中在岗、有相应技能且未结个案最少的人承办。") % {"who": who}


def routes(pack: Pack, names: Names) -> Iterator[Saying]:
    """Where cases go, in the order in which the rules are tried."""
    owners = {
        "head": gettext("由部门负责人承办"), "member": gettext("由部门承办"), "team_member": gettext("须选定小组和处理人"),
        "agent": gettext("由办理人自己承办"),
    }  # fmt: skip
    for n, route in enumerate(pack.routing.routes):
        to = {"to": names.function(route.to), "owner": owners[route.owner], "when": names.condition(route.when)}
        said = (
            gettext("%(when)s的，派往%(to)s，%(owner)s。") if route.when else gettext("其余的派往%(to)s，%(owner)s。")
        )
        title = words(route.title) if route.title else names.function(route.to)
        lines = [said % to, *([_by_load(pack, route.assigns, names)] if route.assigns else [])]
        yield Saying("routing", f"route:{n}:{route.to}", title, tuple(lines), route.clause)
    for name, skill in pack.routing.skills.items():
        when = names.condition(skill.when) if skill.when else gettext("全部个案")
        said = gettext("需要此技能的：%(when)s。") % {"when": when}
        yield Saying(
            "routing",
            f"skill:{name}",
            gettext("技能：%(title)s") % {"title": words(skill.title)},
            (said,),
            skill.clause,
        )
    if pack.routing.owner_only:
        level = pack.grading.level or ""
        values = listed(names.value(level, value) for value in pack.routing.owner_only)
        said = gettext("%(values)s的个案须由部门负责人亲自承办，例外须写明理由。") % {"values": values}
        yield Saying("routing", "owner_only", gettext("负责人亲自承办"), (said,))
    if pack.routing.arbitrated_by:
        who = names.role(pack.routing.arbitrated_by)
        who = names.function(pack.routing.arbitrated_by) if who == pack.routing.arbitrated_by else who
        yield Saying(
            "routing", "arbitrated_by", gettext("部门退回"), (gettext("退回的个案由%(who)s裁定去向。") % {"who": who},)
        )
    for duty in pack.routing.duties:
        lines = [gettext("%(duty)s。") % {"duty": words(duty.duty)}]
        if duty.authority:
            lines.append(gettext("权限：%(authority)s。") % {"authority": words(duty.authority)})
        title = gettext("%(function)s的职责（%(state)s）") % {
            "function": names.function(duty.function) if duty.function else gettext("责任部门"),
            "state": names.state(duty.state),
        }
        yield Saying("routing", f"duty:{duty.function or 'responsible'}:{duty.state}", title, tuple(lines), duty.clause)


def approvals(pack: Pack, names: Names) -> Iterator[Saying]:
    """Approval chains, step by step."""
    for name, chain in pack.approvals.chains.items():
        said = [_of_step(n, step, names) for n, step in enumerate(chain.steps, start=1)]
        if chain.resets_on:
            said.append(
                gettext("改动%(facts)s后须重新审批。") % {"facts": listed(names.fact(f) for f in chain.resets_on)}
            )
        clauses = tuple(dict.fromkeys([*chain.clause, *(c for step in chain.steps for c in step.clause)]))
        yield Saying("roles", f"chain:{name}", words(chain.title), tuple(said), clauses)


def _of_step(n: int, step: ApprovalStep, names: Names) -> str:
    params = {"n": n, "title": words(step.title), "who": names.roles(step.by), "when": names.condition(step.when)}
    said = gettext("第 %(n)s 步“%(title)s”：%(who)s") % params
    if step.quorum > 1:
        said += gettext("，须 %(quorum)s 人同意") % {"quorum": step.quorum}
    if step.when is not None:
        said += gettext("（%(when)s时）") % params
    return said + gettext("。")
