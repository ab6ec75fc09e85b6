"""An organisation that fits a pack: departments for its functions and people for its roles. For demo desks and tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import cycle

from django.contrib.auth.hashers import make_password

from amends.apps.people.actions import bind_function, create_department, grant_first_roles, sort_key_of
from amends.apps.people.models import Department, Membership, Partner, Person
from amends.apps.people.partners import kinds_of_partners
from amends.apps.policies.models import Desk
from amends.core.policy.pack import Pack
from amends.core.policy.people import Role

FAMILY_NAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
GIVEN_NAMES = (
    "伟", "芳", "敏", "静", "磊", "洋", "艳", "勇", "军", "杰", "娟", "涛", "明", "超", "秀兰", "霞", "平", "刚", "桂英", "丽华",
    "建国", "志强", "晓燕", "海燕", "文博", "思远", "雨桐", "子涵", "嘉怡", "浩然", "梦琪", "俊熙", "若曦", "一鸣", "佳宁", "云飞",
)  # fmt: skip
PARTNER_NAMES = ("远途", "安仓", "云衡", "嘉程", "汇衡")


@dataclass(slots=True)
class Organisation:
    """Who was made for a desk: departments by function, and people by (role, function)."""

    desk: Desk
    is_demo: bool = False
    departments: dict[str, Department] = field(default_factory=dict)
    people: dict[tuple[str, str], Person] = field(default_factory=dict)

    def person(self, role: str, function: str = "") -> Person:
        """The holder of a role, in a department where several hold it."""
        found = [p for (held, where), p in self.people.items() if held == role and (not function or where == function)]
        if not found:
            raise KeyError(f"nobody holds {role} {function}")
        return found[0]


def build_organisation(
    desk: Desk, pack: Pack, *, now: datetime, password: str | None = None, is_demo: bool = False
) -> Organisation:
    """Departments for every function of the pack, and one person for every role (one in each department that cases go to).

    All of them have the same password, hashed once: hashing is slow by design.
    """
    made = Organisation(desk, is_demo=is_demo)
    hashed = make_password(password)
    names = _names(desk.pk)
    for function in departments_parents_first(pack):
        _make_department(made, pack, function)
    _make_people(made, pack, names, now=now, hashed=hashed)
    if any(role.counts == "employee" for role in pack.roles.roles.values()):
        _make_employee(made, next(names), hashed=hashed)
    _make_partners(made, pack)
    return made


def _names(seed: int) -> Iterator[str]:
    """Made-up names, different on every desk, never ending."""
    number = seed * 17
    while True:
        yield FAMILY_NAMES[number % len(FAMILY_NAMES)] + GIVEN_NAMES[(number * 7 + seed) % len(GIVEN_NAMES)]
        number += 1


def departments_parents_first(pack: Pack) -> list[str]:
    """The functions of a pack, each after the one that it lies under."""
    ordered: list[str] = []

    def place(name: str) -> None:
        parent = pack.routing.functions[name].parent
        if parent and parent not in ordered:
            place(parent)
        if name not in ordered:
            ordered.append(name)

    for name in pack.routing.functions:
        place(name)
    return ordered


def _make_department(made: Organisation, pack: Pack, function: str) -> None:
    rule = pack.routing.functions[function]
    parent = made.departments.get(rule.parent or "")
    code = f"{made.desk.code}.{function}"
    department = create_department(code=code, title=rule.title.zh_hans, title_en=rule.title.en or "", parent=parent)
    bind_function(desk=made.desk, function=function, department=department)
    made.departments[function] = department


def is_appointed(role: Role) -> bool:
    """Whether somebody has the role because it was given to them, not by who they are on a case."""
    return role.counts not in ("employee", "complainant", "handler", "partner", "system")


def where_held(pack: Pack, role: Role) -> list[str]:
    """Where a role is held: its own function, or every department that handles cases."""
    if role.function:
        return [role.function]
    if role.counts == "desk":
        return [""]
    handling = [route.to for route in pack.routing.routes]
    if role.counts == "superior":
        parents = (pack.routing.functions[name].parent for name in handling)
        return sorted({parent for parent in parents if parent})
    return sorted({*handling, *(name for name, f in pack.routing.functions.items() if f.parent in handling)})


def _make_people(made: Organisation, pack: Pack, names: Iterator[str], *, now: datetime, hashed: str) -> None:
    """A person for every role in every department where it is held, all written at once."""
    for role, rule in pack.roles.roles.items():
        for function in where_held(pack, rule) if is_appointed(rule) else ():
            made.people[role, function] = _person(made, role, function, next(names), hashed=hashed)
    people = Person.objects.bulk_create(made.people.values())
    roles = [
        Membership(person=person, desk=made.desk, role=role, department=_held_in(made, pack, role, function))
        for person, (role, function) in zip(people, made.people, strict=True)
    ]
    grant_first_roles(roles, desk=made.desk, by="system", now=now)


def _person(made: Organisation, role: str, function: str, name: str, *, hashed: str) -> Person:
    username = ".".join(part for part in (made.desk.code, function, role) if part)
    return Person(
        username=username[:60], name=name, password=hashed, sort_key=sort_key_of(name),
        department=made.departments.get(function), is_demo=made.is_demo,
    )  # fmt: skip


def _held_in(made: Organisation, pack: Pack, role: str, function: str) -> Department | None:
    return None if pack.roles.roles[role].counts == "desk" else made.departments.get(function)


def _make_employee(made: Organisation, name: str, *, hashed: str) -> None:
    """Somebody of the company without any role."""
    department = next(reversed(made.departments.values()), None)
    person = Person.objects.create(
        username=employee_username(made.desk),
        name=name,
        password=hashed,
        sort_key=sort_key_of(name),
        department=department,
        is_demo=made.is_demo,
    )
    made.people["employee", ""] = person


def _make_partners(made: Organisation, pack: Pack) -> None:
    """An invented company for every kind of partner that the policy registers."""
    for (kind, title), name in zip(kinds_of_partners(pack).items(), cycle(PARTNER_NAMES), strict=False):
        short = title.zh_hans.removesuffix("合作伙伴")
        Partner.objects.create(
            desk=made.desk, name=f"{name}{short}有限公司", kind=kind, contact="值班经理", email=f"{kind}@example.com"
        )


def employee_username(desk: Desk) -> str:
    """The name under which the person without any role signs in."""
    return f"{desk.code}.employee"
