"""Rows that a process keeps for some seconds."""

from __future__ import annotations

from contextlib import suppress

import pytest
from django.db import transaction

from amends.apps import kept
from amends.apps.kept import Kept, forget_what_is_kept
from amends.apps.people.models import Department
from amends.apps.prepared import Prepared

pytestmark = pytest.mark.django_db


@pytest.fixture
def titles() -> Kept[str]:
    return Kept(Prepared(lambda: Department.objects.order_by("title").values_list("title", flat=True)), of=Department)


def named(title: str) -> Department:
    return Department(code="care", title=title, path="1.")


@pytest.mark.django_db(transaction=True)
def test_rows_are_read_once_and_again_when_this_process_writes_one(titles, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert [titles.ask(), titles.ask()] == [[], []]
    named("客服部").save()
    with django_assert_num_queries(1):
        assert [titles.ask(), titles.ask()] == [["客服部"], ["客服部"]]
    Department.objects.get().delete()
    assert titles.ask() == []


def test_what_another_process_writes_is_seen_when_the_seconds_are_over(titles, monkeypatch):
    assert titles.ask() == []
    Department.objects.bulk_create([named("客服部")])
    assert titles.ask() == []
    monkeypatch.setattr(kept, "KEPT_FOR", -1.0)
    assert titles.ask() == ["客服部"]


@pytest.mark.django_db(transaction=True)
def test_what_was_read_while_a_change_was_under_way_is_read_again_after_it(titles):
    with transaction.atomic():
        named("客服部").save()
        assert titles.ask() == ["客服部"]
        Department.objects.update(title="客户服务部")
    assert titles.ask() == ["客户服务部"]


def test_rows_of_a_test_before_are_forgotten(titles):
    assert titles.ask() == []
    Department.objects.bulk_create([named("客服部")])
    forget_what_is_kept()
    assert titles.ask() == ["客服部"]


@pytest.mark.django_db(transaction=True)
def test_what_was_taken_back_is_not_kept(titles):
    with suppress(ZeroDivisionError), transaction.atomic():
        named("客服部").save()
        assert titles.ask() == ["客服部"]
        raise ZeroDivisionError
    assert titles.ask() == []


def test_what_somebody_else_changes_while_it_is_read_is_not_kept(titles, monkeypatch):
    reads = Prepared.ask

    def overtaken(question, **given):
        rows = reads(question, **given)
        monkeypatch.undo()
        named("客服部").save()
        return rows

    monkeypatch.setattr(Prepared, "ask", overtaken)
    assert titles.ask() == []
    assert titles.ask() == ["客服部"]
