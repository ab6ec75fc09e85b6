"""The complaint-handling team: what its people can do, who is there, and to whom a case goes by itself."""

from __future__ import annotations

import pytest
from django.urls import reverse

from tests.doors import Staff
from tests.pages import text_of

PACKS = ("reporting",)
ATTITUDE = {"kind": "complaint", "complaint_type": "service_attitude"}


@pytest.fixture
def team(office):
    """Three handlers of the complaint team, by the order of their making."""
    people = [office.new_team("complaint_team", "case_handler")[1] for _ in range(3)]
    for number, door in enumerate(people, start=1):
        door.person.name, door.person.sort_key = f"组员{number}", f"zuyuan{number}"
        door.person.save()
    return people


def dispatched(office, **wishes):
    """A new case that is dispatched without naming who handles it; returns who does."""
    number = office.api("cs_agent").registered(**ATTITUDE)
    office.walk(number, "grade", "dispatch", dispatch={"handler": None, **wishes})
    return number, office.handler(number).person


def skilled(office, person, *skills: str):
    """Whoever manages the people of the desk enters what somebody can do."""
    manager = Staff(office.world, "administrator")
    posted = manager.post(reverse("change_skills", args=[person.pk]), {"desk": "reporting", "skills": skills})
    assert posted.status_code == 302
    return text_of(manager.get(reverse("person", args=[person.pk])))


@pytest.mark.clause("REP-6.1.1")
def test_a_case_goes_by_itself_to_the_available_member_with_the_skill_and_the_lower_workload(office, team) -> None:
    first, second, third = (door.person for door in team)
    _, head = dispatched(office)
    assert head not in (first, second, third)
    shown = skilled(office, first, "complaint_handling", "service_talks")
    skilled(office, second, "complaint_handling", "service_talks")
    skilled(office, third, "complaint_handling")
    assert "技能" in shown and "服务态度类沟通" in shown

    assert [dispatched(office)[1] for _ in range(3)] == [first, second, first]
    assert dispatched(office)[1] == second
    dispatched(office, handler=second.pk)
    number, picked = dispatched(office)
    assert picked == first

    lead = Staff(office.world, "team_lead")
    load = text_of(lead.get("/workload/"))
    assert "组员1 投诉处理 服务态度类沟通" in load
    lead.force_login(first)
    entered = lead.post(
        reverse("enter_absence"),
        {"person": first.pk, "starts": "2026-03-02T08:00", "ends": "2026-03-20T18:00", "deputy": "", "reason": "休假"},
    )
    assert entered.status_code == 302, entered.content.decode()[:2000]
    assert [dispatched(office)[1] for _ in range(2)] == [second, second]
    assert third not in {office.handler(number).person, picked}
