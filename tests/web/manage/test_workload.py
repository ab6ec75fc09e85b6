"""Workload by person: what the numbers count, that each opens its list, and what they cost."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from amends.apps.cases.models import Case
from amends.apps.people.models import Absence
from amends.apps.reporting.workload import DepartmentLoad, workload
from tests.doors import Office
from tests.pages import text_of
from tests.web.manage import browser, cost

PACKS = ("express",)
pytestmark = pytest.mark.django_db


def dispatched(office: Office) -> Case:
    world = office.world
    return world.do(world.do(world.do(world.do(world.register(), "accept"), "confirm"), "grade"), "dispatch")


def of_handler(units: list[DepartmentLoad], case: Case) -> tuple[int, ...]:
    load = next(one for unit in units for one in unit.people if one.person == case.handler)
    return load.open, load.late, load.soon, load.waiting, load.received, load.closed


def test_numbers_count_what_lies_with_a_person(office: Office) -> None:
    world = office.world
    case = dispatched(office)
    viewer = world.viewer("cs_supervisor")
    assert of_handler(workload(viewer, world.desk), case) == (1, 0, 1, 0, 1, 0)
    world.later(days=5)
    units = workload(world.viewer("cs_supervisor"), world.desk)
    assert of_handler(units, case) == (1, 1, 0, 0, 1, 0)
    ages = next(one.ages for unit in units for one in unit.people if one.person == case.handler)
    assert ages == (0, 1, 0, 0, 0)


def test_what_is_not_seen_is_not_counted(office: Office) -> None:
    world = office.world
    case = dispatched(office)
    head = next(
        p
        for (role, _), p in world.organisation.people.items()
        if role == "department_head" and p.department_id != case.department_id
    )
    assert "没有可以统计的个案" in text_of(browser(head).get("/workload/"))


def test_every_number_opens_the_list_it_stands_for(office: Office) -> None:
    for _ in range(2):
        dispatched(office)
    office.world.register()
    client = browser(office.world.person("cs_supervisor"))
    page = client.get("/workload/").content.decode()
    links = re.findall(r'<a href="(/queue/\?[^"]+)"[^>]*>(\d+)</a>', page)
    assert len(links) >= 5
    for address, number in links:
        rows = client.get(address.replace("&amp;", "&")).content.decode()
        assert len(set(re.findall(r'href="/cases/([\w-]+)/"', rows))) == int(number), address


def test_the_page_costs_the_same_for_few_and_many_cases(office: Office) -> None:
    client = browser(office.world.person("cs_supervisor"))

    dispatched(office)
    few = cost(client, "/workload/")
    for _ in range(3):
        dispatched(office)
    assert cost(client, "/workload/") == few


def test_who_is_away_or_left_is_marked(office: Office) -> None:
    case = dispatched(office)
    world = office.world
    Absence.objects.create(
        person=case.handler,
        deputy=world.person("cs_agent"),
        starts_at=world.now - timedelta(days=1),
        ends_at=world.now + timedelta(days=1),
    )
    page = text_of(browser(world.person("cs_supervisor")).get("/workload/"))
    assert f"不在岗，{world.person('cs_agent').name}代理" in page
