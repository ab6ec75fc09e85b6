"""Absences and deputies: one's own, those of the people one leads or manages, and a strip of the coming weeks."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from amends.apps.cases.organisation import open_cases_of
from amends.apps.people.absences import absences_between, deputised_roles, end_absence, enter_absence
from amends.apps.people.grounds import Manager
from amends.apps.people.models import Absence, Person
from amends.core.refusals import InvalidData
from amends.doors.routes import route
from amends.doors.wording import day_words, words
from amends.web.organisation.fields import AbsenceForm, posted
from amends.web.templatetags.amends_words import DEFAULT_ZONE
from amends.web.viewing import packs_of, viewer_of, zone_of

DAYS_SHOWN = 28
LISTED = 200


@dataclass(frozen=True, slots=True)
class Bar:
    """An absence on the strip: from which day to which, counted from the first one shown."""

    absence: Absence
    first: int
    days: int


@dataclass(slots=True)
class Line:
    """Somebody's line on the strip."""

    person: Person
    bars: list[Bar] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the strip."""

    day: date
    is_weekend: bool
    is_today: bool
    label: str


def _zone(request: HttpRequest) -> ZoneInfo:
    packs = packs_of(viewer_of(request))
    return next((zone_of(pack) for pack in packs.values()), DEFAULT_ZONE)


@route(audience="staff", permission="signed_in", kind="absence")
def page(request: HttpRequest) -> HttpResponse:
    """Who is away in the coming weeks and who stands in, among those whose absences the viewer enters."""
    viewer = viewer_of(request)
    manager, zone = Manager(viewer.person, viewer.now), _zone(request)
    today = viewer.now.astimezone(zone).date()
    first = datetime.combine(today, datetime.min.time(), tzinfo=zone)
    rows = list(absences_between(manager.staff(), first, first + timedelta(days=365))[:LISTED])
    within = [row for row in rows if row.starts_at < first + timedelta(days=DAYS_SHOWN)]
    context = {
        "area": "absences", "zone": zone, "days": _days(today), "lines": _lines(within, first), "count": DAYS_SHOWN,
        "rows": rows, "deputising": _deputising(viewer.person, viewer.now),
    }  # fmt: skip
    return render(request, "organisation/absences.html", context)


def _deputising(person: Person, now: datetime) -> list[Absence]:
    """For whom the viewer stands in, now or soon."""
    rows = Absence.objects.filter(deputy=person, ends_at__gt=now).select_related("person")
    return list(rows.order_by("starts_at")[:20])


def _days(today: date) -> list[Day]:
    days = [today + timedelta(days=n) for n in range(DAYS_SHOWN)]
    return [Day(day, day.weekday() >= 5, day == today, day_words(day, year=False)) for day in days]


def _lines(rows: list[Absence], first: datetime) -> list[Line]:
    found: dict[int, Line] = {}
    for row in rows:
        begin = max((row.starts_at.astimezone(first.tzinfo).date() - first.date()).days, 0)
        last = (row.ends_at - timedelta(microseconds=1)).astimezone(first.tzinfo).date()
        end = min((last - first.date()).days, DAYS_SHOWN - 1)
        found.setdefault(row.person_id, Line(row.person)).bars.append(Bar(row, begin + 1, end - begin + 1))
    return list(found.values())


@route(audience="staff", permission="signed_in", kind="absence", methods=["GET", "POST"])
def enter(request: HttpRequest) -> HttpResponse:
    """Enter an absence with its deputy; the page says what the deputy will take over."""
    viewer = viewer_of(request)
    manager, zone = Manager(viewer.person, viewer.now), _zone(request)
    people = manager.staff().select_related("department").order_by("sort_key", "pk")
    deputies = (
        Person.objects.filter(is_active=True, is_machine=False).select_related("department").order_by("sort_key", "pk")
    )
    chosen = request.POST.get("person") or request.GET.get("person") or str(viewer.person.pk)
    form = AbsenceForm(posted(request), zone=zone, people=people, deputies=deputies, initial={"person": chosen})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            enter_absence(
                person=_one(people, given["person"]), starts_at=given["starts"], ends_at=given["ends"],
                deputy=_one(deputies, given["deputy"]) if given["deputy"] else None, reason=given["reason"],
                keeps_working=given["keeps_working"], by=manager,
            )  # fmt: skip
        except InvalidData as refusal:
            form.take(refusal)
        else:
            messages.success(request, gettext("已登记，到时自动生效。"))
            return HttpResponseRedirect(reverse("absences"))
    person = people.filter(pk=int(chosen)).first() if chosen.isdecimal() and len(chosen) < 12 else None
    context: dict[str, Any] = {
        "area": "absences",
        "form": form,
        "about": _taken_over(manager, person) if person else None,
    }
    return render(request, "organisation/enter_absence.html", context, status=422 if form.errors else 200)


def _one(people: Any, pk: int) -> Person:
    found: Person | None = people.filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _taken_over(manager: Manager, person: Person) -> dict[str, Any]:
    """What a deputy of the person will see and may do: their roles, and how many cases lie with them."""
    roles = []
    for desk, name, row in deputised_roles(person, manager):
        pack = manager.pack_of(desk)
        title = words(pack.roles.roles[name].title) if pack else name
        roles.append((words(desk.called), title, words(row.department.called) if row.department else ""))
    return {"person": person, "roles": roles, "open": open_cases_of(person).count()}


@route(audience="staff", permission="signed_in", kind="absence", methods=["POST"])
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """End an absence that runs, or take back one that has not begun."""
    viewer = viewer_of(request)
    manager = Manager(viewer.person, viewer.now)
    absence = Absence.objects.filter(pk=pk, person__in=manager.staff()).first()
    if absence is None:
        raise Http404
    end_absence(absence, by=manager)
    messages.success(request, gettext("已结束。"))
    return HttpResponseRedirect(reverse("absences"))
