"""The log of who looked at which case, as somebody with the right to audit reads it; and who read unusually much."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import CharField, Count, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat

from amends.apps.cases.models import Case, EvidenceFile
from amends.apps.messaging.actions import notify
from amends.apps.people.models import AccessEntry, Membership, Person
from amends.apps.people.rights import desks_where
from amends.apps.policies.models import Desk
from amends.apps.policies.queries import NoPackInForce, pack_in_force
from amends.core.policy.pack import Pack

AUDIT = "audit"
ACTIONS = ("view", "search", "reveal", "download", "export", "print", "refused", "erase")
MANY = 200
"""So many cases read within an hour are looked into."""


@dataclass(frozen=True, slots=True)
class Look:
    """One entry of the log: who, when, how, what, why, and from where."""

    row: AccessEntry
    who: str
    number: str
    """Of the case, where the entry is about one or about its evidence."""


def audited_desks(person: Person, now: datetime) -> list[Desk]:
    """The desks whose access log somebody may read."""
    packs = [(desk, pack) for desk in Desk.objects.all() if (pack := _pack(desk, now)) is not None]
    return desks_where(person, AUDIT, packs, now)


def _pack(desk: Desk, now: datetime) -> Pack | None:
    try:
        return pack_in_force(desk, now)
    except NoPackInForce:
        return None


def entries_for(person: Person, now: datetime) -> QuerySet[AccessEntry]:
    """The entries that somebody may read: those on the desks they audit, and those on none (searches, exports) by people who
    work there; an administrator reads all.
    """
    if person.is_administrator:
        return AccessEntry.objects.all()
    desks = audited_desks(person, now)
    actor = Concat(Value("person:"), Cast("person_id", CharField()))
    actors = Membership.objects.filter(desk__in=desks).annotate(who=actor).values("who")
    return AccessEntry.objects.filter(Q(desk__in=desks) | Q(desk=None, actor__in=actors))


def narrowed(
    entries: QuerySet[AccessEntry], *, who: str = "", action: str = "", number: str = "", first: datetime | None = None,
    last: datetime | None = None,
) -> QuerySet[AccessEntry]:  # fmt: skip
    """By whoever looked (name or user name), how, at which case, and when."""
    if who:
        people = Person.objects.filter(Q(name__icontains=who) | Q(username__icontains=who)).values_list("pk", flat=True)
        entries = entries.filter(actor__in=[f"person:{pk}" for pk in people[:200]])
    if action:
        entries = entries.filter(action=action)
    if number:
        entries = entries.filter(object__in=_objects_of(number))
    if first is not None:
        entries = entries.filter(at__gte=first)
    return entries if last is None else entries.filter(at__lt=last)


def _objects_of(number: str) -> list[str]:
    case = Case.objects.filter(number=number).first()
    if case is None:
        return [f"number:{number[:40]}"]
    files = [f"evidence:{pk}" for pk in case.evidence.values_list("pk", flat=True)]
    return [f"case:{case.pk}", f"number:{number[:40]}", *files]


def looks(rows: Iterable[AccessEntry]) -> list[Look]:
    """The entries with names and numbers; three queries for any number of them."""
    rows = list(rows)
    people = Person.objects.in_bulk(_numbers(row.actor for row in rows))
    cases = _numbers_of_cases(row.object for row in rows)
    return [Look(row, _name(row.actor, people), cases.get(row.object, "")) for row in rows]


def _numbers(actors: Iterable[str]) -> set[int]:
    return {int(actor[7:]) for actor in actors if actor.startswith("person:")}


def _name(actor: str, people: dict[int, Person]) -> str:
    return people[int(actor[7:])].name if actor.startswith("person:") and int(actor[7:]) in people else ""


def _numbers_of_cases(objects: Iterable[str]) -> dict[str, str]:
    """By object: the number of its case. An attempt that was refused keeps the number that was tried."""
    objects = set(objects)
    keys = {o: o.partition(":")[2] for o in objects if o.startswith("case:")}
    files = {o: o.partition(":")[2] for o in objects if o.startswith("evidence:")}
    numbers = {str(pk): n for pk, n in Case.objects.filter(pk__in=keys.values()).values_list("pk", "number")}
    of_files = {
        str(pk): n for pk, n in EvidenceFile.objects.filter(pk__in=files.values()).values_list("pk", "case__number")
    }
    found = {o: numbers.get(pk, "") for o, pk in keys.items()} | {o: of_files.get(pk) or "" for o, pk in files.items()}
    return found | {o: o.partition(":")[2] for o in objects if o.startswith("number:")}


def read_much(*, now: datetime, within: timedelta = timedelta(hours=1)) -> list[tuple[str, int | None, int]]:
    """Who looked at more than MANY different cases of a desk lately: actor, desk, how many."""
    rows = AccessEntry.objects.filter(at__gt=now - within, at__lte=now, object__startswith="case:")
    counted = rows.order_by().values_list("actor", "desk").annotate(n=Count("object", distinct=True))
    return [(actor, desk, n) for actor, desk, n in counted if n > MANY]


ALERT = {
    "zh-hans": "有人一小时内查看了 {{round}} 件个案，请到“查阅记录”核对。",
    "en": "Somebody looked at {{round}} cases within an hour; please check the access log.",
}


def alert_about_much_reading(*, now: datetime) -> int:
    """Tell those who audit a desk, once a person and day, that somebody read unusually much; returns how many were found."""
    found = read_much(now=now)
    for actor, desk, n in found:
        place = Desk.objects.filter(pk=desk).first() if desk else None
        pack = _pack(place, now) if place else None
        if place is not None and pack is not None:
            notify(
                _auditors(place, now), pack=pack, message="much_reading", values={"round": str(n)}, now=now, case_key="",
                case_number="", unique_key=f"much_reading:{actor}:{place.pk}:{now:%Y-%m-%d}", usual=ALERT,
                desk=place,
            )  # fmt: skip
    return len(found)


def _auditors(desk: Desk, now: datetime) -> list[Person]:
    people = Person.objects.filter(Q(memberships__desk=desk) | Q(is_administrator=True), is_active=True).distinct()
    return [person for person in people if desk in audited_desks(person, now)]
