"""Trying a draft policy over past cases: full lives made by API, replayed as often as the promise has cases, by both processes."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from datetime import date
from typing import Any

from tools.bench.api_cases import Client
from tools.bench.figures import Figure, Size
from tools.bench.server import FIRST_PORT, installation, web_server

PACK = "escalation"
LIVES = 12
PROMISED_SECONDS, PROMISED_CASES = 60, 100_000
PROCESSES = 2


def measure(size: Size) -> Iterator[Figure]:
    """Reading and replaying are measured on the same lives; the promise is the time for 100,000 cases on two cores, the slower of the two at work."""
    with installation(PACK) as one:
        with web_server(one, port=FIRST_PORT):
            client = Client(one, FIRST_PORT)
            for _ in range(LIVES):
                client.whole_case()
        found = json.loads(one.run("-m", "tools.bench.what_if", one.desk, str(size.stored_cases)))
    for name, spent in found["replayed"].items():
        # The reading process has one core to itself for as long as it reads; what is left is shared.
        whole = (found["read"] + spent) * PROMISED_CASES / PROCESSES
        yield Figure(
            f"a draft that changes {name}, {PROMISED_CASES:,} cases of {found['events']} events", f"{whole:.0f} s",
            f"≤ {PROMISED_SECONDS} s", f"a case: {found['read'] * 1000:.2f} ms read, {spent * 1000:.2f} ms replayed",
            whole <= PROMISED_SECONDS,
        )  # fmt: skip


def replay(desk_code: str, cases: int) -> dict[str, Any]:
    """Seconds a case of reading, and of replaying under drafts that change little and everything."""
    import django

    django.setup()
    from django.utils import timezone

    from amends.apps.policies.models import Desk
    from amends.apps.policies.queries import pack_in_force
    from amends.apps.studies.what_if import Given, batches, calendars_for, cases_since, replayed, versions_among

    desk, now, since = Desk.objects.get(code=desk_code), timezone.now(), date(2000, 1, 1)
    found = cases_since(desk, since)
    begun = time.perf_counter()
    rounds = max(1, min(cases, 600) // LIVES)
    for _ in range(rounds):
        lives = [raw for batch in batches(found) for raw in batch]
    read = (time.perf_counter() - begun) / rounds / len(lives)
    present = pack_in_force(desk, now)
    spent = {}
    for name, draft in _drafts(present).items():
        given = Given(draft, calendars_for(draft), versions_among(found), present, since, now)
        simulation = given.simulation()
        times = max(1, cases // len(lives) // 4)
        begun = time.perf_counter()
        for _ in range(times):
            replayed(simulation, lives)
        spent[name] = (time.perf_counter() - begun) / times / len(lives)
    return {"read": read, "replayed": spent, "events": len(lives[0][1])}


def _drafts(present: Any) -> dict[str, Any]:
    """One limit a little longer; and every clock, by another working calendar."""
    first = present.clocks[0]
    one = first.model_copy(update={"runs_after_end": not first.runs_after_end})
    calendar = present.calendar.model_copy(update={"clause": ("ESC-0",)})
    return {
        "one limit": present.model_copy(update={"clocks": (one, *present.clocks[1:])}),
        "every limit": present.model_copy(update={"calendar": calendar}),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(replay(sys.argv[1], int(sys.argv[2]))))
