"""The rows that figures are read from follow every verb, and rebuilding them from the ledger changes nothing."""

from __future__ import annotations

from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from amends.apps.cases.actions.erase import erase_cases
from amends.apps.cases.models import Case
from amends.apps.policies.models import Desk
from amends.apps.reporting.keeping import figures_at_the_end
from amends.apps.reporting.models import CaseFact, DayFact, StepFact
from amends.apps.reporting.rows.days import DAY_COUNTS, DAY_KEYS, rows_of_day, settle_days
from amends.apps.reporting.rows.mending import mend_all_days
from tests.doors import Office

PACKS = ("escalation", "reporting")
TO_TOLD = (
    "grade",
    "dispatch",
    "sign_in",
    "investigate",
    "conclude",
    "propose",
    "complete_measure",
    "carry_out",
    "tell",
)


def kept() -> tuple[list, list, dict]:
    """Everything that figures are read from, days as their sums."""
    days: dict = {}
    for row in DayFact.objects.all():
        counts = days.setdefault(tuple(getattr(row, key) for key in DAY_KEYS), dict.fromkeys(DAY_COUNTS, 0))
        for name in DAY_COUNTS:
            counts[name] += getattr(row, name)
    cases = list(CaseFact.objects.order_by("pk").values())
    steps = [{k: v for k, v in row.items() if k != "id"} for row in StepFact.objects.order_by("case", "no").values()]
    return cases, steps, {key: counts for key, counts in days.items() if any(counts.values())}


def told(office: Office) -> str:
    number = office.api("intake_officer").registered(channel="hotline", category="delivery_delay")
    team = {"team": office.department("warehouse"), "handler": office.api("department_member", "warehouse").id}
    office.clock.later(minutes=30)
    office.walk(number, *TO_TOLD, dispatch=team, complete_measure={"item": 1})
    return number


@pytest.fixture
def number(office: Office) -> str:
    return told(office)


def fact(number: str) -> CaseFact:
    return CaseFact.objects.get(case__number=number)


def test_a_case_has_its_moments_and_lacks_what_never_came(office: Office, number: str) -> None:
    row = fact(number)
    assert (row.category_top, row.state, row.rounds, row.cycles) == ("delivery_delay", "told", 1, 1)
    assert row.told_at - row.received_at == timedelta(minutes=39)
    assert row.telling_seconds == row.telling_work_seconds == 39 * 60
    assert (row.resolved_at, row.closed_at, row.handling_seconds, row.score, row.compensation_minor) == (None,) * 5
    assert row.in_time is True

    office.clock.later(hours=1)
    office.walk(number, "agree")
    agreed = fact(number)
    assert (agreed.handling_seconds, agreed.resolved_on, agreed.asked) == (100 * 60, date(2026, 3, 2), True)


def test_a_reopened_case_is_resolved_only_by_its_last_resolution(office: Office, number: str) -> None:
    office.walk(number, "agree", "close")
    assert fact(number).resolved_at is not None
    office.api("cs_supervisor").does(number, "reopen")
    row = fact(number)
    assert (row.resolved_at, row.closed_at, row.cycles, row.reopened) == (None, None, 2, 1)


def test_every_visit_to_a_state_has_its_span(office: Office, number: str) -> None:
    office.clock.later(days=1)
    office.walk(number, "agree")
    visits = list(StepFact.objects.filter(case__number=number).order_by("no"))
    assert [visit.state for visit in visits][0] == "registered"
    assert [visit.state for visit in visits][-2:] == ["told", "agreed"]
    assert (visits[-2].seconds, visits[-2].work_seconds, visits[-2].waits_for) == (86460, 8 * 3600 + 60, "complainant")
    assert (visits[-1].left_at, visits[-1].seconds) == (None, None)
    assert all(a.left_at == b.entered_at for a, b in zip(visits, visits[1:], strict=False))


def test_rebuilding_changes_no_row_and_mends_what_was_spoilt(office: Office, number: str) -> None:
    told(office)
    office.walk(number, "agree", "close")
    before = kept()
    assert before[2] != {}
    call_command("rebuild_figures", "--json", stdout=StringIO())
    assert kept() == before

    CaseFact.objects.filter(case__number=number).delete()
    StepFact.objects.filter(case__number=number, no=2).update(seconds=1)
    DayFact.objects.filter(pk=DayFact.objects.first().pk).update(received=7)
    call_command("rebuild_figures", "--json", stdout=StringIO())
    assert kept() == before


def test_days_that_are_mended_part_by_part_are_those_of_the_verbs(
    office: Office, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        office.clock.later(days=1)
        told(office)
    office.walk(number, "agree", "close")
    before = kept()
    monkeypatch.setattr("amends.apps.reporting.rows.mending.AT_A_TIME", 1)
    parts = []

    def one_after_another(work, some):
        parts.extend(some)
        return map(work, parts)

    DayFact.objects.filter(pk__gt=DayFact.objects.first().pk).delete()
    DayFact.objects.update(received=7)
    mend_all_days(share=one_after_another)
    assert kept() == before
    assert len(parts) == 4


def test_settling_days_changes_rows_and_no_sum(office: Office, number: str) -> None:
    before, rows = kept(), DayFact.objects.count()
    gone = settle_days(office.world.desk, before=date(2026, 4, 1))
    assert gone > 0
    assert DayFact.objects.count() == rows - gone
    assert kept() == before
    assert settle_days(office.world.desk, before=date(2026, 4, 1)) == 0


def test_what_customers_wrote_as_a_product_goes_when_the_case_is_erased(office_of) -> None:
    office = office_of("reporting")
    number = office.api("cs_agent").registered(
        kind="feedback", channel="hotline", complainant_phone="13800138000", feedback_type="problem_report",
        product_name="手机  X1", product_version="1.0",
    )  # fmt: skip
    assert (fact(number).product, fact(number).product_version) == ("手机 X1", "1.0")
    erase_cases([Case.objects.get(number=number).pk], now=office.clock.now)
    assert (fact(number).product, fact(number).product_version) == ("", "")


def test_figures_that_wait_for_the_last_verb_are_those_that_follow_each(office: Office, number: str) -> None:
    waiting = fact(number)
    with transaction.atomic(), figures_at_the_end():
        office.walk(number, "agree", "close")
        assert fact(number) == waiting and fact(number).closed_at is None

    assert fact(number).closed_at is not None
    found = kept()
    call_command("rebuild_figures", stdout=StringIO())
    assert kept() == found


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite knows no limit of time for a statement")
@pytest.mark.django_db
def test_adding_up_the_days_may_take_longer_than_a_page(number: str):
    limits = set()

    def note(execute, words, values, many, context):
        if "INSERT" in words:
            with connection.cursor().cursor as cursor:
                limits.add(cursor.execute("SHOW statement_timeout").fetchone()[0])
        return execute(words, values, many, context)

    with connection.execute_wrapper(note):
        mend_all_days()

    assert limits == {"0"}


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite sees no values when it chooses an index")
@pytest.mark.parametrize(("of_states", "index"), [(False, "days_of_a_desk"), (True, "days_of_states")])
def test_the_rows_of_a_day_are_settled_without_reading_all_days(db: None, of_states: bool, index: str) -> None:
    """Each night reads every day on which something changed: asked for both kinds at once, each of them read the whole table."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")

    assert index in rows_of_day(Desk(pk=1), date(2026, 3, 4), of_states=of_states).explain()
