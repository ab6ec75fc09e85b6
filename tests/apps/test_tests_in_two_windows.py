"""One test and one result, also when it is begun and handed in from two windows at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from amends.apps.ledger.models import Chain
from amends.apps.ledger.queries import events_of
from amends.apps.policies.queries import read_version
from amends.apps.training.learning import AlreadyHandedIn, begin_test, hand_in
from amends.apps.training.models import Attempt
from tests.world import open_world, publish_shipped

pytestmark = pytest.mark.django_db(transaction=True)


def together(do: Callable[[], Any], times: int = 4) -> list[Any]:
    """What came of doing the same so many times at one moment: a result, or the refusal."""
    barrier = threading.Barrier(times)

    def once(_: int) -> Any:
        barrier.wait()
        try:
            return do()
        except AlreadyHandedIn as refusal:
            return refusal
        finally:
            connections.close_all()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(once, range(times)))


def test_it_is_drawn_once_and_counts_once() -> None:
    now = timezone.now()
    publish_shipped(("express",), now=now)
    world = open_world("express", now=now)
    agent = world.person("cs_agent")

    begun = together(lambda: begin_test(world.desk, "principles", agent, now=now).pk)

    assert len(set(begun)) == 1 and Attempt.objects.count() == 1
    key = begun[0]
    pack = read_version(Attempt.objects.get().pack_id)
    bank = {one.id: one for one in pack.training.banks["principles"].questions}
    answers = {name: list(bank[name].right) for name in Attempt.objects.get().asked}
    ends = together(lambda: hand_in(Attempt.objects.get(pk=key), answers, now=now))
    assert sum(isinstance(end, AlreadyHandedIn) for end in ends) == 3
    chain = Chain.objects.get(key=f"training:{world.desk.code}:{agent.pk}")
    assert [event.kind for event in events_of(chain)] == ["begin_test", "hand_in_test"]
