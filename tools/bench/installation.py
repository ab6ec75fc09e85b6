"""An installation to measure: `python -m tools.bench.installation` prepares the database that the environment names.

Prints as JSON how a case goes from first contact to its end under the pack: who does which verb with which data, and a
token for each of them. Whatever the pack is, the way is found by rehearsing it once.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
TOP = ("subject", "description", "demand", "occurred_at")
WHO = "complainant_"
MOST_STEPS = 30


def prepare(pack_id: str, days: int = 1) -> dict[str, Any]:
    """Migrate, publish, open a desk with its people so many days ago, and rehearse one case. Returns the way and the tokens."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.utils import timezone

    from amends.apps.policies.actions import load_calendar_folder, open_desk, publish_folder
    from amends.apps.policies.queries import read_version, versions_of
    from amends.jobs.organisation import build_organisation
    from amends.jobs.rehearsal import DeskWorld

    now = timezone.now() - timedelta(days=days)
    call_command("migrate", verbosity=0)
    load_calendar_folder(ROOT / "calendars", now=now)
    publish_folder(ROOT / "packs" / pack_id, now=now)
    pack = read_version(versions_of(pack_id)[0].pk)
    desk = open_desk(code=pack_id, title=pack.head.title.zh_hans, pack_id=pack_id, now=now)
    world = DeskWorld(desk, pack, build_organisation(desk, pack, now=now), now)
    way = rehearsed(world)
    return {"desk": pack_id, "way": way, "tokens": tokens_for({step["by"] for step in way}, desk)}


def rehearsed(world: Any) -> list[dict[str, Any]]:
    """Every step of one case: who, the verb, the data of its form."""
    from amends.apps.people.models import Person
    from amends.jobs import rehearsal

    steps: list[dict[str, Any]] = []
    performed, registered = rehearsal.perform, rehearsal.register_case

    def note(verb: str, caller: Any, data: Any, **more: Any) -> None:
        by = Person.objects.get(pk=caller.person).username
        steps.append({"verb": verb, "by": by, "data": dict(data), **more})

    def noting_perform(case: Any, wish: Any) -> Any:
        case = performed(case, wish)
        note(wish.verb, wish.caller, wish.data)
        return case

    def noting_register(contact: Any) -> Any:
        case = registered(contact)
        note("register", contact.caller, contact.data, kind=contact.kind, channel=contact.channel)
        return case

    rehearsal.perform, rehearsal.register_case = noting_perform, noting_register
    try:
        case, done = world.register(), []
        while case.is_open and len(done) < MOST_STEPS:
            case, verb = rehearsal.one_step(world, case, done)
            done.append(verb)
    finally:
        rehearsal.perform, rehearsal.register_case = performed, registered
    return steps


def tokens_for(usernames: set[str], desk: Any) -> dict[str, str]:
    from django.utils import timezone

    from amends.apps.people.actions import create_token
    from amends.apps.people.models import Person

    people = Person.objects.filter(username__in=usernames)
    return {
        person.username: create_token(person=person, name="bench", scopes=["all"], desks=[desk], now=timezone.now())[1]
        for person in people
    }


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "amends.config.settings")
    print(json.dumps(prepare(sys.argv[1], *map(int, sys.argv[2:])), ensure_ascii=False))
