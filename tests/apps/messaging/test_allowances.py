"""Limits are exact: in a row, in parallel, and over the edge of their span."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection

from amends.apps.messaging.allowances import Allowance, TooMany, forget_old_allowances, spend, spend_budget
from amends.apps.messaging.models import AllowanceSlot

NOW = datetime(2026, 3, 2, tzinfo=UTC)
THREE = Allowance("three", limit=3, within=timedelta(hours=1))


def may(now=NOW, subject="a", *allowances) -> bool:
    try:
        spend(allowances or [THREE], subject=subject, now=now)
    except TooMany:
        return False
    return True


@pytest.mark.django_db
def test_the_fourth_within_an_hour_is_refused_and_says_when_the_next_is_free():
    assert [may(NOW + timedelta(minutes=n)) for n in range(3)] == [True] * 3

    with pytest.raises(TooMany) as refusal:
        spend([THREE], subject="a", now=NOW + timedelta(minutes=10))

    assert refusal.value.retry_after == 50 * 60
    assert may(NOW + timedelta(minutes=60))
    assert not may(NOW + timedelta(minutes=60))


@pytest.mark.django_db
def test_no_hour_anywhere_holds_more_than_the_limit():
    granted = [n for n in range(300) if may(NOW + timedelta(minutes=n))]

    assert max(sum(1 for n in granted if start <= n < start + 60) for start in range(240)) == 3


@pytest.mark.django_db
def test_subjects_do_not_share_and_are_not_named():
    assert [may(NOW, subject) for subject in ("a", "a", "a", "a", "b")] == [True, True, True, False, True]
    assert not AllowanceSlot.objects.filter(key__endswith=":a").exists()


@pytest.mark.django_db
def test_of_several_allowances_all_are_used_or_none():
    one = Allowance("one", limit=1, within=timedelta(hours=1))
    assert may(NOW, "a", THREE, one)
    assert not may(NOW, "a", THREE, one)

    assert [may(NOW, "a", THREE) for _ in range(3)] == [True, True, False]


@pytest.mark.django_db
def test_a_budget_is_spent_once_and_old_counts_are_forgotten():
    assert [spend_budget("sms", limit=2, day=date(2026, 3, 2)) for _ in range(3)] == [True, True, False]
    may(NOW)

    assert forget_old_allowances(now=NOW + timedelta(days=4)) == 2


@pytest.mark.django_db(transaction=True)
def test_fifty_at_once_take_no_more_than_the_limit():
    def take(_: int) -> bool:
        try:
            return may(NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        granted = list(pool.map(take, range(50)))

    assert granted.count(True) == 3
