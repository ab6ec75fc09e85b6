"""The copies that figures are measured on are cases like those that were played: their chains hold, and say what their rows say."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from amends.apps.cases.facts import facts_text, rebuilt_facts
from amends.apps.cases.models import Case
from amends.apps.ledger.models import Chain, Detail
from amends.apps.ledger.queries import events_of
from tests.world import open_world, publish_shipped
from tools.bench.many_cases import COPIED_TO, copy_lives, play, verify

pytestmark = pytest.mark.django_db(transaction=True)


def test_copies_of_played_lives_are_cases_with_chains_of_their_own() -> None:
    began = timezone.now() - timedelta(days=800)
    publish_shipped(("escalation",), now=began)
    open_world("escalation", now=began)
    play(3, 0, 1)
    lives = {_texts(case): case for case in Case.objects.all()}
    ended, tables = [case for case in lives.values() if case.closed_at], _tables()

    copy_lives(20, 1)

    copies = Case.objects.filter(number__startswith="M")
    assert (len(ended), len(copies), Case.objects.count()) == (2, 17, 20)
    assert verify(Chain.objects.latest("pk").pk) == {"asked": 20, "whole": 20}
    for copy in copies:
        assert facts_text(rebuilt_facts(copy)) == copy.facts
        assert events_of(copy.chain)[0].at == copy.received_at
        _is_as_the_life_was(lives[_texts(copy)], copy)
    assert _tables() == tables


def _texts(case: Case) -> tuple[tuple[str, str], ...]:
    return tuple(Detail.objects.filter(chain=case.chain_id).order_by("seq", "field").values_list("salt", "text"))


def _is_as_the_life_was(life: Case, copy: Case) -> None:
    earlier = life.received_at - copy.received_at
    assert earlier % timedelta(weeks=1) == timedelta(0) == earlier - (life.received_on - copy.received_on)
    assert life.archived_at is None or life.archived_at - copy.archived_at == earlier
    assert _clocks(life, timedelta(0)) == _clocks(copy, earlier) != []


def _clocks(case: Case, later: timedelta) -> list[tuple[object, ...]]:
    return [
        (clock.rule, clock.instance, clock.status, clock.started_at + later, clock.due_at and clock.due_at + later)
        for clock in case.clocks.order_by("rule", "instance")
    ]


def _tables() -> dict[str, object]:
    """The indexes and constraints of the tables whose indexes are set aside meanwhile."""
    with connection.cursor() as cursor:
        return {table: connection.introspection.get_constraints(cursor, table) for table in COPIED_TO}
