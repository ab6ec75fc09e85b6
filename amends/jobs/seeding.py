"""A made-up installation to check rights against: holders of every role in several teams, customers, cases on their way."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import transaction

from amends.apps.cases.models import Case, Draft
from amends.apps.people.actions import create_token, grant_role, sort_key_of
from amends.apps.people.models import Membership, Person
from amends.apps.policies.actions import open_desk
from amends.apps.policies.models import Desk
from amends.apps.policies.queries import pack_in_force
from amends.core.policy.pack import Pack
from amends.core.refusals import Refusal
from amends.jobs.organisation import build_organisation
from amends.jobs.rehearsal import DeskWorld, NotPossible, one_step

TEAMS = 3
CUSTOMERS = (
    ("测试客户甲", "13900000001", "customer.a@example.com"),
    ("测试客户乙", "13900000002", "customer.b@example.com"),
    ("测试客户丙", "13900000003", "customer.c@example.com"),
)
MOST_STEPS = 7


class NotEmpty(Refusal):
    """Somebody works here already."""

    code = "not_empty"
    sentence = "数据库中已有数据，未作任何改动。"


@dataclass(slots=True)
class Seeded:
    """What was made, with every way in; the secrets are known nowhere else."""

    password: str
    people: list[dict[str, Any]] = field(default_factory=list)
    cases: list[dict[str, Any]] = field(default_factory=list)

    def as_data(self, *, login_url: str) -> dict[str, Any]:
        return {"login_url": login_url, "password": self.password, "people": self.people, "cases": self.cases}


def seed(*, packs: list[str], cases: int, now: datetime) -> Seeded:
    """One desk for each published pack, with people and `cases` cases on each. Raises NotEmpty unless nothing is there yet."""
    if Desk.objects.exists() or Person.objects.exists():
        raise NotEmpty
    made = Seeded(password=secrets.token_urlsafe(12))
    administrator = Person.objects.create_person(
        username="admin", name="系统管理员", password=made.password, is_administrator=True
    )
    made.people.append(_way_in(administrator, now))
    for pack_id in packs:
        _seed_desk(made, pack_id, cases, now=now)
    return made


@transaction.atomic
def _seed_desk(made: Seeded, pack_id: str, cases: int, *, now: datetime) -> None:
    desk = open_desk(code=pack_id, title=pack_id, pack_id=pack_id, now=now)
    pack = pack_in_force(desk, now)
    world = DeskWorld(desk, pack, build_organisation(desk, pack, now=now, password=made.password), now)
    _fill_up_teams(desk, made.password, now=now)
    for person in Person.objects.filter(username__startswith=f"{desk.code}.").order_by("pk"):
        made.people.append(_way_in(person, now))
    for number, customer in zip(range(cases), itertools.cycle(CUSTOMERS), strict=False):
        made.cases.append(_seed_case(world, pack, customer, number))


def _fill_up_teams(desk: Desk, password: str, *, now: datetime) -> None:
    """Give every role three holders: where fewer hold it, colleagues beside the first."""
    hashed = make_password(password)
    held: dict[str, list[Membership]] = {}
    for membership in Membership.objects.filter(desk=desk).select_related("person", "department").order_by("pk"):
        held.setdefault(membership.role, []).append(membership)
    for role, memberships in held.items():
        first = memberships[0]
        for number in range(len(memberships) + 1, TEAMS + 1):
            name = f"{first.person.name}{number}"
            person = Person.objects.create(
                username=f"{first.person.username}.{number}"[:60], name=name, sort_key=sort_key_of(name), password=hashed,
                department=first.person.department,
            )  # fmt: skip
            grant_role(person=person, desk=desk, role=role, department=first.department, by="system", now=now)


def _way_in(person: Person, now: datetime) -> dict[str, Any]:
    _, secret = create_token(person=person, name="seed_roles", scopes=["all"], desks=[], now=now, days=30)
    roles = [[m.role, m.department.code if m.department else None] for m in
             Membership.objects.filter(person=person).select_related("department").order_by("pk")]  # fmt: skip
    return {"id": person.pk, "username": person.username, "roles": roles, "token": secret,
            "administrator": person.is_administrator}  # fmt: skip


def _seed_case(world: DeskWorld, pack: Pack, customer: tuple[str, str, str], number: int) -> dict[str, Any]:
    """A case of a customer, a few steps on its way, with a note and a file where its policy knows them, and a draft."""
    name, phone, email = customer
    kinds = [kind for kind, rule in pack.channels.kinds.items() if not rule.internal]
    case = world.register(
        kind=kinds[number % len(kinds)], complainant_name=name, complainant_phone=phone, complainant_email=email,
        subject=f"测试个案 {number + 1}",
    )  # fmt: skip
    done: list[str] = []
    for _ in range(number % MOST_STEPS):
        try:
            case, verb = one_step(world, case, done)
        except NotPossible:
            break
        done.append(verb)
    for verb in _asides(case):
        try:
            case = world.do(case, verb)
        except (Refusal, NotPossible):
            continue
    files = [str(pk) for pk in case.evidence.values_list("pk", flat=True)]
    owner = next(iter(world.organisation.people.values())).actor_id
    Draft.objects.create(owner=owner, place=f"case:{case.number}", content='{"note_text": "草稿"}', saved_at=world.now)
    return {"number": case.number, "id": str(case.pk), "desk": world.desk.code, "state": case.state,
            "department": case.department.code if case.department else None, "complainant": case.complainant_id,
            "evidence": files}  # fmt: skip


def _asides(case: Case) -> Iterator[str]:
    yield from ("note", "add_evidence") if case.is_open else ()
