"""The overview of a desk: its questions are few and always the same, and what filters leave adds up to the whole."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection

from amends.apps.cases.queries import Viewer
from amends.apps.people.models import Person
from amends.apps.reporting.models import CaseFact, DayFact
from amends.apps.reporting.overview import BY, Overview, Wanted, asked_for_overview, overview
from amends.core.periods import Period
from tests.acceptance.test_escalation_proceedings import TO_TOLD, complaint
from tests.doors import Office

PACKS = ("escalation",)
MARCH = Period(date(2026, 3, 1), date(2026, 3, 31))
LATER = Period(date(2026, 3, 3), date(2026, 3, 10))
QUESTIONS = 6


def read(office: Office, period: Period = MARCH, **filters: object) -> Overview:
    viewer = Viewer(person=Person.objects.get(pk=office.api("quality_manager").id), now=office.clock.now)
    world = office.world
    return overview(viewer, Wanted(world.desk, world.pack, period, period.before(), office.clock.now.date(), filters))


@pytest.fixture
def three(office: Office) -> Office:
    """A case of the 2nd of March that is closed on the 4th, one of the 2nd that is overdue, and one of the 4th that nobody has sorted yet."""
    closed = complaint(office, *TO_TOLD)
    complaint(office)
    office.clock.later(days=2)
    office.walk(closed, "agree", "close")
    office.api("intake_officer").registered(channel="email", category="other")
    office.clock.later(days=20)
    return office


def figures(found: Overview) -> dict[str, object]:
    """Everything that a filter narrows, as numbers."""
    now, whole = found.whole.now, found.whole
    return {
        **{name: getattr(now, name) for name in ("received", "closed", "completed", "in_time", "scored", "score_sum")},
        "open": whole.open, "late": whole.late, "open before": found.open_before, "came": sum(a for _, a, _ in found.course),
        "went": sum(b for _, _, b in found.course), "visits": sum(one.visits for one in found.stages),
        **{f"age {n}": pair for n, pair in enumerate(found.ages)},
    }  # fmt: skip


def added(several: list[dict[str, object]]) -> dict[str, object]:
    def of(values: list) -> object:
        return tuple(map(sum, zip(*values, strict=True))) if isinstance(values[0], tuple) else sum(values)

    return {name: of([one[name] for one in several]) for name in several[0]}


@pytest.mark.parametrize("name", BY)
@pytest.mark.parametrize("period", [MARCH, LATER])
def test_what_is_left_of_each_value_adds_up_to_the_whole(three: Office, name: str, period: Period) -> None:
    whole = read(three, period)
    values = list(whole.parts[name])
    assert len(values) > 1
    assert added([figures(read(three, period, **{name: value})) for value in values]) == figures(whole)


def test_a_case_without_a_department_is_found_as_one_whose_department_is_not_known(three: Office) -> None:
    without = figures(read(three, channel="email"))
    assert (without["received"], without["open"], without["late"], without["came"]) == (1, 1, 1, 1)
    for rows in (DayFact, CaseFact):
        rows.objects.filter(channel="email").update(department=None)
    assert figures(read(three, department=None)) == without
    assert figures(read(three, LATER, department=None)) == figures(read(three, LATER, channel="email"))


def test_open_when_the_period_began_are_those_open_now_and_those_closed_since(three: Office) -> None:
    assert [(read(three, p).open_before, read(three, p).whole.open) for p in (MARCH, LATER)] == [(0, 2), (2, 2)]
    after = Period(date(2026, 3, 5), date(2026, 3, 6))
    assert read(three, after).open_before == 2


def test_what_came_and_went_after_the_period_is_not_drawn(three: Office) -> None:
    first = Period(date(2026, 3, 2), date(2026, 3, 3))
    assert read(three, first).course == ((date(2026, 3, 2), 2, 0), (date(2026, 3, 3), 0, 0))


@pytest.mark.parametrize("filters", [{}, {"department": None}, {"channel": "email", "category": "other"}])
def test_the_overview_asks_always_as_many_questions(three: Office, filters: dict, django_assert_num_queries) -> None:
    viewer = Viewer(person=Person.objects.get(pk=three.api("quality_manager").id), now=three.clock.now)
    desk, pack = three.world.desk, three.world.pack
    for period in (MARCH, LATER):
        wanted = Wanted(desk, pack, period, period.a_year_before(), three.clock.now.date(), filters)
        with django_assert_num_queries(QUESTIONS):
            overview(viewer, wanted)


@pytest.mark.parametrize("filters", [{}, {"department": None}, {"channel": "email", "category": "other"}])
def test_what_is_asked_together_is_what_the_overview_asks(three: Office, filters: dict) -> None:
    viewer = Viewer(person=Person.objects.get(pk=three.api("quality_manager").id), now=three.clock.now)
    world = three.world
    wanted = Wanted(world.desk, world.pack, LATER, LATER.before(), three.clock.now.date(), filters)
    asked = []

    def note(execute, words, values, many, context):
        asked.append((words, list(values)))
        return execute(words, values, many, context)

    with connection.execute_wrapper(note):
        overview(viewer, wanted)
        by_itself = asked.copy()
        asked.clear()
        for one in asked_for_overview(viewer, wanted):
            one.ask()
    assert sorted(asked, key=repr) == sorted(by_itself, key=repr)
