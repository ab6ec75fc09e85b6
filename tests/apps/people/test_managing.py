"""Who may change what of the organisation, what is recorded, and what is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from amends.apps.cases.organisation import retire_department_without_cases
from amends.apps.cases.queries import Viewer, visible_to
from amends.apps.ledger.models import Event
from amends.apps.people.absences import end_absence, enter_absence
from amends.apps.people.actions import LastAdministrator
from amends.apps.people.directory import OrganisationOfDesk
from amends.apps.people.finding import found_by
from amends.apps.people.grounds import Manager, RightNotHeld
from amends.apps.people.models import Absence, Department, Membership, Person
from amends.apps.people.organising import (
    StillUsed,
    add_department,
    give_function,
    rename_department,
    retire_department,
)
from amends.apps.people.staffing import (
    LinkNotGood,
    Staff,
    accept_invitation,
    add_person,
    change_person,
    deactivate_person,
    give_role,
    invite_again,
    invited_by,
    make_administrator,
    reactivate_person,
    take_role,
)
from amends.core.refusals import InvalidData, NotPermitted
from tests.doors import Office

PACKS = ("express", "market")


@pytest.fixture
def root(office: Office) -> Manager:
    return Manager(Person.objects.create_person(username="root", name="管", is_administrator=True), office.world.now)


@pytest.fixture
def manager(office: Office) -> Manager:
    """The administrator of one desk: manages its people, and does not administer the installation."""
    return Manager(office.world.person("administrator"), office.world.now)


def kinds(key: str) -> list[str]:
    return list(Event.objects.filter(chain__key=key).order_by("seq").values_list("kind", flat=True))


def newcomer(office: Office, root: Manager, **given: Any) -> Person:
    unit = office.world.organisation.departments["customer_service"]
    return add_person(Staff(username="lin", name="林晓燕", **{"department": unit, **given}), by=root)[0]


def test_every_change_is_an_event_of_the_desk_that_works_with_the_department(office: Office, root: Manager) -> None:
    parent = office.world.organisation.departments["customer_service"]
    unit = add_department(code="night", title="夜班组", title_en="", parent=parent, by=root)
    rename_department(unit, title="夜间客服组", title_en="Night desk", by=root)
    retire_department(unit, by=root)
    assert kinds("desk:express")[-3:] == ["department_added", "department_renamed", "department_retired"]
    unit.refresh_from_db()
    assert (unit.title, unit.path, unit.retired_at) == ("夜间客服组", f"{parent.path}{unit.pk}.", root.now)
    assert unit.sort_key.startswith("ye jian")


def test_a_department_in_use_is_not_retired(office: Office, root: Manager) -> None:
    world = office.world
    with pytest.raises(StillUsed):
        retire_department(world.organisation.departments["customer_service"], by=root)
    case = world.do(world.do(world.do(world.do(world.register(), "accept"), "confirm"), "grade"), "dispatch")
    unit = case.department
    assert unit is not None
    unit.staff.all().update(department=None)
    unit.memberships.all().delete()
    unit.functions.all().delete()
    with pytest.raises(StillUsed) as refused:
        retire_department_without_cases(unit, by=root)
    assert refused.value.params["what"] == "未结个案"


def test_a_desk_manager_reaches_their_desk_and_no_other(office: Office, manager: Manager, root: Manager) -> None:
    own = office.world.organisation.departments["settlement"]
    other = Department.objects.get(code="market.finance") if Department.objects.filter(code="market.finance") else None
    other = other or Department.objects.filter(code__startswith="market.").first()
    assert other is not None
    rename_department(own, title="结算中心", title_en="", by=manager)
    for forbidden in (
        lambda: rename_department(other, title="别人的", title_en="", by=manager),
        lambda: add_department(code="top", title="顶层", title_en="", parent=None, by=manager),
        lambda: add_person(Staff(username="x", name="某", department=other), by=manager),
    ):
        with pytest.raises(NotPermitted):
            forbidden()
    stranger = Membership.objects.filter(desk__code="market").select_related("person", "desk")[0]
    with pytest.raises(NotPermitted):
        deactivate_person(stranger.person, by=manager)
    with pytest.raises(NotPermitted):
        take_role(stranger, by=manager)
    assert stranger.person not in manager.people()
    assert set(manager.people()) < set(root.people())


def test_nobody_gives_a_right_they_do_not_hold(office: Office, manager: Manager, root: Manager) -> None:
    desk, person = office.world.desk, newcomer(office, root)
    with pytest.raises(RightNotHeld) as refused:
        give_role(person, desk=desk, role="intake_officer", department=None, by=manager)
    assert refused.value.params == {"right": "登记"}
    give_role(person, desk=desk, role="administrator", department=None, by=manager)
    give_role(person, desk=desk, role="intake_officer", department=None, by=root)
    assert sorted(person.memberships.values_list("role", flat=True)) == ["administrator", "intake_officer"]
    assert kinds("desk:express")[-2:] == ["role_granted", "role_granted"]


def test_a_role_counts_and_stops_counting_on_the_next_request(office: Office, root: Manager) -> None:
    world, person = office.world, newcomer(office, root)
    case = world.register()
    assert not visible_to(Viewer(person=person, now=world.now)).exists()
    held = give_role(person, desk=world.desk, role="intake_officer", department=None, by=root)
    assert list(visible_to(Viewer(person=person, now=world.now))) == [case]
    take_role(held, by=root)
    assert not visible_to(Viewer(person=person, now=world.now)).exists()


@pytest.mark.parametrize(
    ("role", "department", "code"),
    [
        ("department_head", False, "required"),
        ("customer", False, "unknown_choice"),
        ("made_up", False, "unknown_choice"),
    ],
)
def test_a_role_is_given_where_it_counts(office: Office, root: Manager, role: str, department: bool, code: str) -> None:
    with pytest.raises(InvalidData) as refused:
        give_role(newcomer(office, root), desk=office.world.desk, role=role, department=None, by=root)
    assert refused.value.errors[0].code == code


def test_the_last_administrator_stays(office: Office, root: Manager) -> None:
    with pytest.raises(LastAdministrator):
        make_administrator(root.person, wanted=False, by=root)
    with pytest.raises(NotPermitted):
        deactivate_person(root.person, by=root)
    second = newcomer(office, root)
    make_administrator(second, wanted=True, by=root)
    make_administrator(root.person, wanted=False, by=Manager(second, root.now))
    with pytest.raises(NotPermitted):
        make_administrator(root.person, wanted=True, by=Manager(root.person, root.now))


def test_an_administrator_is_managed_by_administrators_only(office: Office, manager: Manager, root: Manager) -> None:
    with pytest.raises(NotPermitted):
        deactivate_person(root.person, by=manager)
    with pytest.raises(NotPermitted):
        invite_again(root.person, by=manager)


def test_nobody_sets_the_password_of_somebody_with_more_rights(office: Office, manager: Manager, root: Manager) -> None:
    person = newcomer(office, root)
    invite_again(person, by=manager)
    give_role(person, desk=office.world.desk, role="intake_officer", department=None, by=root)
    with pytest.raises(RightNotHeld):
        invite_again(person, by=manager)
    assert invited_by(invite_again(person, by=root), now=root.now) == person


def test_an_invitation_sets_a_password_once(office: Office, root: Manager) -> None:
    unit = office.world.organisation.departments["customer_service"]
    person, secret = add_person(Staff(username="lin", name="林晓燕", department=unit), by=root)
    assert not person.has_usable_password()
    assert invited_by(secret, now=root.now) == invited_by(secret, now=root.now) == person
    accept_invitation(secret, password="a-long-enough-password", now=root.now)
    person.refresh_from_db()
    assert person.check_password("a-long-enough-password")
    for later in (root.now, root.now + timedelta(hours=1)):
        with pytest.raises(LinkNotGood):
            invited_by(secret, now=later)
    fresh = invite_again(person, by=root)
    newest = invite_again(person, by=root)
    with pytest.raises(LinkNotGood):
        invited_by(fresh, now=root.now)
    with pytest.raises(LinkNotGood):
        invited_by(newest, now=root.now + timedelta(hours=72))
    assert invited_by(newest, now=root.now + timedelta(hours=71)) == person


def test_moving_and_letting_go_are_recorded(office: Office, root: Manager) -> None:
    person = newcomer(office, root)
    other = office.world.organisation.departments["settlement"]
    change_person(person, Staff(username="lin", name="林小燕", department=other), by=root)
    deactivate_person(person, by=root)
    assert not person.is_active
    with pytest.raises(LinkNotGood):
        invited_by("", now=root.now)
    reactivate_person(person, by=root)
    assert kinds("installation")[-4:] == ["person_added", "person_moved", "person_deactivated", "person_reactivated"]


def test_who_comes_back_gets_no_rights_that_the_manager_can_not_give(
    office: Office, manager: Manager, root: Manager
) -> None:
    person = office.world.person("intake_officer")
    deactivate_person(person, by=root)
    with pytest.raises(RightNotHeld):
        reactivate_person(person, by=manager)


def test_a_user_name_is_taken_once(office: Office, root: Manager) -> None:
    newcomer(office, root)
    with pytest.raises(InvalidData) as refused:
        newcomer(office, root)
    assert (refused.value.errors[0].pointer, refused.value.errors[0].code) == ("/username", "taken")


def test_a_function_goes_to_another_department(office: Office, manager: Manager) -> None:
    world = office.world
    unit = world.organisation.departments["settlement"]
    give_function(desk=world.desk, function="finance", department=unit, by=manager)
    assert OrganisationOfDesk(world.desk, world.pack, world.now).department_for("finance") == unit.pk
    assert kinds("desk:express")[-1] == "function_given"
    with pytest.raises(InvalidData):
        give_function(desk=world.desk, function="made_up", department=unit, by=manager)


@pytest.mark.parametrize("asked", ["晓燕", "linxiaoyan", "lin xiao", "lxy", "LXY", "linxy", "lin"])
def test_people_are_found_by_name_and_pinyin(office: Office, root: Manager, asked: str) -> None:
    person = newcomer(office, root)
    assert person in found_by(root.people(), asked)


@pytest.mark.parametrize("asked", ["xly", "inx", "王", "yanlin", "lx%", "(l"])
def test_others_are_not_found(office: Office, root: Manager, asked: str) -> None:
    assert newcomer(office, root) not in found_by(root.people(), asked)


# Absences


def away(office: Office, person: Person, by: Manager, *, hours: float = 0, days: float = 2, **given: Any) -> Absence:
    begin = office.world.now + timedelta(hours=hours)
    options = {"deputy": None, "reason": "", "keeps_working": False, **given}
    return enter_absence(person=person, starts_at=begin, ends_at=begin + timedelta(days=days), by=by, **options)


def test_routing_goes_to_the_deputy_while_the_head_is_away(office: Office) -> None:
    world = office.world
    case = world.do(world.do(world.do(world.register(), "accept"), "confirm"), "grade")
    unit = next(d for d in world.organisation.departments.values() if d.code.endswith("delivery_operations"))
    head = OrganisationOfDesk(world.desk, world.pack, world.now).head_of(unit.pk)
    person = Person.objects.get(pk=head)
    deputy = Person.objects.filter(department=unit).exclude(pk=head)[0]
    away(office, person, Manager(person, world.now), deputy=deputy)
    case = world.do(case, "dispatch", department=unit.pk, route_reason="负责人出差，按职能派单")
    assert case.handler == deputy


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"days": -1}, "/ends", "ends_before_start"),
        ({"hours": -72, "days": 1}, "/ends", "in_past"),
        ({"deputy": "self"}, "/deputy", "deputy_is_self"),
        ({"keeps_working": True}, "/deputy", "required"),
    ],
)
def test_an_absence_that_makes_no_sense_is_refused_at_its_field(
    office: Office, change: dict[str, Any], pointer: str, code: str
) -> None:
    person = office.world.person("cs_agent")
    given = {**change, "deputy": person} if change.get("deputy") == "self" else change
    with pytest.raises(InvalidData) as refused:
        away(office, person, Manager(person, office.world.now), **given)
    assert (refused.value.errors[0].pointer, refused.value.errors[0].code) == (pointer, code)


def test_overlaps_are_refused_for_the_person_and_for_the_deputy(office: Office) -> None:
    world = office.world
    one, two = world.person("cs_agent"), world.person("intake_officer")
    away(office, one, Manager(one, world.now))
    with pytest.raises(InvalidData) as again:
        away(office, one, Manager(one, world.now), hours=24)
    with pytest.raises(InvalidData) as deputy:
        away(office, two, Manager(two, world.now), hours=24, deputy=one)
    assert [e.value.errors[0].code for e in (again, deputy)] == ["absence_overlaps", "deputy_away"]
    away(office, one, Manager(one, world.now), hours=48)


def test_a_head_enters_for_their_people_and_for_nobody_else(office: Office) -> None:
    world = office.world
    head = world.person("department_head", "delivery_operations")
    staff = world.person("department_staff", "delivery_operations")
    by = Manager(head, world.now)
    away(office, staff, by, deputy=head)
    with pytest.raises(NotPermitted):
        away(office, world.person("department_staff", "settlement"), by)
    with pytest.raises(InvalidData) as refused:
        away(office, staff, by, hours=72, deputy=world.person("department_staff", "settlement"))
    assert refused.value.errors[0].code == "deputy_not_yours"


def test_an_absence_ends_early_or_is_taken_back(office: Office) -> None:
    world = office.world
    person = world.person("cs_agent")
    running = away(office, person, Manager(person, world.now))
    later = away(office, person, Manager(person, world.now), hours=72)
    by = Manager(person, world.later(hours=3))
    end_absence(running, by=by)
    end_absence(later, by=by)
    running.refresh_from_db()
    assert running.ends_at == by.now
    assert not Absence.objects.filter(pk=later.pk).exists()
    assert kinds("installation")[-2:] == ["absence_ended", "absence_taken_back"]
    with pytest.raises(NotPermitted):
        end_absence(running, by=Manager(person, world.later(minutes=1)))
