"""Meetings: the invitation as a calendar file, and what lies on the table."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.cases.proceedings.queries import RELATED, visible_proceedings
from amends.core.refusals import NotVisible
from amends.doors.calendar_file import CONTENT_TYPE, Meeting, calendar_file
from amends.doors.routes import route
from amends.doors.wording import words
from amends.web.proceedings.lines import Line, lines_of
from amends.web.proceedings.seeing import ProceedingView, proceeding_view


@route(audience="staff", permission="visible", kind="proceeding")
def invitation(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """The calendar file of a meeting; other proceedings have none."""
    seen = proceeding_view(request, key)
    meeting = meeting_of(seen)
    if meeting is None:
        raise NotVisible
    response = HttpResponse(calendar_file(meeting, now=seen.viewer.now), content_type=CONTENT_TYPE)
    response["Content-Disposition"] = f'attachment; filename="{seen.proceeding.number}.ics"'
    return response


def meeting_of(seen: ProceedingView) -> Meeting | None:
    """The meeting that a proceeding is, as it is arranged now; None for one that is none."""
    rule, proceeding = seen.kind.invites, seen.proceeding
    if rule is None or (at := seen.facts.values.get(rule.at)) is None:
        return None
    address = settings.BASE_URL + reverse("proceeding", args=[proceeding.pk])
    return Meeting(
        uid=f"{proceeding.pk}@amends", sequence=proceeding.version, title=proceeding.subject or words(seen.kind.title),
        starts_at=datetime.fromisoformat(str(at).replace("Z", "+00:00")),
        minutes=int(seen.facts.values.get(rule.minutes) or 60), place=str(_latest(seen, rule.place) or ""),
        description=f"{proceeding.number} {address}", address=address, is_cancelled=proceeding.state in seen.kind.void,
    )  # fmt: skip


def _latest(seen: ProceedingView, name: str) -> Any:
    values = [value.value for entry in seen.entries for value in entry.values if value.id == name]
    return values[-1] if values else None


@dataclass(frozen=True, slots=True)
class OnTheTable:
    """What a meeting has before it under one heading."""

    title: str
    lines: list[Line]


def on_the_table(seen: ProceedingView) -> list[OnTheTable]:
    """What was gathered when the meeting was arranged or last opened, as far as the viewer may see it; two queries."""
    rules = seen.kind.gathers
    numbers = {rule.id: seen.facts.values.get(rule.id) or [] for rule in rules}
    wanted = [number for found in numbers.values() for number in found]
    if not rules:
        return []
    rows = (
        visible_proceedings(seen.viewer).filter(desk=seen.proceeding.desk, number__in=wanted).select_related(*RELATED)
    )
    by_number: dict[str, Proceeding] = {row.number: row for row in rows} if wanted else {}
    return [
        OnTheTable(words(rule.title), lines_of([by_number[n] for n in numbers[rule.id] if n in by_number]))
        for rule in rules
    ]
