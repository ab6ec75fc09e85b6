"""How many database queries the queue and the case page make, whatever the number of rows."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tools.bench.figures import Figure, Size
from tools.bench.server import installation

if TYPE_CHECKING:
    from amends.jobs.rehearsal import DeskWorld

PACK = "escalation"
ROWS = (10, 1_000)
PROMISED = {"queue": 15, "case page": 30}


def measure(size: Size) -> Iterator[Figure]:
    """The same pages with 10 and with 1,000 open cases."""
    with installation(PACK) as one:
        counted = [json.loads(one.run("-m", "tools.bench.queries", str(rows))) for rows in ROWS]
    for page, most in PROMISED.items():
        few, many = (counts[page] for counts in counted)
        yield Figure(
            f"database queries of the {page} at {ROWS[0]} and {ROWS[1]:,} open cases", f"{few} and {many}", f"≤ {most}, fixed",
            kept=many <= most and few == many,
        )  # fmt: skip


def count_queries(rows: int) -> dict[str, int]:
    """Register cases until there are so many, then count the queries of each page as a member of the desk."""
    import django

    django.setup()
    from django.conf import settings
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from amends.apps.cases.models import Case
    from amends.apps.people.models import Person
    from amends.apps.policies.models import Desk
    from amends.apps.policies.queries import pack_in_force

    settings.ALLOWED_HOSTS = ["*"]
    # The manifest exists only after `collectstatic`, and costs no query either way.
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}
    desk = Desk.objects.get()
    _register(desk, rows - Case.objects.count())
    person = Person.objects.get(username=who_registers(desk, pack_in_force(desk, desk.created_at)))
    client = Client()
    client.force_login(person)
    number = Case.objects.latest("registered_at").number
    found = {}
    for page, path in (("queue", "/queue/"), ("case page", f"/cases/{number}/")):
        client.get(path)
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(path)
        if answer.status_code != 200:
            raise SystemExit(f"{path} answered {answer.status_code}")
        found[page] = len(captured)
    return found


def who_registers(desk: object, pack: object) -> str:
    """Somebody who may register contacts on the desk."""
    from amends.apps.people.models import Membership

    by = next(t.by for t in pack.lifecycle.transitions if t.verb == "register")  # type: ignore[attr-defined]
    members = Membership.objects.filter(desk=desk, role__in=by).select_related("person").order_by("pk")
    return next(member.person.username for member in members)


def _register(desk: object, count: int) -> None:
    """Cases as people register them, with their clocks, messages and words."""
    from django.utils import timezone

    world = world_of(desk)
    for _ in range(count):
        world.now = timezone.now()
        world.register()


def world_of(desk: object) -> DeskWorld:
    """The desk with its people, as it was prepared."""
    from django.utils import timezone

    from amends.apps.people.models import Department, Membership
    from amends.apps.policies.queries import pack_in_force
    from amends.jobs.organisation import Organisation
    from amends.jobs.rehearsal import DeskWorld

    organisation = Organisation(desk)  # type: ignore[arg-type]
    organisation.departments = {d.code: d for d in Department.objects.all()}
    # In the order in which they came to the desk: who is asked first decides how far a case comes.
    for member in Membership.objects.filter(desk=desk).select_related("person", "department").order_by("pk"):
        organisation.people[member.role, member.department.code if member.department else ""] = member.person
    return DeskWorld(desk, pack_in_force(desk, timezone.now()), organisation, timezone.now())  # type: ignore[arg-type]


if __name__ == "__main__":
    import sys

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "amends.config.settings")
    print(json.dumps(count_queries(int(sys.argv[1]))))
