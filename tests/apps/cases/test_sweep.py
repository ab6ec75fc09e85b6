"""The sweep reminds once for every step, and marks what became late; a published year moves provisional dates."""

from __future__ import annotations

from datetime import datetime, timedelta

from amends.apps.cases.actions.recompute import recompute_provisional_dates
from amends.apps.cases.actions.sweep import sweep_due_cases
from amends.apps.cases.models import Case
from amends.apps.messaging.models import Notice
from amends.apps.policies.actions import load_calendar_year
from tests.doors import Office

PACKS = ("express",)


def test_each_step_of_the_ladder_reminds_once(office: Office) -> None:
    world = office.world
    case = world.register()
    soon = case.received_at + timedelta(minutes=31)
    before = Notice.objects.count()
    assert sweep_due_cases(now=soon) == 1
    reminded = Notice.objects.count()
    assert reminded > before
    assert sweep_due_cases(now=soon + timedelta(seconds=30)) == 0
    assert Notice.objects.count() == reminded


def test_a_case_past_its_due_time_is_late_and_its_supervisor_hears(office: Office) -> None:
    case = office.world.register()
    sweep_due_cases(now=case.received_at + timedelta(minutes=61))
    assert Case.objects.get(pk=case.pk).is_late
    told = set(Notice.objects.filter(case_number=case.number).values_list("person__username", flat=True))
    assert office.world.person("cs_supervisor").username in told


def test_a_sweep_touches_only_cases_whose_time_has_come(office: Office) -> None:
    case = office.world.register()
    assert sweep_due_cases(now=case.received_at + timedelta(minutes=5)) == 0


def test_a_published_year_moves_the_dates_that_leaned_on_it_and_lists_them(office: Office) -> None:
    office.clock.at(datetime.fromisoformat("2026-12-30T10:00:00+08:00"))
    case = office.world.register()
    due = {row.rule: row for row in case.clocks.all()}["handling"]
    assert due.provisional
    load_calendar_year(_year_2027(), now=office.world.now)
    changes = recompute_provisional_dates(now=office.world.now)
    moved = {change.clock: change for change in changes if change.number == case.number}["handling"]
    assert moved.before == due.due_at
    # 1 January is a holiday as well, so two days off and the new year's day push the third working day by three.
    assert moved.after == due.due_at + timedelta(days=3)
    assert Case.objects.get(pk=case.pk).version == case.version


def _year_2027() -> dict[str, object]:
    """As the notice might be: the fourth and fifth of January, a Monday and a Tuesday, are off."""
    return {
        "region": "CN",
        "year": 2027,
        "sources": ["https://www.gov.cn/"],
        "holidays": {"new_year": {"zh-Hans": "元旦", "en": "New Year's Day"}},
        "days": [{"date": f"2027-01-0{day}", "closed": "new_year"} for day in (1, 4, 5)],
    }
