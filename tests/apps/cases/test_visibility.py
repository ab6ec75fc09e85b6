"""V(u): who sees which cases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from amends.apps.cases.listing import queue
from amends.apps.cases.models import Case, CaseAsked
from amends.apps.cases.queries import MOST_EARLIER, Viewer, related_cases, visible_case, visible_to
from amends.apps.people.actions import deactivate, grant_role, note_absence, revoke_role
from amends.apps.people.models import Membership, Person
from amends.core.refusals import NotVisible
from tests.doors import Office

PACKS = ("express",)


def seen(person: Person, office: Office) -> list[str]:
    viewer = Viewer(person=person, now=office.world.now)
    return sorted(visible_to(viewer).distinct().values_list("number", flat=True))


def test_customer_service_sees_every_case_of_its_desk(office: Office) -> None:
    case = office.world.register()
    assert seen(office.world.person("cs_supervisor"), office) == [case.number]


def test_a_department_sees_only_what_was_given_to_it(office: Office) -> None:
    world = office.world
    case = world.register()
    for verb in ("accept", "confirm", "grade"):
        case = world.do(case, verb)
    staff = {p.department_id: p for (role, _), p in world.organisation.people.items() if role == "department_staff"}
    assert [seen(person, office) for person in staff.values()] == [[]] * len(staff)
    case = world.do(case, "dispatch")
    assert case.department_id is not None
    assert seen(staff[case.department_id], office) == [case.number]
    others = [person for unit, person in staff.items() if not case.department.path.startswith(person.department.path)]
    assert others
    assert [seen(person, office) for person in others] == [[]] * len(others)


def test_a_case_of_which_several_departments_were_asked_is_one_case_to_whoever_works_in_two_of_them(
    office: Office,
) -> None:
    world = office.world
    case = world.register()
    staff = [p for (role, _), p in world.organisation.people.items() if role == "consulted_staff"][:2]
    CaseAsked.objects.bulk_create(CaseAsked(case=case, department=person.department) for person in staff)
    grant_role(
        person=staff[0], desk=world.desk, role="consulted_staff", department=staff[1].department, by="system", now=world.now,
    )  # fmt: skip
    viewer = Viewer(person=staff[0], now=world.now)

    assert list(visible_to(viewer)) == [case]
    assert len(queue(viewer, {}).cases) == 1


def test_what_somebody_sees_joins_neither_complainants_nor_departments_asked_to_every_case(office: Office) -> None:
    """Joined, all complainants there are were read wherever cases are listed."""
    viewer = Viewer(person=office.world.person("consulted_staff"), now=office.world.now)
    words = str(visible_to(viewer).query)

    assert "people_complainant" in words and 'JOIN "people_complainant"' not in words
    assert "cases_caseasked" in words and 'JOIN "cases_caseasked"' not in words


def test_the_latest_cases_of_a_person_that_one_may_see_are_shown_whatever_came_after_them(office: Office) -> None:
    world = office.world
    whose = {"complainant_name": "顾欣", "complainant_phone": "13900139000"}

    def dispatched() -> Case:
        case = world.register(**whose)
        for verb in ("accept", "confirm", "grade", "dispatch"):
            case = world.do(case, verb)
        return case

    case = dispatched()
    staff = {p.department_id: p for (role, _), p in world.organisation.people.items() if role == "department_staff"}
    viewer = Viewer(person=staff[case.department_id], now=world.now)

    assert related_cases(viewer, case) == []

    def related() -> list[str]:
        with CaptureQueriesContext(connection) as asked:
            found = related_cases(viewer, case)
        assert len(asked) == 2
        return [one.number for one, _ in found]

    earlier = [dispatched().number for _ in range(MOST_EARLIER + 1)]
    closed = {world.register(**whose).number for _ in range(MOST_EARLIER + 1)}
    assert len(related()) == MOST_EARLIER
    assert set(related()) < set(earlier)
    assert not closed & set(related())


def test_a_number_outside_ones_scope_is_as_if_it_did_not_exist(office: Office) -> None:
    case = office.world.register()
    viewer = Viewer(person=office.world.person("department_staff"), now=office.world.now)
    for number in (case.number, "KD000000-99999"):
        with pytest.raises(NotVisible):
            visible_case(viewer, number)


def test_an_internal_complaint_is_hidden_from_the_department_complained_about(office: Office) -> None:
    world = office.world
    accused = world.person("department_head", "settlement")
    case = world.register(kind="internal_complaint", by="employee", accused_department=accused.department_id)
    assert case.hides_from_accused
    assert seen(accused, office) == []


def test_who_lost_a_role_or_left_sees_nothing_at_once(office: Office) -> None:
    world = office.world
    world.register()
    supervisor, agent = world.person("cs_supervisor"), world.person("intake_officer")
    revoke_role(membership=Membership.objects.get(person=agent, role="intake_officer"), by="system", now=world.now)
    deactivate(person=supervisor, by="system", now=world.now)
    assert seen(Person.objects.get(pk=supervisor.pk), office) == []
    assert seen(agent, office) == []


def test_a_deputy_sees_and_acts_only_between_the_dates(office: Office) -> None:
    world = office.world
    case = world.register()
    away, deputy = world.person("cs_supervisor"), world.person("department_staff")
    until = world.now + timedelta(days=2)
    note_absence(person=away, starts_at=world.now, ends_at=until, deputy=deputy, by="system", now=world.now)
    assert seen(deputy, office) == [case.number]
    office.clock.at(until + timedelta(seconds=1))
    assert seen(deputy, office) == []
