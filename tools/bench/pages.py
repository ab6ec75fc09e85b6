"""How long queue and case page take at many stored cases, against an empty page, and against a peer where it is installed.

`AMENDS_BENCH_HELPDESK` names the Python of an environment with django-helpdesk, psycopg and gunicorn; without it the peer is left out.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from typing import Any

from tools.bench.figures import Figure, Size, median
from tools.bench.import_rate import fill
from tools.bench.server import FIRST_PORT, ROOT, Installation, installation, own_database, postgres_server, web_server

PACK = "escalation"
OPEN_CASES = 1_000
WARM_UP, ASKED = 30, 200
TIMES_EMPTY = 4.0
FASTER = {"queue": 10.0, "case page": 3.0}
PEER_PORT = FIRST_PORT + 5
SETTINGS = "tools.bench.settings"


def measure(size: Size) -> Iterator[Figure]:
    """Median milliseconds of each page, one request after the other on one connection, pages in turns."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(postgres_server())
        one = stack.enter_context(installation(PACK, stack.enter_context(own_database(server))))
        fill(one, rows=size.stored_cases)
        found = json.loads(one.run("-m", "tools.bench.pages", str(min(OPEN_CASES, size.stored_cases // 10))))
        _settle(one)
        stack.enter_context(web_server(one, port=FIRST_PORT, settings=SETTINGS))
        own = Asker(FIRST_PORT, found["cookie"])
        peer = stack.enter_context(helpdesk(server, size.stored_cases, stack)) if peer_python() else None
        ways = {
            "empty page": [["/bench/empty/"]],
            "queue": [[found["queue"]]],
            "case page": [[p] for p in found["cases"]],
        }
        spent = timed({name: (own, paths) for name, paths in ways.items()} | (peer or {}))
    empty = spent["empty page"]
    yield Figure(f"empty page, signed in, ms (median of {ASKED})", f"{empty:.1f}")
    for page in ("queue", "case page"):
        ratio = spent[page] / empty
        yield Figure(
            f"{page} at {size.stored_cases:,} stored cases, ms; times the empty page", f"{spent[page]:.1f}; {ratio:.1f}",
            f"≤ {TIMES_EMPTY:.0f} times", kept=ratio <= TIMES_EMPTY,
        )  # fmt: skip
        if peer:
            theirs = spent[f"peer's {page}"]
            yield Figure(
                f"{page} of django-helpdesk in the same run, ms; times ours", f"{theirs:.1f}; {theirs / spent[page]:.1f}",
                f"≥ {FASTER[page]:.0f} times", kept=theirs / spent[page] >= FASTER[page],
            )  # fmt: skip


class Asker:
    """One keep-alive connection of somebody signed in."""

    def __init__(self, port: int, cookie: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.cookie = cookie

    def ask(self, paths: Sequence[str]) -> float:
        """Milliseconds for one page, which may take several requests."""
        begun = time.perf_counter()
        for path in paths:
            self.connection.request("GET", path, headers={"Cookie": self.cookie, "Accept-Language": "zh-CN"})
            answer = self.connection.getresponse()
            text = answer.read()
            if answer.status != 200:
                raise RuntimeError(f"{path} answered {answer.status}: {text[:500].decode(errors='replace')}")
        return (time.perf_counter() - begun) * 1000


def timed(
    ways: dict[str, tuple[Asker, list[list[str]]]], *, asked: int = ASKED, warm_up: int = WARM_UP
) -> dict[str, float]:
    """The median of each page; all of them in turns, so that a slow moment of the machine hits them alike."""
    spent: dict[str, list[float]] = {name: [] for name in ways}
    paths = {name: list(islice(cycle(some), warm_up + asked)) for name, (_, some) in ways.items()}
    for place in range(warm_up + asked):
        for name, (asker, _) in ways.items():
            milliseconds = asker.ask(paths[name][place])
            if place >= warm_up:
                spent[name].append(milliseconds)
    return {name: median(values) for name, values in spent.items()}


def _settle(one: Installation) -> None:
    import psycopg

    with psycopg.connect(one.database_url, autocommit=True) as database:
        database.execute("VACUUM ANALYZE")


def peer_python() -> str:
    return os.environ.get("AMENDS_BENCH_HELPDESK", "")


@contextlib.contextmanager
def helpdesk(
    server: str, tickets: int, stack: contextlib.ExitStack
) -> Iterator[dict[str, tuple[Asker, list[list[str]]]]]:
    """django-helpdesk on the same database server with as many tickets, served by as many processes."""
    url = stack.enter_context(own_database(server))
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("AMENDS_", "DJANGO_", "PYTHON"))},
        "BENCH_DATABASE_URL": url,
        "BENCH_SECRET_KEY": secrets.token_urlsafe(64),
        "DJANGO_SETTINGS_MODULE": "tools.bench.helpdesk.settings",
        "PYTHONPATH": str(ROOT),
    }
    open_tickets = str(min(OPEN_CASES, tickets // 10))
    command = [peer_python(), "-m", "tools.bench.helpdesk.fill", str(tickets), open_tickets]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"django-helpdesk could not be filled:\n{done.stderr[-3000:]}")
    found = json.loads(done.stdout)
    serve = [
        peer_python(), "-m", "gunicorn", "tools.bench.helpdesk.wsgi", "--bind", f"127.0.0.1:{PEER_PORT}", "--workers", "2",
        "--threads", "2",
    ]  # fmt: skip
    with subprocess.Popen(serve, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL) as running:
        try:
            asker = Asker(PEER_PORT, found["cookie"])
            _wait_for(asker, found["queue"])
            yield {
                "peer's queue": (asker, [found["queue"]]),
                "peer's case page": (asker, [[path] for path in found["tickets"]]),
            }
        finally:
            running.terminate()


def _wait_for(asker: Asker, paths: Sequence[str]) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            asker.ask(paths)
            return
        except OSError:
            asker.connection.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.3)


def open_cases(count: int) -> dict[str, object]:
    """Register and walk cases so that they stand in different states; returns what a member of the desk asks for."""
    import django

    django.setup()
    from django.utils import timezone

    from amends.apps.cases.models import Case
    from amends.apps.people.models import Person
    from amends.apps.policies.models import Desk
    from amends.apps.policies.queries import pack_in_force
    from amends.jobs import rehearsal
    from tools.bench.queries import who_registers, world_of

    desk = Desk.objects.get()
    world = world_of(desk)
    for place in range(count):
        world.now = timezone.now()
        case, done = world.register(), []
        for _ in range(place % 8):
            if not case.is_open:
                break
            case, verb = rehearsal.one_step(world, case, done)
            done.append(verb)
        if case.state == "investigating":
            _apply_for_escalation(world, case)
    person = Person.objects.get(username=who_registers(desk, pack_in_force(desk, desk.created_at)))
    numbers = Case.objects.filter(taken_over=False).order_by("-registered_at").values_list("number", flat=True)[:200]
    return {
        "cookie": signed_in(person),
        "queue": "/queue/?tab=all",
        "cases": [f"/cases/{number}/" for number in numbers],
    }


def _apply_for_escalation(world: Any, case: Any) -> None:
    """Something open beside a case: every page asks what waits for its reader."""
    from amends.apps.cases.facts import facts_of
    from amends.apps.cases.proceedings.beginning import Beginning, begin_proceeding
    from amends.apps.cases.queries import Viewer

    process = world.pack.proceedings["escalation"]
    (way,) = process.from_state(None)
    caller = Viewer(person=case.handler, now=world.now).caller(world.desk, world.pack)
    data = world.answers(way.form, facts_of(case), {}, owner=caller.id)
    begin_proceeding(
        Beginning(kind="escalation", desk=world.desk, case=case, caller=caller, now=world.later(minutes=1), data=data)
    )


def signed_in(person: Any) -> str:
    """The cookie of a new session of somebody."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.utils import timezone

    from amends.web.middleware.session_age import BEGAN, LAST_USED

    session = SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[-1]
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session[BEGAN] = session[LAST_USED] = timezone.now().isoformat()
    session.create()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "amends.config.settings")
    print(json.dumps(open_cases(int(sys.argv[1]))))
