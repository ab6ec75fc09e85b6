"""Notices on known problems: what stands at intake of the cases that they concern, and messages to the customers concerned."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction

from amends.apps.cases.facts import facts_of, pack_of
from amends.apps.cases.models import Case
from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.cases.proceedings.telling import tell_complainant_of
from amends.apps.cases.queries import open_cases
from amends.apps.deferred.actions import enqueue
from amends.apps.messaging.models import OutboxMessage
from amends.apps.policies.models import Desk
from amends.apps.policies.queries import read_version
from amends.core.policy.conditions import Known
from amends.core.policy.pack import Pack

JOB = "tell_concerned"
AT_ONCE = 200


def notices_for(desk: Desk, pack: Pack, known: Known, *, now: datetime) -> list[Proceeding]:
    """The notices of the desk that concern a contact with these facts, the latest first; one query. Source: EXP-8.1.4"""
    kinds = {name: kind.broadcast for name, kind in pack.proceedings.items() if kind.broadcast is not None}
    if not kinds:
        return []
    today = now.astimezone(ZoneInfo(pack.head.zone)).date().isoformat()
    found = []
    for row in Proceeding.objects.filter(desk=desk, kind__in=kinds, ended_at=None).order_by("-begun_at")[:AT_ONCE]:
        rule, values = kinds[row.kind], json.loads(row.facts)["values"]
        until = values.get(rule.until) if rule.until else None
        if row.state in rule.states and (until is None or until[:10] >= today) and rule.concerns(values, known):
            found.append(row)
    return found


def order_telling(proceeding: Proceeding, pack: Pack, verb: str, *, seq: int, now: datetime) -> None:
    """After the verb of a broadcast: have the worker tell the customers concerned, once for the event."""
    rule = pack.proceedings[proceeding.kind].broadcast
    if rule is not None and rule.verb == verb:
        key = f"{JOB}:{proceeding.pk}:{seq}"
        enqueue(JOB, {"proceeding": str(proceeding.pk), "at": now.isoformat()}, now=now, unique_key=key)


def tell_concerned(proceeding: Proceeding, *, since: datetime, now: datetime) -> int:
    """Send the message of a notice to the complainants of the open cases it concerns; returns how many were told now.

    Each case is a transaction of its own, and one that was told since the verb is left out: a run that was broken off goes on.
    """
    rule = read_version(proceeding.pack_id).proceedings[proceeding.kind].broadcast
    if rule is None or rule.message is None:
        return 0
    told = 0
    for case in _concerned(proceeding):
        sent = OutboxMessage.objects.filter(case_key=str(case.pk), message=rule.message, created_at__gte=since)
        if sent.exists():
            continue
        with transaction.atomic():
            tell_complainant_of(
                proceeding, [rule.message], case=case, pack=pack_of(case), reason=proceeding.subject, now=now
            )
        told += 1
    return told


def _concerned(proceeding: Proceeding) -> Iterator[Case]:
    """The open cases of customers on the desk that the notice concerns."""
    rule = read_version(proceeding.pack_id).proceedings[proceeding.kind].broadcast
    values = json.loads(proceeding.facts)["values"]
    rows = open_cases(Case.objects.filter(desk=proceeding.desk_id, internal=False, complainant__isnull=False))
    for case in rows.select_related("desk", "chain", "complainant", "department", "handler").order_by("pk"):
        if rule is not None and rule.concerns(values, facts_of(case)):
            yield case
