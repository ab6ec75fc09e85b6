"""Pages by the place where the last one ended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from amends.apps.keyset import behind
from amends.apps.people.models import Complainant

MORNING = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    "order", [("name", "created_at", "pk"), ("-name", "created_at", "-pk"), ("-name", "pk"), ("created_at", "-name", "pk")]
)  # fmt: skip
@pytest.mark.django_db
def test_pages_put_together_are_the_whole_in_its_order(order):
    for name, hours in product("abb", range(3)):
        Complainant.objects.create(name=name, created_at=MORNING + timedelta(hours=hours))
    whole = list(Complainant.objects.order_by(*order))

    found, place = [], {}
    while page := list(Complainant.objects.filter(behind(place)).order_by(*order)[:2]):
        found += page
        place = {name: getattr(page[-1], name.removeprefix("-")) for name in order}

    assert found == whole and len(found) == 9
