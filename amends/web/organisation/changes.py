"""What was changed in the organisation, by whom and when: read from the chains of the desks and of the installation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from amends.apps.ledger.models import Detail, Event
from amends.apps.people.grounds import Manager
from amends.apps.people.models import Department, Person
from amends.apps.people.queries import person_of
from amends.apps.policies.models import Desk
from amends.doors.routes import route
from amends.doors.wording import filled, words
from amends.web.organisation.departments import AREA, manager_of

SHOWN = 100
SENTENCES = {
    "department_added": "新增部门“%(department)s”",
    "department_renamed": "部门改名为“%(department)s”",
    "department_retired": "停用部门“%(department)s”",
    "department_taken_back": "恢复部门“%(department)s”",
    "department_way_chosen": "设置部门“%(department)s”的通知群",
    "department_way_removed": "停用部门“%(department)s”的通知群",
    "partner_added": "登记合作伙伴“%(name)s”",
    "partner_changed": "修改合作伙伴“%(name)s”的资料",
    "partner_renamed": "合作伙伴改名为“%(name)s”",
    "partner_retired": "停用合作伙伴“%(name)s”",
    "partner_taken_back": "恢复合作伙伴“%(name)s”",
    "mailbox_opened": "登记邮箱“%(name)s”",
    "mailbox_changed": "修改邮箱“%(name)s”的设置",
    "mailbox_closed": "停用邮箱“%(name)s”",
    "function_given": "“%(function)s”改由“%(department)s”承担",
    "person_added": "新增人员%(person)s",
    "person_changed": "修改%(person)s的资料",
    "person_moved": "%(person)s调到“%(department)s”",
    "person_invited": "给%(person)s重新发了设置密码的链接",
    "password_set": "%(person)s设置了密码",
    "second_factor_set_up": "%(person)s设置了两步验证",
    "recovery_codes_renewed": "%(person)s换了新的恢复码",
    "second_factor_taken_off": "%(person)s关闭了两步验证",
    "second_factor_reset": "重置%(person)s的两步验证，原因：%(reason)s",
    "token_made": "%(person)s新建了接口令牌“%(name)s”",
    "token_withdrawn": "%(person)s撤销了一个接口令牌",
    "person_deactivated": "停用%(person)s的账号",
    "person_reactivated": "恢复%(person)s的账号",
    "administrator_added": "任%(person)s为系统管理员",
    "administrator_removed": "免去%(person)s的系统管理员",
    "role_granted": "授予%(person)s“%(role)s”（%(department)s）",
    "role_revoked": "收回%(person)s的“%(role)s”（%(department)s）",
    "skills_set": "更改%(person)s的技能",
    "absence_noted": "登记%(person)s缺勤，代理人%(deputy)s",
    "absence_ended": "提前结束%(person)s的缺勤",
    "copy_subject": "向客户（编号 %(complainant)s）提供了个人信息副本",
    "erase_subject": "删除了客户（编号 %(complainant)s）的个人信息，涉及 %(cases)s 件个案",
    "absence_taken_back": "撤销%(person)s的缺勤登记",
}
"""What each kind of event says. Everything else on the chains is about policies and cases."""

WITHOUT_DEPARTMENT = {"role_granted": "授予%(person)s“%(role)s”", "role_revoked": "收回%(person)s的“%(role)s”"}
"""What is said of a role that is held on the whole desk."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change, in words."""

    at: datetime
    who: str
    desk: str
    said: str


@route(audience="staff", permission="manage_people", kind="desk")
def page(request: HttpRequest) -> HttpResponse:
    """The last hundred changes on the desks that the viewer manages."""
    manager = manager_of(request)
    desks = {f"desk:{desk.code}": desk for desk in manager.desks}
    keys = [*desks, *(["installation"] if manager.is_administrator else [])]
    events = Event.objects.filter(chain__key__in=keys, kind__in=SENTENCES).select_related("chain")
    shown = list(events.order_by("-recorded_at", "-seq")[:SHOWN])
    context = {**AREA, "tab": "changes", "changes": _in_words(manager, shown, desks)}
    return render(request, "organisation/changes.html", context)


def _in_words(manager: Manager, events: list[Event], desks: dict[str, Desk]) -> list[Change]:
    people, departments = _names(events)
    texts = _texts(events)
    return [
        _change(
            manager, event, desks.get(event.chain.key), people, departments, texts.get((event.chain_id, event.seq), {})
        )
        for event in events
    ]


def _texts(events: list[Event]) -> dict[tuple[int, int], dict[str, str]]:
    """What lies beside the events, by chain and place."""
    found: dict[tuple[int, int], dict[str, str]] = defaultdict(dict)
    beside = Detail.objects.filter(chain__in={e.chain_id for e in events}, seq__in={e.seq for e in events})
    for chain, seq, name, text in beside.values_list("chain_id", "seq", "field", "text"):
        found[chain, seq][name] = text
    return found


def _names(events: Iterable[Event]) -> tuple[dict[int, str], dict[int, Any]]:
    people: set[int] = set()
    units: set[int] = set()
    for event in events:
        people |= {n for n in (event.data.get("person"), event.data.get("deputy")) if isinstance(n, int)}
        units |= {n for n in (event.data.get("department"),) if isinstance(n, int)}
        if event.actor.startswith("person:"):
            people.add(int(event.actor[7:]))
    names = dict(Person.objects.filter(pk__in=people).values_list("pk", "name"))
    return names, {unit.pk: unit.called for unit in Department.objects.filter(pk__in=units)}


def _change(
    manager: Manager, event: Event, desk: Desk | None, people: dict[int, str], departments: dict[int, Any],
    texts: Mapping[str, str],
) -> Change:  # fmt: skip
    data = event.data
    pack = manager.pack_of(desk) if desk else None
    role = pack.roles.roles.get(data.get("role", "")) if pack else None
    function = pack.routing.functions.get(data.get("function", "")) if pack else None
    params = {
        "name": texts.get("name", ""),
        "reason": texts.get("reason", ""),
        "person": people.get(data.get("person") or 0, ""),
        "deputy": people.get(data.get("deputy") or 0, "—"),
        "department": departments.get(data.get("department") or 0, "—"),
        "role": role.title if role else data.get("role", ""),
        "complainant": data.get("complainant", ""),
        "cases": data.get("cases", ""),
        "function": function.title if function else data.get("function", ""),
    }
    who = people.get(person_of(event.actor) or 0, "")
    sentences = SENTENCES if data.get("department") else SENTENCES | WITHOUT_DEPARTMENT
    return Change(event.recorded_at, who, words(desk.called) if desk else "", filled(sentences[event.kind], params))
