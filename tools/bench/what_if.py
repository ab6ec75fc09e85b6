"""Trying a draft policy over past cases: played lives copied until there are as many as is promised, replayed by the product from first to last."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Iterator
from datetime import date
from typing import Any

import psycopg

from tools.bench.figures import Figure, Size
from tools.bench.figures_at_size import DAYS, PACK, PROCESSES, ROOM, fill
from tools.bench.server import installation, own_database, postgres_server

LIVES = 60
PROMISED_SECONDS, PROMISED_CASES = 60, 100_000


def measure(size: Size) -> Iterator[Figure]:
    """Seconds for 100,000 cases, on the clock: reading them, replaying them on two processes, and adding up what came of it."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(postgres_server(**ROOM))
        one = stack.enter_context(installation("", stack.enter_context(own_database(server))))
        one.prepare(PACK, DAYS)
        fill(one, LIVES, size.stored_cases, PROCESSES)
        with psycopg.connect(one.database_url, autocommit=True) as database:
            # The server does so in time: the first draft would pay for writing down what filling had left in memory.
            database.execute("CHECKPOINT")
        found = json.loads(one.run("-m", "tools.bench.what_if"))
    for name, seconds in found["seconds"].items():
        promised = seconds * PROMISED_CASES / found["cases"]
        yield Figure(
            f"a draft that changes {name}, {found['cases']:,} cases of {found['events']} events and {found['clocks']} clocks",
            f"{seconds:.0f} s", f"≤ {PROMISED_SECONDS} s", f"{promised:.0f} s for {PROMISED_CASES:,}", promised <= PROMISED_SECONDS,
        )  # fmt: skip


def replay() -> dict[str, Any]:
    """Seconds of drafts that change little and everything, over every case of the desk."""
    import django

    django.setup()
    from django.utils import timezone

    from amends.apps.cases.models import ClockRow
    from amends.apps.ledger.models import Event
    from amends.apps.policies.models import Desk
    from amends.apps.policies.queries import pack_in_force
    from amends.apps.studies.what_if import cases_since, simulate

    desk, now, since = Desk.objects.get(), timezone.now(), date(2000, 1, 1)
    cases, spent = cases_since(desk, since).count(), {}
    for name, draft in _drafts(pack_in_force(desk, now)).items():
        begun = time.perf_counter()
        replayed = simulate(desk, draft, since, now, processes=PROCESSES).sums.cases
        spent[name] = time.perf_counter() - begun
        if replayed != cases:
            raise SystemExit(f"{replayed} of {cases} cases were replayed")
    of_a_case = (Event.objects.filter(chain__case__desk=desk), ClockRow.objects.filter(case__desk=desk))
    events, clocks = (round(rows.count() / cases) for rows in of_a_case)
    return {"cases": cases, "seconds": spent, "events": events, "clocks": clocks}


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
    sys.stdout.write(json.dumps(replay()))
