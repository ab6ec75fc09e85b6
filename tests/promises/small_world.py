"""A small world for questions of rights: two desks of a policy that lives in the tests, everybody once, a case of each kind.

The desk `night` has a porter, a receptionist, a director, a manager of housekeeping and one of the kitchen, and a
housekeeper. The desk `other` has people of its own. Cases are named by how they lie to housekeeping:

own                the housekeeper handles it
other_department   the kitchen has it
undispatched       it is still at the desk
other_desk         it belongs to the other desk
absent             there is no such case
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import transaction
from django.test import Client
from django.utils import timezone

from amends.apps.cases.models import Case, EvidenceFile
from amends.apps.cases.proceedings.beginning import Beginning, begin_proceeding
from amends.apps.people.actions import create_token, deactivate, grant_role
from amends.apps.people.models import ApiToken, Person
from amends.apps.policies.actions import load_calendar_folder, open_desk, publish_folder
from amends.apps.policies.queries import pack_in_force
from amends.jobs.organisation import build_organisation
from amends.jobs.rehearsal import DeskWorld
from amends.web.confirming import CONFIRMED
from amends.web.middleware.session_age import BEGAN, LAST_USED
from tests.world import HOTEL, ROOT

ABSENT = "HOT-0000-000"
RELATIONS = ("own", "other_department", "undispatched", "other_desk", "absent")

LONGEST_RUN = timedelta(hours=3)


@dataclass
class Principal:
    """Somebody, or nobody, with the two ways in: a browser session and a token."""

    name: str
    person: Person | None = None
    cookies: dict[str, str] = field(default_factory=dict)
    token: str = ""

    def browser(self) -> Client:
        client = Client(raise_request_exception=False)
        for name, value in self.cookies.items():
            client.cookies[name] = value
        return client

    def machine(self) -> Client:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return Client(headers=headers, raise_request_exception=False)


@dataclass
class SmallWorld:
    """The desks, the cases by relation, and everybody by name."""

    night: DeskWorld
    other: DeskWorld
    cases: dict[str, Case]
    files: dict[str, str]
    proceedings: dict[str, str]
    principals: dict[str, Principal]

    def number(self, relation: str) -> str:
        return self.cases[relation].number if relation in self.cases else ABSENT


def build_small_world(*, now: datetime) -> SmallWorld:
    """Everything above, in the database of the caller."""
    load_calendar_folder(ROOT / "calendars", now=now)
    publish_folder(HOTEL, now=now)
    night, other = _desk("night", now), _desk("other", now)
    housekeeper = _person(night, "housekeeper", "housekeeper", "housekeeping", now)
    cases = {
        "own": _dispatched(night, nuisance="noise", handler=housekeeper.pk),
        "other_department": _dispatched(night, nuisance="breakfast"),
        "undispatched": _graded(night),
        "other_desk": _dispatched(other, nuisance="noise"),
    }
    made = SmallWorld(night, other, cases, {}, {}, {})
    for relation, case in cases.items():
        world = other if relation == "other_desk" else night
        made.files[relation] = _attached(world, case)
        made.proceedings[relation] = _gift(world, case)
        case.refresh_from_db()
    made.principals = _principals(made, housekeeper, now)
    return made


def _desk(code: str, now: datetime) -> DeskWorld:
    desk = open_desk(code=code, title=code, pack_id="hotel", now=now)
    pack = pack_in_force(desk, now)
    return DeskWorld(desk, pack, build_organisation(desk, pack, now=now), now - timedelta(hours=2))


def _person(world: DeskWorld, name: str, role: str, function: str, now: datetime) -> Person:
    department = world.organisation.departments.get(function)
    person = Person.objects.create_person(username=f"{world.desk.code}.{name}", name=name, department=department)
    grant_role(person=person, desk=world.desk, role=role, department=department, by="system", now=now)
    return person


def _graded(world: DeskWorld, **wishes: object) -> Case:
    case = world.register(complainant_email="guest@example.com", **wishes)
    return world.do(case, "grade")


def _dispatched(world: DeskWorld, *, handler: int | None = None, **wishes: object) -> Case:
    return world.do(_graded(world, **wishes), "dispatch", **({"handler": handler} if handler else {}))


def _attached(world: DeskWorld, case: Case) -> str:
    """A file that hangs on the case, put there as a receptionist's upload, with its preview."""
    from amends.apps.cases.evidence import attach
    from amends.apps.cases.previews import make_preview

    owner = world.person("receptionist").actor_id
    file = world.upload(owner)
    attach([file], case=case, owner=owner, now=world.now)
    make_preview(EvidenceFile.objects.get(pk=file), now=world.now)
    return file


def _gift(world: DeskWorld, case: Case) -> str:
    """A proceeding on the case that waits for the receptionist."""
    data = {"gift_for": "noise", "gift_form": "money", "gift_value": "20.00", "gift_reason": "噪音补偿"}
    beginning = Beginning(
        kind="gift", desk=world.desk, case=case, data=data, caller=world.caller("night_porter"), now=world.now
    )
    return str(begin_proceeding(beginning).pk)


def _principals(made: SmallWorld, housekeeper: Person, now: datetime) -> dict[str, Principal]:
    night, other = made.night, made.other
    people = {
        "night_porter": night.person("night_porter"),
        "receptionist": night.person("receptionist"),
        "director": night.person("director"),
        "housekeeping_manager": night.person("floor_manager", "housekeeping"),
        "kitchen_manager": night.person("floor_manager", "kitchen"),
        "housekeeper": housekeeper,
        "colleague_without_role": Person.objects.create_person(username="nobody", name="无角色员工"),
        "administrator": Person.objects.create_person(username="root", name="系统管理员", is_administrator=True),
        "other_receptionist": other.person("receptionist"),
        "left": _person(night, "left", "receptionist", "front_desk", now),
    }
    found = {name: signed_in(name, person, now) for name, person in people.items()}
    deactivate(person=people["left"], by="system", now=now)
    found["anonymous"] = Principal("anonymous")
    found["expired"] = signed_in("expired", people["receptionist"], now - timedelta(days=2), days=1)
    found["reader"] = _with_token(Principal("reader", people["receptionist"]), ["read"], now)
    found["desk_bound"] = _with_token(Principal("desk_bound", people["receptionist"]), ["all"], now, desk=other)
    found["desk_gone"] = _with_token(Principal("desk_gone", people["receptionist"]), ["all"], now, desk=night)
    ApiToken.objects.get(name="desk_gone").desks.clear()
    found["contact_only"] = _with_token(Principal("contact_only", people["receptionist"]), ["contact"], now)
    return found


def signed_in(name: str, person: Person, at: datetime, *, days: int = 90) -> Principal:
    """The person with a session that was last used at that moment, and a token made then."""
    session = SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session[BEGAN] = session[LAST_USED] = at.isoformat()
    # A slow run takes longer than a password counts; whether it is asked for again is tested elsewhere.
    session[CONFIRMED] = (at + LONGEST_RUN).isoformat()
    session.create()
    principal = Principal(name, person, {"session": session.session_key or ""})
    return _with_token(principal, ["all"], at, days=days)


def _with_token(
    principal: Principal, scopes: list[str], at: datetime, *, days: int = 90, desk: DeskWorld | None = None
) -> Principal:
    desks = [desk.desk] if desk else []
    assert principal.person is not None
    _, principal.token = create_token(
        person=principal.person, name=principal.name, scopes=scopes, desks=desks, now=at, days=days
    )
    return principal


class _Undo(Exception):
    pass


@contextmanager
def undone() -> Iterator[None]:
    """Whatever is written within is taken back."""
    atomic = transaction.atomic()
    atomic.__enter__()
    try:
        yield
    finally:
        atomic.__exit__(_Undo, _Undo(), None)


@contextmanager
def small_world() -> Iterator[SmallWorld]:
    """The world while the context lasts."""
    with undone():
        yield build_small_world(now=timezone.now())
