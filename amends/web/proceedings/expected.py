"""What people hand in for every period: who did, when, and who is missing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext

from amends.apps.cases.proceedings.expecting import (
    Due,
    HandedIn,
    due_after,
    due_around,
    due_before,
    expects_it_of,
    handed_in_by,
    period_to_propose,
    receives,
    standing_seen_by,
)
from amends.apps.cases.queries import Viewer
from amends.apps.policies.models import Desk
from amends.apps.reporting.documents.queries import period_to_write
from amends.core.documents import FROM, TO
from amends.core.periods import Period, name_of
from amends.core.policy.pack import Pack
from amends.core.policy.proceedings import Expected, ProceedingKind
from amends.core.refusals import FieldError, InvalidData
from amends.doors.routes import route
from amends.doors.wording import day_words, faults, language, words
from amends.web.viewing import desk_and_pack, packs_of, viewer_of, zone_of


@dataclass(frozen=True, slots=True)
class Line:
    """One person of the list; `is_own` lets the viewer hand it in from here."""

    one: HandedIn
    state: str
    is_own: bool


@route(audience="staff", permission="signed_in", kind="proceeding")
def page(request: HttpRequest, desk: str, kind: str) -> HttpResponse:
    """The list of one period, the present one unless another is asked for: the missing first. Source: SVC-3.2a"""
    viewer = viewer_of(request)
    found, pack = desk_and_pack(viewer, desk)
    known = pack.proceedings.get(kind)
    if known is None or known.expected_from is None:
        raise Http404
    asked = known.expected_from
    today = viewer.now.astimezone(zone_of(pack)).date()
    present = due_around(asked, today)
    problems: list[str] = []
    try:
        due = due_around(asked, _day_asked(request, today))
    except InvalidData as refusal:
        due, problems = present, [sentence for some in faults(refusal).values() for sentence in some]
    lines = _lines(viewer, standing_seen_by(viewer, kind, known, found, pack, due), known)
    later = due_after(asked, due)
    context = {
        "area": "proceedings", "desk": found, "kind": known, "kind_id": kind, "due": due, "lines": lines, "zone": zone_of(pack),
        "called": period_words(due.period, asked), "before": due_before(asked, due), "problems": problems,
        "after": later if later.period.first <= today else None, "is_over": today > due.until,
        "missing": sum(line.one.row is None for line in lines), "receives": _receives(viewer, found, pack, asked),
        "may_hand_in": any(set(t.by) & _roles(viewer, found, pack) for t in known.from_state(None)),
    }  # fmt: skip
    return render(request, "proceedings/expected.html", context, status=422 if problems else 200)


def _day_asked(request: HttpRequest, today: date) -> date:
    """The day in the address; without one today."""
    text = request.GET.get("period", "")
    if not text:
        return today
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InvalidData(
            [FieldError("/period", "bad_filter_value", {"name": "period", "value": text[:60]})]
        ) from error


def _lines(viewer: Viewer, found: list[HandedIn], kind: ProceedingKind) -> list[Line]:
    return [
        Line(one, words(kind.states[one.row.state].title) if one.row else "", one.person.pk == viewer.person.pk)
        for one in found
    ]


def _roles(viewer: Viewer, desk: Desk, pack: Pack) -> set[str]:
    return {holding.role for holding in viewer.caller(desk, pack).holdings}


def _receives(viewer: Viewer, desk: Desk, pack: Pack, asked: Expected) -> bool:
    return receives(pack, asked, _roles(viewer, desk, pack))


def period_words(period: Period, asked: Expected) -> str:
    """What a period is called in the reader's language."""
    return name_of(period, asked.every)[language() == "en"]


@dataclass(frozen=True, slots=True)
class Awaited:
    """A list of what people hand in that the viewer may open, with what they themselves have to hand in now."""

    desk: Desk
    kind_id: str
    kind: ProceedingKind


def awaited_by(viewer: Viewer) -> list[Awaited]:
    """The lists that somebody may open: of what they hand in, or of what others hand in to them. No query beyond roles."""
    found = []
    for desk, pack in packs_of(viewer).items():
        held = _roles(viewer, desk, pack)
        for name, kind in pack.proceedings.items():
            asked = kind.expected_from
            if asked is not None and (held & set(asked.roles) or receives(pack, asked, held)):
                found.append(Awaited(desk, name, kind))
    return found


@dataclass(frozen=True, slots=True)
class ToHandIn:
    """What the viewer has not handed in yet, for the period that is due first."""

    one: Awaited
    due: Due
    period: str
    until: str
    is_late: bool


def to_hand_in(viewer: Viewer) -> list[ToHandIn]:
    """What is expected of the viewer and was not handed in. No query for who hands in nothing."""
    found = []
    for one in awaited_by(viewer):
        asked, zone = one.kind.expected_from, zone_of(packs_of(viewer)[one.desk])
        today, person = viewer.now.astimezone(zone).date(), viewer.person.pk
        if asked is None or not _roles(viewer, one.desk, packs_of(viewer)[one.desk]) & set(asked.roles):
            continue
        if not expects_it_of(one.kind, one.desk, person=person, now=viewer.now):
            continue
        due = period_to_propose(one.kind_id, one.kind, one.desk, person=person, today=today)
        if not handed_in_by(one.kind_id, one.kind, one.desk, due, person=person):
            until = day_words(due.until, year=False)
            found.append(ToHandIn(one, due, period_words(due.period, asked), until, today > due.until))
    return found


def proposed(
    viewer: Viewer, desk: Desk, kind_id: str, kind: ProceedingKind, pack: Pack, wanted: str, now: datetime
) -> tuple[dict[str, Any], str]:
    """What a fresh form begins with, and the sentence above it: for which period, and until when it is in time."""
    asked, today = kind.expected_from, now.astimezone(zone_of(pack)).date()
    if asked is None:
        period = period_to_write(desk, pack, kind_id, today)
        return ({FROM: period.first.isoformat(), TO: period.last.isoformat()} if period else {}), ""
    due = _due_wanted(asked, wanted, today) or period_to_propose(
        kind_id, kind, desk, person=viewer.person.pk, today=today
    )
    said = gettext("本次填报%(period)s，请在 %(due)s 前提交。")
    return {asked.period: due.key}, said % {
        "period": period_words(due.period, asked),
        "due": day_words(due.until, year=False),
    }


def _due_wanted(asked: Expected, wanted: str, today: date) -> Due | None:
    try:
        day = date.fromisoformat(wanted)
    except ValueError:
        return None
    return due_around(asked, day) if day <= today else None
