"""The list of what is somebody's turn: as the handler, in a role of the desk, or in the department that has the case;
and what is left to do at all."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.db.models import Q

from amends.apps.cases.listing import queue
from amends.apps.cases.models import Case, ClockRow
from amends.apps.cases.projection import place_in_queue
from amends.apps.cases.queries import open_cases, to_be_contacted
from tests.world import DeskWorld, open_world, publish_shipped

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 4, 2, 0, tzinfo=UTC)


@pytest.fixture
def world() -> DeskWorld:
    publish_shipped(("express",), now=NOW)
    return open_world("express", now=NOW)


def turns_of(world: DeskWorld, role: str, function: str = "") -> list[str]:
    return [case.number for case in queue(world.viewer(role, function), {"mine": "yes"}).cases]


def test_a_new_case_is_the_turn_of_whoever_holds_the_role_it_waits_for(world: DeskWorld) -> None:
    case = world.register()
    assert case.waits_for == "intake_officer"
    assert turns_of(world, "intake_officer") == [case.number]
    assert turns_of(world, "cs_agent") == []


def test_a_case_that_waits_for_a_department_is_the_turn_of_its_people(world: DeskWorld) -> None:
    here, elsewhere = (world.organisation.departments[name] for name in ("delivery_operations", "settlement"))
    case = world.register()
    Case.objects.filter(pk=case.pk).update(waits_for="department", department=here, handler=None)
    assert turns_of(world, "department_head", "delivery_operations") == [case.number]
    Case.objects.filter(pk=case.pk).update(department=elsewhere)
    assert turns_of(world, "department_head", "delivery_operations") == []


def test_a_case_with_a_handler_is_the_turn_of_the_handler_alone(world: DeskWorld) -> None:
    case = world.register()
    handler = world.person("department_head", "delivery_operations")
    Case.objects.filter(pk=case.pk).update(waits_for="department", department=handler.department, handler=handler)
    assert turns_of(world, "department_head", "delivery_operations") == [case.number]
    assert turns_of(world, "department_staff", "delivery_operations") == []


def test_what_is_done_stays_in_sight_until_it_is_archived(world: DeskWorld) -> None:
    case = world.register()
    seen = world.viewer("cs_agent")

    def unfinished() -> list[str]:
        return [found.number for found in queue(seen, {"status": "unfinished"}).cases]

    case.state, case.state_category = "closed", "done"
    place_in_queue(case, world.pack)
    case.save()
    assert unfinished() == [case.number]
    case.state, case.state_category = "archived", "archived"
    place_in_queue(case, world.pack)
    case.save()
    assert unfinished() == []


def test_the_tasks_of_clocks_are_looked_for_among_those_that_run(world: DeskWorld) -> None:
    """The first page asks for them; without an index of their own every clock of a rule that ever ran was read."""
    (index,) = [one for one in ClockRow._meta.indexes if one.name == "running_clocks"]
    assert index.fields[0] == "rule" and index.condition == Q(stopped_at__isnull=True)

    asked = str(Case.objects.filter(to_be_contacted(world.viewer("cs_agent"), mine=False)).query)

    assert asked.count('"rule" = ') == asked.count('"stopped_at" IS NULL') > 0


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite sees no values when it chooses an index")
def test_what_is_open_is_found_without_the_archive(world: DeskWorld) -> None:
    """Stuck cases, and cases that move to another version, were looked for among all cases of a desk."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")

    assert "open_cases" in open_cases(Case.objects.all()).order_by("received_at", "pk").explain()
