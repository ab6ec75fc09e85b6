"""What everybody with a role hands in for every period: who did, who is missing, and how late it came."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.cases.queries import Viewer
from amends.apps.people.models import Membership, Person
from amends.apps.policies.models import Desk
from amends.core.periods import Period, period_around
from amends.core.policy.pack import Pack
from amends.core.policy.proceedings import Expected, ProceedingKind
from amends.core.refusals import FieldError, InvalidData, NotVisible


@dataclass(frozen=True, slots=True)
class Due:
    """A period for which something is expected, and the last day on which it is in time."""

    period: Period
    until: date

    @property
    def key(self) -> str:
        """The first day, by which doors name the period."""
        return self.period.first.isoformat()


@dataclass(frozen=True, slots=True)
class HandedIn:
    """Somebody of whom it is expected, with what they handed in; `row` is None while it is missing."""

    person: Person
    row: Proceeding | None
    days_late: int = 0


def due_around(asked: Expected, day: date) -> Due:
    """The period in which a day lies, and until when what is handed in for it is in time."""
    period = period_around(day, asked.every)
    return Due(period, period.last + timedelta(days=asked.due_days))


def due_before(asked: Expected, due: Due) -> Due:
    return due_around(asked, due.period.first - timedelta(days=1))


def due_after(asked: Expected, due: Due) -> Due:
    return due_around(asked, due.period.last + timedelta(days=1))


def found_out(
    asked: Expected, data: Mapping[str, Any], *, person: int | None, now: datetime, zone: ZoneInfo
) -> dict[str, Any]:
    """The facts of what is handed in now: by whom, for which period, until when it was due, and how many days late it is.

    Nothing while the form names no day that can be read: the form itself says so. Source: SVC-3.3c
    """
    try:
        due = due_around(asked, date.fromisoformat(str(data.get(asked.period, ""))[:10]))
    except ValueError:
        return {}
    late = max(0, (now.astimezone(zone).date() - due.until).days)
    return {
        asked.by: person, "period_from": due.period.first.isoformat(), "period_until": due.period.last.isoformat(),
        "period_due": due.until.isoformat(), "days_late": late,
    }  # fmt: skip


def refuse_twice(kind_id: str, kind: ProceedingKind, desk: Desk, facts: Mapping[str, Any]) -> None:
    """One for each person and period. Raises InvalidData, naming the one that stands. Source: SVC-3.2a"""
    asked = kind.expected_from
    if asked is None or "period_from" not in facts:
        return
    # Two sent at the same moment wait for each other here, where the database locks rows at all.
    Person.objects.select_for_update().filter(pk=facts[asked.by]).first()
    day = date.fromisoformat(str(facts["period_from"]))
    for row in handed_in_for(kind_id, kind, desk, due_around(asked, day)):
        if person_of(row, asked) == facts[asked.by]:
            raise InvalidData(
                [FieldError(f"/{asked.period}", "handed_in_already", {"kind": kind.title, "number": row.number})]
            )


def handed_in_for(kind_id: str, kind: ProceedingKind, desk: Desk, due: Due) -> QuerySet[Proceeding]:
    """What was handed in on a desk for a period, whoever may see it, without what was withdrawn."""
    # Facts are canonical JSON: a fact and its value stand in them in exactly one way.
    wanted = f'"period_from":"{due.key}"'
    return Proceeding.objects.filter(desk=desk, kind=kind_id, facts__contains=wanted).exclude(state__in=kind.void)


def person_of(row: Proceeding, asked: Expected) -> int | None:
    """Who handed it in."""
    found = json.loads(row.facts)["values"].get(asked.by)
    return found if isinstance(found, int) else None


def days_late_of(row: Proceeding) -> int:
    """How many days after the due day it came; 0 when it was in time."""
    return int(json.loads(row.facts)["values"].get("days_late") or 0)


def standing(kind_id: str, kind: ProceedingKind, desk: Desk, due: Due, *, now: datetime) -> list[HandedIn]:
    """Everybody of whom it is expected now or who handed it in, those who are missing first, else by name. Source: SVC-3.2a"""
    asked = _expected(kind)
    rows = handed_in_for(kind_id, kind, desk, due).select_related("begun_by")
    by_person = {person_of(row, asked): row for row in rows}
    people = {person.pk: person for person in _holders(asked.roles, desk, now)}
    people |= {row.begun_by.pk: row.begun_by for row in by_person.values() if row.begun_by is not None}
    found = [
        HandedIn(person, row, days_late_of(row) if row else 0)
        for person in people.values()
        for row in (by_person.get(person.pk),)
    ]
    return sorted(found, key=lambda one: (one.row is not None, one.person.sort_key, one.person.pk))


def missing(kind_id: str, kind: ProceedingKind, desk: Desk, due: Due, *, now: datetime) -> list[Person]:
    """Those who have not handed it in."""
    return [one.person for one in standing(kind_id, kind, desk, due, now=now) if one.row is None]


def standing_seen_by(
    viewer: Viewer, kind_id: str, kind: ProceedingKind, desk: Desk, pack: Pack, due: Due
) -> list[HandedIn]:
    """The lines that a viewer may see: all for those who receive it or see the whole desk, the own one for whoever hands it in.

    Raises NotVisible for anybody else.
    """
    asked = _expected(kind)
    held = {h.role for h in viewer.caller(desk, pack).holdings}
    found = standing(kind_id, kind, desk, due, now=viewer.now)
    if receives(pack, asked, held):
        return found
    own = [one for one in found if one.person.pk == viewer.person.pk]
    if not own:
        raise NotVisible
    return own


def receives(pack: Pack, asked: Expected, roles: Iterable[str]) -> bool:
    """Whether somebody with these roles looks after what others hand in."""
    held = set(roles)
    return bool(held & set(asked.to)) or any(
        pack.roles.roles[name].sees == "desk" for name in held - set(asked.roles) if name in pack.roles.roles
    )


def period_to_propose(kind_id: str, kind: ProceedingKind, desk: Desk, *, person: int, today: date) -> Due:
    """For which period somebody hands it in now: the one before while it is missing, else the present one."""
    asked = _expected(kind)
    present = due_around(asked, today)
    before = due_before(asked, present)
    return present if handed_in_by(kind_id, kind, desk, before, person=person) else before


def handed_in_by(kind_id: str, kind: ProceedingKind, desk: Desk, due: Due, *, person: int) -> bool:
    """Whether somebody has handed it in for the period."""
    asked = _expected(kind)
    return any(person_of(row, asked) == person for row in handed_in_for(kind_id, kind, desk, due))


def expects_it_of(kind: ProceedingKind, desk: Desk, *, person: int, now: datetime) -> bool:
    """Whether it is expected of somebody: they hold a role for it themselves."""
    return any(one.pk == person for one in _holders(_expected(kind).roles, desk, now))


def _expected(kind: ProceedingKind) -> Expected:
    if kind.expected_from is None:
        raise NotVisible
    return kind.expected_from


def _holders(roles: Iterable[str], desk: Desk, now: datetime) -> list[Person]:
    """Who holds the roles themselves: a deputy hands in nothing in somebody's name."""
    held = Membership.objects.filter(Membership.valid_at(now), desk=desk, role__in=list(roles))
    return list(Person.objects.filter(pk__in=held.values("person"), is_active=True))
