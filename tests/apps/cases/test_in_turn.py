"""Cases in turn, a batch at a time."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection

from amends.apps.cases.models import Case
from amends.apps.keyset import behind
from amends.apps.policies.models import Desk
from amends.apps.studies.reading import in_turn
from amends.apps.studies.what_if import cases_since

PACKS = ("escalation",)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="the plan is read as SQLite writes it")
def test_the_next_cases_are_looked_up_without_going_through_those_before_them(office_of):
    clerk = office_of("escalation").api("intake_officer")
    for name in ("王一", "王二", "王三"):
        clerk.registered(channel="hotline", complainant_name=name)
    cases = cases_since(Desk.objects.get(), date(2000, 1, 1))

    found = [case for some in in_turn(cases, 1) for case in some]
    behind_first = cases.filter(behind({"received_at": found[0].received_at, "pk": found[0].pk}))

    assert found == list(cases) and list(behind_first) == found[1:] and len(found) == Case.objects.count()
    assert "received_at>" in behind_first.explain()


def test_rows_in_turn_are_those_of_the_cases_one_question_a_batch(office_of, django_assert_num_queries):
    clerk = office_of("escalation").api("intake_officer")
    for name in ("王一", "王二", "王三"):
        clerk.registered(channel="hotline", complainant_name=name)
    cases = cases_since(Desk.objects.get(), date(2000, 1, 1))
    wanted = [(case.pk, case.number, case.received_at) for case in cases]

    with django_assert_num_queries(2):
        rows = cases.values_list("pk", "number", "received_at")
        found = list(in_turn(rows, 2, place=lambda row: (row[2], row[0])))

    assert found == [wanted[:2], wanted[2:]] and len(wanted) == 3
