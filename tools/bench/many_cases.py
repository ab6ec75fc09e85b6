"""Many cases with true chains: real lives, played verb by verb as people would, and copies of them at other times.

A copy has an id, a number, a complainant and a chain of its own: every event is sealed anew with the key of its chain and the hash before it. Times are moved
by whole weeks, so that days of the week stay what they were. Search words, messages and invitations are not copied. As a program it works on the database that
the environment names.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

DAYS_PLAYED = 30
WEEKS_BACK = 103
OPEN_OF_LIVES, OPEN_OF_CASES = 0.1, 0.02
CASES_A_COMPLAINANT = 3
AT_ONCE = 500
SAMPLE = 2_000
MOVED = re.compile(r'(?<=")\d{4}-\d\d-\d\d(?=["T])|(?<="complainant":)\d+')
"""What differs between the payload of an event and that of its copy: days, and who complained."""


# Playing


def play(lives: int, place: int, of: int) -> None:
    """Play every `of`-th of so many lives from `place` on, within the last weeks; one in ten stays open."""
    from django.utils import timezone

    from amends.apps.policies.models import Desk
    from amends.jobs.rehearsal import NotPossible, one_step
    from tools.bench.queries import world_of

    world, present = world_of(Desk.objects.get()), timezone.now()
    world.sparing = True
    scheme = world.pack.categories.schemes[0]
    for number in range(place, lives, of):
        chance = random.Random(number)  # noqa: S311 - the same lives in every run, nothing secret
        stays_open = number < lives * OPEN_OF_LIVES
        days = chance.uniform(0.2, 9) if stays_open else chance.uniform(DAYS_PLAYED - 7, DAYS_PLAYED)
        world.now = present - timedelta(days=days)
        case = world.register(
            channel=chance.choice(list(world.pack.channels.channels)), complainant_phone=f"139{12_345_678 + number}",
            complainant_name=f"客户{number}", **{scheme.id: chance.choice(scheme.values).id},
        )  # fmt: skip
        done: list[str] = []
        steps = chance.randrange(9) if stays_open else 40
        while case.state_category != "archived" and len(done) < steps:
            wait = timedelta(hours=min(chance.expovariate(1 / 6), 36))
            world.now += min(wait, max((present - world.now) / 3, timedelta(0)))
            try:
                case, verb = one_step(world, case, done)
            except NotPossible:
                # Whatever the first choice of every form leads to: a case that waits for somebody stays open.
                break
            done.append(verb)


# Copying


@dataclass(slots=True)
class Life:
    """A case that was played, as it is copied: its row, its clocks, and its events with their payloads cut at what differs."""

    chain: int
    row: dict[str, Any]
    facts: Cut
    clocks: list[dict[str, Any]]
    events: list[tuple[int, str, datetime, datetime, str, Cut]]


class Cut:
    """A text cut at its days and complainants, to be put together again with others."""

    def __init__(self, text: str) -> None:
        self.between, self.moved = MOVED.split(text), MOVED.findall(text)

    def with_(self, days: dict[str, str], complainant: str) -> str:
        if not self.moved:
            return self.between[0]
        found = [self.between[0]]
        for said, behind in zip(self.moved, self.between[1:], strict=True):
            found += (days[said] if "-" in said else complainant, behind)
        return "".join(found)


class Days(dict[str, str]):
    """Days as texts, moved by some weeks; worked out once each."""

    def __init__(self, weeks: int) -> None:
        self.span = timedelta(weeks=weeks)

    def __missing__(self, day: str) -> str:
        self[day] = (date.fromisoformat(day) - self.span).isoformat()
        return self[day]


def read_lives() -> tuple[list[Life], list[Life]]:
    """The cases that were played: those that ended, and those that are open."""
    from amends.apps.cases.models import Case, ClockRow
    from amends.apps.ledger.models import Event

    lives = {
        row["chain_id"]: Life(row["chain_id"], row, Cut(row["facts"]), [], [])
        for row in Case.objects.filter(taken_over=False).order_by("pk").values()
    }
    of_case = {life.row["id"]: life for life in lives.values()}
    columns = [field.attname for field in ClockRow._meta.concrete_fields if field.attname != "id"]
    for clock in ClockRow.objects.filter(case__in=list(of_case)).order_by("pk").values(*columns):
        of_case[clock["case_id"]].clocks.append(clock)
    events = Event.objects.filter(chain__in=list(lives)).order_by("chain", "seq")
    for chain, seq, kind, at, recorded_at, actor, payload in events.values_list(
        "chain_id", "seq", "kind", "at", "recorded_at", "actor", "payload"
    ):
        lives[chain].events.append((seq, kind, at, recorded_at, actor, Cut(payload)))
    ended = [life for life in lives.values() if life.row["closed_at"]]
    return ended, [life for life in lives.values() if not life.row["closed_at"]]


def copy_lives(cases: int, processes: int) -> None:
    """Copy lives until there are so many cases; each process a part of them."""
    from django.db import connection, connections
    from django.utils import timezone

    from amends.apps.cases.models import Case
    from amends.apps.ledger.models import Chain
    from amends.apps.people.models import Complainant

    wanted = cases - Case.objects.count()
    now, first = timezone.now(), Chain.objects.latest("pk").pk + 1
    people = Complainant.objects.bulk_create(
        (Complainant(name=f"客户{n}", created_at=now) for n in range(wanted // CASES_A_COMPLAINANT + 1)),
        batch_size=2000,
    )
    bounds = [wanted * place // processes for place in range(processes + 1)]
    given = [(first, *part, people[0].pk, len(people)) for part in zip(bounds, bounds[1:], strict=False)]
    if processes == 1:
        _copy_part(*given[0])
    else:
        connections.close_all()
        with multiprocessing.get_context("fork").Pool(processes) as pool:
            pool.starmap(_copy_part, given)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT setval(pg_get_serial_sequence('ledger_chain', 'id'), (SELECT max(id) FROM ledger_chain))"
            )


def _copy_part(first: int, begin: int, end: int, person: int, people: int) -> None:
    from django.db import connection, transaction

    from amends.apps.ledger.bulk import without_collecting

    ended, still_open = read_lives()
    for start in range(begin, end, AT_ONCE):
        with without_collecting(), transaction.atomic():
            numbers = range(start, min(start + AT_ONCE, end))
            copies = [_copy(first + n, n, ended, still_open, person, people) for n in numbers]
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    # Every row names rows that are there: asking the database again for each costs more than writing it.
                    cursor.execute("SET LOCAL session_replication_role = replica; SET LOCAL synchronous_commit = off")
            _store(copies)


@dataclass(slots=True)
class Copied:
    """The rows of one copy, and the chain whose texts it takes over."""

    source: int
    chain: tuple[Any, ...]
    events: list[tuple[Any, ...]]
    row: dict[str, Any]
    clocks: list[dict[str, Any]]


def _copy(chain: int, number: int, ended: list[Life], still_open: list[Life], person: int, people: int) -> Copied:
    from amends.core.canonical import utc_text
    from amends.core.chain import GENESIS, event_hash

    chance = random.Random(number)  # noqa: S311 - the same copies in every run, nothing secret
    is_open = bool(still_open) and chance.random() < OPEN_OF_CASES
    life = chance.choice(still_open if is_open else ended)
    weeks = 0 if is_open else chance.randrange(WEEKS_BACK + 1)
    span, days = timedelta(weeks=weeks), _days(weeks)
    key, complainant = UUID(int=chance.getrandbits(128), version=4), person + chance.randrange(people)
    name, before, events = f"case:{key}", GENESIS, []
    for seq, kind, at, recorded_at, actor, cut in life.events:
        payload, at, recorded_at = cut.with_(days, str(complainant)), at - span, recorded_at - span
        sealed = event_hash(name, seq, before, kind, utc_text(at), utc_text(recorded_at), actor, payload)
        events.append((chain, seq, kind, at, recorded_at, actor, payload, before, sealed))
        before = sealed
    row = {
        **_moved(life.row, span),
        "id": key,
        "chain_id": chain,
        "number": f"M{number:09}",
        "complainant_id": complainant,
    }
    row["facts"] = life.facts.with_(days, str(complainant))
    clocks = [{**_moved(clock, span), "case_id": key} for clock in life.clocks]
    return Copied(life.chain, (chain, "case", name, len(events), before, 0, 0), events, row, clocks)


_weeks: dict[int, Days] = {}


def _days(weeks: int) -> Days:
    if weeks not in _weeks:
        _weeks[weeks] = Days(weeks)
    return _weeks[weeks]


def _moved(row: dict[str, Any], span: timedelta) -> dict[str, Any]:
    return {
        name: value - span if isinstance(value, date) and value.year < 9999 else value for name, value in row.items()
    }


def _store(copies: list[Copied]) -> None:
    from django.db import connection

    from amends.apps.ledger.actions import EVENT_COLUMNS
    from amends.apps.ledger.bulk import insert_rows

    insert_rows(
        "ledger_chain", ("id", "kind", "key", "head_seq", "head_hash", "listed_seq", "listed_in"), [one.chain for one in copies]
    )  # fmt: skip
    insert_rows("ledger_event", EVENT_COLUMNS, [event for one in copies for event in one.events])
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO ledger_detail (chain_id, seq, field, salt, text) SELECT %s, seq, field, salt, text FROM ledger_detail WHERE chain_id = %s",
            [(one.chain[0], one.source) for one in copies],
        )
    for table, rows in (
        ("cases_case", [one.row for one in copies]),
        ("cases_clockrow", [c for one in copies for c in one.clocks]),
    ):
        if rows:
            insert_rows(table, tuple(rows[0]), [tuple(row.values()) for row in rows])


# Verifying


def verify(sample: int) -> dict[str, int]:
    """Work out anew the chains, and the digests of their texts, of so many cases chosen by chance; how many were asked and how many hold."""
    from amends.apps.ledger.models import Chain, Detail, Event
    from amends.core.canonical import digest, utc_text
    from amends.core.chain import Head, Link, is_whole

    last, chance = Chain.objects.latest("pk").pk, random.Random(0)  # noqa: S311 - a sample, nothing secret
    chains = list(Chain.objects.filter(pk__in=chance.sample(range(1, last + 1), min(sample, last)), kind="case"))
    holds = 0
    for chain in chains:
        events = list(Event.objects.filter(chain=chain).order_by("seq"))
        links = [
            Link(e.seq, e.prev_hash, e.kind, utc_text(e.at), utc_text(e.recorded_at), e.actor, e.payload, e.hash)
            for e in events
        ]
        texts = {(d.seq, d.field): digest(d.text, d.salt) for d in Detail.objects.filter(chain=chain)}
        said = {
            (e.seq, k): v["digest"] for e in events for k, v in e.data.items() if isinstance(v, dict) and "digest" in v
        }
        holds += is_whole(chain.key, links, Head(chain.head_seq, chain.head_hash)) and texts == said
    return {"asked": len(chains), "whole": holds}


def main() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "amends.config.settings")
    django.setup()
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["play", "copy", "verify"])
    parser.add_argument("numbers", nargs="+", type=int)
    asked = parser.parse_args()
    found = {"play": play, "copy": copy_lives, "verify": verify}[asked.what](*asked.numbers)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
