"""How fast old cases are taken over, with full events and chain."""

from __future__ import annotations

import contextlib
import csv
import json
import resource
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import psycopg

from tools.bench.figures import Figure, Size
from tools.bench.server import Installation, installation, own_database, postgres_server

PACK = "express"
PROMISED = 1_000
LARGEST = 2
START_ROWS = 50
MAPPING = """
source: bench
desk: {desk}
by: {by}
zone: Asia/Shanghai
kind: complaint
channel: {channel}
state: archived
number: no
opened_at: opened
closed_at: closed
fields: {{subject: what, description: text, complainant_phone: phone, complainant_name: who}}
"""
DESKS = {
    "express": ("express.administrator", "telephone"),
    "escalation": ("escalation.customer_service.cs_supervisor", "hotline"),
}
TEXT = "收件人反映快件在中转站停留三天未更新，客服承诺当日回电但没有回电，要求说明原因并尽快派送。"


def measure(size: Size) -> Iterator[Figure]:
    """Cases a second into an empty database: each has one event, its texts, a complainant, search words and a chain."""
    with installation(PACK) as embedded:
        yield from _figures(embedded, "SQLite", size.imported_rows)
    with postgres_server() as server, own_database(server) as url, installation(PACK, url) as larger:
        yield from _figures(larger, "PostgreSQL", size.imported_rows)


def _figures(one: Installation, database: str, rows: int) -> Iterator[Figure]:
    limit = f"{copied_per_second(one.database_url):,.0f} bare rows a second copied; " if one.database_url else ""
    for processes in (1, 2):
        _wall, start = fill(one, rows=START_ROWS, processes=processes, begin=(processes + 10) * rows)
        wall, busy = fill(one, rows=rows, processes=processes, begin=processes * rows)
        each = (busy - start) / (rows - START_ROWS)
        yield Figure(
            f"imported cases a second, {database}, {processes} process{'es' if processes > 1 else ''}",
            f"{rows / wall:,.0f}",
            f"≥ {PROMISED:,}" if processes == LARGEST else "",
            f"{limit}{each * 1000:.2f} ms of processor time a case after the start; got {busy / wall:.2f} cores",
            rows / wall >= PROMISED if processes == LARGEST else None,
        )


def fill(one: Installation, *, rows: int, processes: int = 2, begin: int = 0) -> tuple[float, float]:
    """Import made-up old cases; returns seconds and seconds of processor time."""
    desk = one.desk
    by, channel = DESKS[desk]
    mapping, table = one.var / "bench.yaml", one.var / "bench.csv"
    mapping.write_text(MAPPING.format(desk=desk, by=by, channel=channel), encoding="utf-8")
    write_table(table, rows=rows, begin=begin)
    before, begun = _children(), time.perf_counter()
    printed = one.run(
        "manage.py", "import_cases", str(table), "--mapping", str(mapping), "--json", "--processes", str(processes)
    )
    spent = time.perf_counter() - begun
    summary = json.loads(printed)
    if summary["taken_over"] != rows:
        raise SystemExit(f"the import took over {summary['taken_over']} of {rows} rows")
    return spent, _children() - before


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def write_table(path: Path, *, rows: int, begin: int) -> None:
    """Rows like those of a courier's old system; a complainant comes back three times on average."""
    first = datetime(2022, 1, 3, 9, 0)  # noqa: DTZ001 - a table of an old system has local times
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["no", "opened", "closed", "what", "text", "phone", "who"])
        for number in range(begin, begin + rows):
            opened = first + timedelta(minutes=13 * (number % 100_000))
            person = number % (rows // 3 + 1)
            closed = opened + timedelta(hours=50)
            what = f"第 {number} 号快件迟到"
            out.writerow(
                [f"B{number:08}", opened, closed, what, f"{what}。{TEXT}", f"139{98_765_432 - person}", f"客户{person}"]
            )


def copied_per_second(url: str) -> float:
    """Bare rows of a case's length copied into a table with one index: what the database does at best."""
    count, row = 20_000, ("x" * 60, "文" * 400)
    with contextlib.closing(psycopg.connect(url)) as database, database.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_copy (id bigserial PRIMARY KEY, key text, text text)")
        begun = time.perf_counter()
        with cursor.copy("COPY bench_copy (key, text) FROM STDIN") as copy:
            for _ in range(count):
                copy.write_row(row)
        database.commit()
        spent = time.perf_counter() - begun
        cursor.execute("DROP TABLE bench_copy")
        database.commit()
    return count / spent
