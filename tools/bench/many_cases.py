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
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from amends.jobs.rehearsal import DeskWorld

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
    from amends.apps.reporting.keeping import figures_at_the_end
    from tools.bench.queries import world_of

    _wait_for_no_disk()
    world, present = world_of(Desk.objects.get()), timezone.now()
    world.sparing = True
    # Nobody reads figures meanwhile: they are worked out once for all lives.
    with figures_at_the_end():
        for number in range(place, lives, of):
            _play(world, number, present, stays_open=number < lives * OPEN_OF_LIVES)


def _play(world: DeskWorld, number: int, present: datetime, *, stays_open: bool) -> None:
    from amends.jobs.rehearsal import NotPossible, one_step

    chance = random.Random(number)  # noqa: S311 - the same lives in every run, nothing secret
    scheme = world.pack.categories.schemes[0]
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


def _wait_for_no_disk() -> None:
    """What is lost with the server's machine is filled again: no step of it waits until it is on the disk."""
    from django.db import connection

    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET synchronous_commit = off")


# Copying


@dataclass(slots=True)
class Life:
    """A case that was played, as it is copied: which it is, and its facts and events cut at what differs."""

    chain: int
    case: UUID
    facts: Cut
    events: list[tuple[int, str, str, str, str, Cut]]


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

    def moment(self, text: str) -> str:
        """A moment as text on its day moved."""
        return self[text[:10]] + text[10:]


@dataclass(slots=True)
class Lives:
    """The cases that were played: those that ended, and those that are open."""

    ended: list[Life]
    still_open: list[Life]


def read_lives() -> Lives:
    from amends.apps.cases.models import Case
    from amends.apps.ledger.models import Event
    from amends.core.canonical import utc_text

    lives, of_chain = Lives([], []), {}
    for case in Case.objects.filter(taken_over=False).order_by("pk"):
        life = of_chain[case.chain_id] = Life(case.chain_id, case.pk, Cut(case.facts), [])
        (lives.ended if case.closed_at else lives.still_open).append(life)
    for event in Event.objects.filter(chain__in=list(of_chain)).order_by("chain", "seq"):
        at, recorded_at = utc_text(event.at), utc_text(event.recorded_at)
        of_chain[event.chain_id].events.append(
            (event.seq, event.kind, at, recorded_at, event.actor, Cut(event.payload))
        )
    return lives


def copy_lives(cases: int, processes: int) -> None:
    """Copy lives until there are so many cases; each process a part of them."""
    from django.db import connections

    from amends.apps.cases.models import Case
    from amends.apps.ledger.models import Chain
    from tools.bench.set_aside import indexes_set_aside

    wanted, first, lives = cases - Case.objects.count(), Chain.objects.latest("pk").pk + 1, read_lives()
    if len(lives.ended) <= len(lives.still_open):
        raise SystemExit(
            f"only {len(lives.ended)} lives ended, {len(lives.still_open)} wait: a million would be copies of a few"
        )
    with indexes_set_aside(COPIED_TO, processes=processes):
        people = _complainants(wanted // CASES_A_COMPLAINANT + 1)
        bounds = [wanted * place // processes for place in range(processes + 1)]
        parts = [range(*part) for part in zip(bounds, bounds[1:], strict=False)]
        if processes == 1:
            _copy_part(lives, people, first, parts[0])
        else:
            connections.close_all()
            _at_once([(lives, people, first, part) for part in parts])
    _go_on_counting("ledger_chain")


COPIED_TO = ("cases_clockrow", "cases_case", "ledger_chain", "people_complainant")


def _at_once(parts: list[tuple[Any, ...]]) -> None:
    several = [multiprocessing.get_context("fork").Process(target=_copy_part, args=part) for part in parts]
    for one in several:
        one.start()
    for one in several:
        one.join()
    if any(one.exitcode for one in several):
        raise SystemExit("a part was not copied")


def _complainants(count: int) -> range:
    """The keys of so many new complainants."""
    from django.utils import timezone

    from amends.apps.ledger.bulk import insert_rows
    from amends.apps.people.models import Complainant

    last, now = Complainant.objects.latest("pk").pk, timezone.now()
    keys = range(last + 1, last + 1 + count)
    insert_rows(
        "people_complainant",
        ("id", "name", "kind", "created_at"),
        [(key, f"客户{key}", "customer", now) for key in keys],
    )
    _go_on_counting("people_complainant")
    return keys


def _go_on_counting(table: str) -> None:
    """Keys were given to rows: the database goes on behind them."""
    from django.db import connection

    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")  # noqa: S608


def _copy_part(lives: Lives, people: range, first: int, numbers: range) -> None:
    from django.db import connection, transaction

    from amends.apps.ledger.bulk import without_collecting

    _wait_for_no_disk()
    with _copying_within(first) as within, without_collecting():
        for start in range(numbers.start, numbers.stop, AT_ONCE):
            chance = random.Random(start)  # noqa: S311 - the same copies in every run, nothing secret
            some = range(start, min(start + AT_ONCE, numbers.stop))
            copies = [_copy(first + number, number, lives, people, chance) for number in some]
            with transaction.atomic():
                if connection.vendor == "postgresql":
                    with connection.cursor() as cursor:
                        # Every row names rows that are there: asking the database again for each costs more than writing it.
                        cursor.execute("SET LOCAL session_replication_role = replica")
                _store(copies, within)


@dataclass(slots=True)
class Copied:
    """What a copy has of its own: its chain with its events, and a row for what the database copies by itself."""

    chain: tuple[Any, ...]
    events: list[tuple[Any, ...]]
    row: tuple[Any, ...]


def _copy(chain: int, number: int, lives: Lives, people: range, chance: random.Random) -> Copied:
    from amends.core.chain import GENESIS, event_hash

    is_open = bool(lives.still_open) and chance.random() < OPEN_OF_CASES
    life = chance.choice(lives.still_open if is_open else lives.ended)
    days = DAYS[0 if is_open else chance.randrange(WEEKS_BACK + 1)]
    key, complainant = UUID(int=chance.getrandbits(128), version=4), chance.choice(people)
    name, who, before, events = f"case:{key}", str(complainant), GENESIS, []
    for seq, kind, at, recorded_at, actor, cut in life.events:
        payload, at, recorded_at = cut.with_(days, who), days.moment(at), days.moment(recorded_at)
        sealed = event_hash(name, seq, before, kind, at, recorded_at, actor, payload)
        events.append((chain, seq, kind, at, recorded_at, actor, payload, before, sealed))
        before = sealed
    return Copied(
        (chain, "case", name, len(events), before, 0, 0), events,
        (chain, key, f"M{number:09}", complainant, life.facts.with_(days, who), days.span.days, life.chain, life.case),
    )  # fmt: skip


DAYS = [Days(weeks) for weeks in range(WEEKS_BACK + 1)]


def _store(copies: list[Copied], within: list[str]) -> None:
    from django.db import connection

    from amends.apps.ledger.actions import EVENT_COLUMNS
    from amends.apps.ledger.bulk import insert_rows

    events = [event for one in copies for event in one.events]
    if connection.vendor != "postgresql":
        events = [(*event[:3], *map(datetime.fromisoformat, event[3:5]), *event[5:]) for event in events]
    insert_rows("ledger_chain", CHAIN_COLUMNS, [one.chain for one in copies])
    insert_rows("ledger_event", EVENT_COLUMNS, events)
    insert_rows("copied", COPIED_COLUMNS, [one.row for one in copies])
    with connection.cursor() as cursor:
        for statement in within:
            cursor.execute(statement)


CHAIN_COLUMNS = ("id", "kind", "key", "head_seq", "head_hash", "listed_seq", "listed_in")
COPIED_COLUMNS = ("chain", "case_key", "number", "complainant", "facts", "days", "life_chain", "life_case")


OF_LIVES = "SELECT id FROM cases_case WHERE chain_id < %s AND NOT taken_over"
LAID_ASIDE = {
    "cases_case": f"id IN ({OF_LIVES})",
    "cases_clockrow": f"case_id IN ({OF_LIVES})",
    "ledger_detail": "chain_id < %s",
}


@contextmanager
def _copying_within(first: int) -> Iterator[list[str]]:
    """The statements with which the database copies texts, cases and clocks of lives by itself.

    Within, the rows of all lives, whose chains came before the first copy, are laid aside, beside a table `copied` of what each copy has of its own.
    """
    from django.db import connection

    from amends.apps.cases.models import Case, ClockRow
    from amends.apps.ledger.models import Detail

    of_case = {
        "id": "case_key",
        "chain_id": "chain",
        "number": "number",
        "complainant_id": "complainant",
        "facts": "facts",
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE copied AS SELECT chain_id AS chain, id AS case_key, number, complainant_id AS complainant,"
            " facts, version AS days, chain_id AS life_chain, id AS life_case FROM cases_case WHERE 1 = 0"
        )
        for table, condition in LAID_ASIDE.items():
            cursor.execute(f"CREATE TEMPORARY TABLE life_{table} AS SELECT * FROM {table} WHERE {condition}", [first])  # noqa: S608
            cursor.execute(f"CREATE INDEX life_{table}_key ON life_{table} ({condition.split()[0]})")
            cursor.execute(f"ANALYZE life_{table}")
        yield [
            _copying(Case, "life.id = copied.life_case", of_case),
            _copying(ClockRow, "life.case_id = copied.life_case", {"case_id": "case_key"}),
            _copying(Detail, "life.chain_id = copied.life_chain", {"chain_id": "chain"}),
            "TRUNCATE copied" if connection.vendor == "postgresql" else "DELETE FROM copied",
        ]
        for table in ("copied", *(f"life_{table}" for table in LAID_ASIDE)):
            cursor.execute(f"DROP TABLE {table}")


def _copying(model: Any, condition: str, own: dict[str, str]) -> str:
    """The statement that copies rows of a life for every row of `copied`: its own columns from there, its times moved by weeks."""
    from django.db.models import AutoField, DateField

    table, columns = model._meta.db_table, {}
    for field in model._meta.concrete_fields:
        if field.column in own:
            columns[field.column] = f"copied.{own[field.column]}"
        elif not isinstance(field, AutoField):
            columns[field.column] = (_moved if isinstance(field, DateField) else "life.{}".format)(field.column)
    names, values = ", ".join(f'"{name}"' for name in columns), ", ".join(columns.values())
    return f"INSERT INTO {table} ({names}) SELECT {values} FROM copied JOIN life_{table} life ON {condition}"  # noqa: S608


def _moved(column: str) -> str:
    """A day or moment some days earlier; what never comes stays."""
    from django.db import connection

    if connection.vendor == "postgresql":
        earlier = f"life.{column} - copied.days * interval '1 day'"
    else:
        earlier = f"date(substr(life.{column}, 1, 10), '-' || copied.days || ' days') || substr(life.{column}, 11)"
    return f"CASE WHEN life.{column} < '9999-01-01' THEN {earlier} ELSE life.{column} END"


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
