"""A full working case by API, with nothing stored and with many cases stored: does growth slow the work down?"""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import psycopg

from tools.bench.figures import Figure, Size, median
from tools.bench.import_rate import fill
from tools.bench.server import FIRST_PORT, Installation, installation, own_database, postgres_server, web_server

PACK = "escalation"
PROMISED = 0.85
CLIENTS = 2
TOP = ("subject", "description", "demand", "occurred_at")
WHO = "complainant_"


def measure(size: Size) -> Iterator[Figure]:
    """Full cases a second on PostgreSQL with two workers, at 0 and at many stored cases; runs alternate, the median counts."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(postgres_server())
        empty, full = (
            stack.enter_context(installation(PACK, stack.enter_context(own_database(server)))) for _ in range(2)
        )
        fill(full, rows=size.stored_cases)
        _settle(full)
        ports = [
            stack.enter_context(web_server(one, port=FIRST_PORT + place)) for place, one in enumerate((empty, full))
        ]
        for one, port in zip((empty, full), ports, strict=True):
            cases_per_second(one, port, seconds=size.seconds / 4)
        pairs = [
            (
                cases_per_second(empty, ports[0], seconds=size.seconds),
                cases_per_second(full, ports[1], seconds=size.seconds),
            )
            for _ in range(size.runs)
        ]
        limit = commits_per_second(empty.database_url)
    at_zero, at_many = median([a for a, _ in pairs]), median([b for _, b in pairs])
    steps = len(empty.way)
    # Runs alternate because the speed of a shared machine drifts: only runs beside each other can be compared.
    ratio = median([b / a for a, b in pairs])
    best = f"{limit:,.0f} single-row commits a second"
    name = f"full cases a second by API ({steps} requests each), 2 workers"
    yield Figure(f"{name}, 0 stored", f"{at_zero:.2f}", limit=best)
    yield Figure(f"{name}, {size.stored_cases:,} stored", f"{at_many:.2f}", limit=best)
    yield Figure(
        f"throughput at {size.stored_cases:,} stored cases against 0, median of {size.runs} pairs", f"{ratio:.1%}", f"≥ {PROMISED:.0%}",
        "single runs: " + ", ".join(f"{b / a:.0%}" for a, b in pairs), ratio >= PROMISED,
    )  # fmt: skip


def _settle(one: Installation) -> None:
    """What autovacuum would do within a minute of a large import."""
    with psycopg.connect(one.database_url, autocommit=True) as database:
        database.execute("VACUUM ANALYZE")


def commits_per_second(url: str) -> float:
    """Durable transactions of one small row on one connection."""
    with psycopg.connect(url, autocommit=True) as database:
        database.execute("CREATE TABLE bench_limit (id bigserial PRIMARY KEY, text text)")
        begun, count = time.perf_counter(), 0
        while time.perf_counter() - begun < 2:
            database.execute("INSERT INTO bench_limit (text) VALUES ('a small row')")
            count += 1
        spent = time.perf_counter() - begun
        database.execute("DROP TABLE bench_limit")
    return count / spent


def cases_per_second(one: Installation, port: int, *, seconds: float) -> float:
    """Cases that two clients together take through the whole way in a second."""
    done, failures = [0] * CLIENTS, []
    stop_at = time.perf_counter() + seconds

    def work(place: int) -> None:
        client = Client(one, port)
        try:
            while time.perf_counter() < stop_at:
                done[place] += client.whole_case()
        except Exception as failure:  # noqa: BLE001 - shown by the one who waits
            failures.append(failure)

    begun = time.perf_counter()
    threads = [threading.Thread(target=work, args=(place,)) for place in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return sum(done) / (time.perf_counter() - begun)


class Client:
    """One keep-alive connection that acts as everybody the way names."""

    def __init__(self, one: Installation, port: int) -> None:
        self.one = one
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def whole_case(self) -> int:
        """Take one case through the whole way; returns 1."""
        first, *rest = self.one.way
        case = self.post("/api/v1/cases", self.contact(first), by=first["by"])
        for step in rest:
            body = {"version": case["version"], "data": step["data"]}
            case = self.post(f"/api/v1/cases/{case['number']}/actions/{step['verb']}", body, by=step["by"])
        return 1

    def contact(self, step: dict[str, Any]) -> dict[str, Any]:
        data = dict(step["data"])
        who = {name.removeprefix(WHO): data.pop(name) for name in list(data) if name.startswith(WHO)}
        body = {"desk": self.one.desk, "kind": step["kind"], "channel": step["channel"], "complainant": who}
        body |= {name: data.pop(name) for name in TOP if name in data}
        return {**body, "answers": data}

    def post(self, path: str, body: dict[str, Any], *, by: str) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.one.tokens[by]}", "Content-Type": "application/json"}
        self.connection.request("POST", path, json.dumps(body).encode(), headers)
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status not in (200, 201):
            raise RuntimeError(f"{path} answered {answer.status}: {text[:2000].decode()}")
        found: dict[str, Any] = json.loads(text)
        return found
