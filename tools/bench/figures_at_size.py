"""Figures at a million cases: the overview, the monthly report of all departments, and rebuilding what every figure is read from."""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from tools.bench.figures import Figure, Size, median
from tools.bench.many_cases import SAMPLE
from tools.bench.pages import SETTINGS, Asker, timed
from tools.bench.server import (
    FIRST_PORT,
    ROOT,
    Installation,
    create_database,
    installation,
    own_database,
    postgres_server,
    url_of,
    web_server,
)

PACK = "escalation"
PROCESSES = 2
DAYS = 800
"""So long ago the desk was opened: before the earliest of the copies."""
MINUTES_TO_FILL, REPORT_SECONDS, REBUILT = 20, 10.0, 3_000
ROOM = {"shared_buffers": "2GB", "max_wal_size": "16GB", "maintenance_work_mem": "512MB"}
"""What an operator gives a server that holds so many cases."""
OVERVIEW_MS, OVERVIEW_TIMES = 300.0, 1.5
ASKED, WARM_UP = 40, 8
PROGRAM = "tools.bench.figures_at_size"
FILLED_BY = (
    "tools/bench/many_cases.py", "tools/bench/set_aside.py", "tools/bench/queries.py", "amends/jobs/rehearsal.py", "amends/jobs/samples.py",
)  # fmt: skip


def measure(size: Size) -> Iterator[Figure]:
    """All of it on PostgreSQL at full size, and the overview on SQLite at a tenth of it."""
    with postgres_server(**ROOM) as server:
        template, filled = template_of(server, size)
        if filled:
            minutes = filled.seconds / 60
            yield Figure(
                f"{size.copied_cases:,} cases from {size.lives:,} played lives, filled, minutes", f"{minutes:.1f}",
                f"≤ {MINUTES_TO_FILL}", f"{filled.playing / 60:.1f} playing, {filled.copying / 60:.1f} copying, {filled.rebuilding / 60:.1f} figures",
                minutes <= MINUTES_TO_FILL,
            )  # fmt: skip
        with own_database(server, template) as url, installation("", url) as one:
            yield from _at_size(one, size, filled)
    with installation(PACK, days=DAYS) as embedded:
        fill(embedded, size.lives // 5, size.embedded_cases, 1)
        yield from _overview(embedded, f"SQLite, {size.embedded_cases:,} cases")


def _at_size(one: Installation, size: Size, filled: Filled | None) -> Iterator[Figure]:
    chains = json.loads(one.run("-m", "tools.bench.many_cases", "verify", str(SAMPLE)))
    yield Figure(
        "chains of a sample that hold, worked out anew with their texts", f"{chains['whole']:,} of {chains['asked']:,}", "all",
        kept=chains["whole"] == chains["asked"] > 0,
    )  # fmt: skip
    yield from _overview(one, f"PostgreSQL, {size.copied_cases:,} cases")
    spent = json.loads(one.run("-m", PROGRAM, "report"))
    yield Figure(
        "monthly report of all departments, seconds",
        f"{spent:.1f}",
        f"≤ {REPORT_SECONDS:.0f}",
        kept=spent <= REPORT_SECONDS,
    )
    seconds = filled.rebuilding if filled else _rebuilt(one)
    rate = size.copied_cases / seconds
    yield Figure(
        f"fact tables rebuilt from nothing with {PROCESSES} processes, cases a second", f"{rate:,.0f}", f"≥ {REBUILT:,}", kept=rate >= REBUILT
    )  # fmt: skip


def _overview(one: Installation, where: str) -> Iterator[Figure]:
    found = json.loads(one.run("-m", PROGRAM, "ready"))
    with web_server(one, port=FIRST_PORT, settings=SETTINGS):
        asker = Asker(FIRST_PORT, found["cookie"])
        ways = {"overview": (asker, [[found["overview"]]]), "empty page": (asker, [["/bench/empty/"]])}
        spent = timed(ways, asked=ASKED, warm_up=WARM_UP)
    bare = spent["empty page"] + found["sql"]
    page, ratio = spent["overview"], spent["overview"] / bare
    said = f"{found['sql']:.1f} ms its bare SQL ({found['questions']} questions) and {spent['empty page']:.1f} ms an empty page"
    yield Figure(
        f"overview of {found['days']} days, {where}, ms",
        f"{page:.1f}",
        f"≤ {OVERVIEW_MS:.0f}",
        said,
        page <= OVERVIEW_MS,
    )
    if one.database_url:
        yield Figure(
            "the same, times its bare SQL and an empty page",
            f"{ratio:.2f}",
            f"≤ {OVERVIEW_TIMES}",
            kept=ratio <= OVERVIEW_TIMES,
        )


# Filling


@dataclass(frozen=True, slots=True)
class Filled:
    """Seconds that filling took, in all and by part."""

    seconds: float
    playing: float
    copying: float
    rebuilding: float


def template_of(server: str, size: Size) -> tuple[str, Filled | None]:
    """The name of the database that holds the cases, and how it was filled; None where the server had it from an earlier run.

    It stays on the server that AMENDS_BENCH_POSTGRES_URL names, as a template for further runs; drop it by hand.
    """
    name = f"amends_bench_{size.copied_cases}_of_{size.lives}_{_schema()}"
    with psycopg.connect(server, autocommit=True) as admin:
        if admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            return name, None
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(f"{name}_unfinished")))
    create_database(server, f"{name}_unfinished")
    with installation("", url_of(server, f"{name}_unfinished")) as one:
        one.prepare(PACK, DAYS)
        filled = fill(one, size.lives, size.copied_cases, PROCESSES)
    with psycopg.connect(server, autocommit=True) as admin:
        words = "ALTER DATABASE {} RENAME TO {}"
        admin.execute(sql.SQL(words).format(sql.Identifier(f"{name}_unfinished"), sql.Identifier(name)))
    return name, filled


def _schema() -> str:
    """What the tables depend on: the migrations, and how cases are played and copied."""
    found = hashlib.sha256()
    for file in (*(ROOT / one for one in FILLED_BY), *sorted(Path(ROOT / "amends").glob("apps/*/migrations/*.py"))):
        found.update(file.read_bytes())
    return found.hexdigest()[:8]


def fill(one: Installation, lives: int, cases: int, processes: int) -> Filled:
    """Play so many lives, copy them until there are so many cases, and work out the figures."""
    begun = time.perf_counter()
    with ThreadPoolExecutor(processes) as several:
        program = ("-m", "tools.bench.many_cases", "play", str(lives))
        list(several.map(lambda place: one.run(*program, str(place), str(processes)), range(processes)))
    played = time.perf_counter()
    one.run("-m", "tools.bench.many_cases", "copy", str(cases), str(processes))
    _settle(one)
    copied = time.perf_counter()
    one.run("manage.py", "rebuild_figures", "--json", "--processes", str(processes))
    rebuilt = time.perf_counter()
    _settle(one)
    return Filled(time.perf_counter() - begun, played - begun, copied - played, rebuilt - copied)


def _settle(one: Installation) -> None:
    """What autovacuum would do in time, the largest tables first and two at a time."""
    if not one.database_url:
        one.run("-m", PROGRAM, "analyze")
        return
    with psycopg.connect(one.database_url) as database:
        tables = [name for (name,) in database.execute(OWN_TABLES)]
    with ThreadPoolExecutor(PROCESSES) as several:
        list(several.map(partial(_vacuum, one.database_url), tables))


OWN_TABLES = """
SELECT oid::regclass::text FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY pg_table_size(oid) DESC
"""


def _vacuum(database_url: str, table: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as database:
        database.execute(sql.SQL("VACUUM ANALYZE {}").format(sql.SQL(table)))  # type: ignore[arg-type] - as the database quotes it


def _rebuilt(one: Installation) -> float:
    with psycopg.connect(one.database_url, autocommit=True) as database:
        database.execute("TRUNCATE reporting_casefact, reporting_stepfact, reporting_dayfact")
    begun = time.perf_counter()
    one.run("manage.py", "rebuild_figures", "--json", "--processes", str(PROCESSES))
    return time.perf_counter() - begun


# In the installation


def ready() -> dict[str, Any]:
    """Who may see the overview, signed in; the address of it; and milliseconds of its bare SQL, the sum of the medians of its questions."""
    from django.db import connection
    from django.utils import timezone

    from amends.apps.cases.queries import Viewer
    from amends.apps.people.models import Membership
    from amends.apps.reporting.overview import desks_overseen, overview
    from amends.doors.overview import names_in, wanted_in
    from tools.bench.pages import signed_in

    now = timezone.now()
    viewers = (Viewer(person=one.person, now=now) for one in Membership.objects.select_related("person").order_by("pk"))
    viewer = next(one for one in viewers if desks_overseen(one))
    ((desk, pack),) = desks_overseen(viewer).items()
    last = (now.replace(day=1) - timedelta(days=1)).date()
    query = {"desk": desk.code, "from": last.replace(day=1).isoformat(), "to": last.isoformat()}
    wanted = wanted_in(query, desk=desk, pack=pack, viewer=viewer)
    asked: list[tuple[str, Any]] = []

    def note(execute: Any, words: str, values: Any, many: bool, context: Any) -> Any:
        asked.append((words, values))
        return execute(words, values, many, context)

    names_in(overview(viewer, wanted))
    with connection.execute_wrapper(note):
        names_in(overview(viewer, wanted))
    # In turns, as a page asks them: asked fifteen times in a row, a question finds everything where it left it.
    rounds = [[_milliseconds(*question) for question in asked] for _ in range(15)]
    spent = [median(list(times)) for times in zip(*rounds, strict=True)]
    address = "/overview/?" + "&".join(f"{name}={value}" for name, value in query.items())
    return {
        "cookie": signed_in(viewer.person),
        "overview": address,
        "sql": sum(spent),
        "questions": len(spent),
        "days": wanted.period.days,
    }


def _milliseconds(words: str, values: Any) -> float:
    from django.db import connection

    with connection.cursor() as cursor:
        begun = time.perf_counter()
        cursor.execute(words, values)
        cursor.fetchall()
        return (time.perf_counter() - begun) * 1000


def report() -> float:
    """Seconds to write the documents of the last month, with their figures."""
    from django.utils import timezone

    from amends.apps.policies.models import Desk
    from amends.apps.policies.queries import pack_in_force
    from amends.apps.reporting.writing import begin_document
    from amends.core.documents import period_before

    desk, now = Desk.objects.get(), timezone.now()
    monthly = [one for one in pack_in_force(desk, now).reports.documents.values() if one.period == "month"]
    begun = time.perf_counter()
    for document in monthly:
        period = period_before(document.period, now.date())
        assert period is not None  # noqa: S101 - every month has one before it
        begin_document(desk, document, period, now=now)
    return time.perf_counter() - begun


def analyze() -> None:
    from django.db import connection

    with contextlib.closing(connection.cursor()) as cursor:
        cursor.execute("ANALYZE")


def main() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "amends.config.settings")
    django.setup()
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["ready", "report", "analyze"])
    asked = parser.parse_args()
    print(json.dumps({"ready": ready, "report": report, "analyze": analyze}[asked.what]()))


if __name__ == "__main__":
    main()
