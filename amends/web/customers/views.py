"""One customer on a page: their cases, the plan of contacts, and every contact in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from amends.apps.cases.customers import (
    CourseStep,
    CustomerContact,
    CustomerCourse,
    CustomerView,
    customer_seen_by,
    is_plan_of_contact,
)
from amends.apps.cases.facts import pack_of
from amends.apps.cases.queries import desks_with_right, visible_case
from amends.apps.people.access import note_look
from amends.apps.upkeep.subjects import RIGHT
from amends.core.masking import masked, masked_contact
from amends.core.verbs import VERBS
from amends.doors.pack_words import category_words
from amends.doors.routes import route
from amends.doors.wording import in_words, words
from amends.web.queue.rows import rows_of
from amends.web.viewing import viewer_of, zone_of


@dataclass(frozen=True, slots=True)
class ContactLine:
    """A contact as the page shows it."""

    contact: CustomerContact
    happened: str
    zone: Any
    said: list[tuple[str, str, str]]


@route(audience="staff", permission="visible", kind="case")
def page(request: HttpRequest, number: str) -> HttpResponse:
    """Everything that was said with the customer of a case over all cases that the viewer sees; the look at it is noted."""
    viewer = viewer_of(request)
    case = visible_case(viewer, number)
    seen = customer_seen_by(viewer, case.complainant_id)
    note_look(
        actor=viewer.person.actor_id, object=f"complainant:{case.complainant_id}", desk=case.desk_id, now=viewer.now
    )
    wanted = request.GET.get("show", "")
    lines = [_line(contact) for contact in seen.contacts]
    shown = [line for line in lines if not wanted or any(kind == wanted for _, _, kind in line.said)]
    context = {
        "area": "queue",
        "number": number,
        "customer": seen.complainant,
        "name": masked("name", seen.complainant.name),
        "ways": [_masked(point) for point in seen.complainant.contact_points.all()],
        "rows": rows_of(seen.cases, viewer.now),
        "plans": seen.plans,
        "offers": _offers(seen),
        "answers_for_data": viewer.person.is_administrator or bool(desks_with_right(viewer, RIGHT)),
        "lines": shown,
        "courses": [_course(course) for course in seen.courses],
        "total": len(lines),
        "show": wanted,
        "shows": [("", gettext("全部联系")), ("need", gettext("需求")), ("opinion", gettext("意见"))],
        "zone": zone_of(pack_of(seen.cases[0])),
    }
    return render(request, "customers/page.html", context)


def _masked(point: Any) -> str:
    return masked("address", point.value) if point.kind == "address" else masked_contact(point.value)


@dataclass(frozen=True, slots=True)
class CourseShown:
    """A case of the customer with its class and steps in words."""

    course: CustomerCourse
    channel: str
    classes: list[str]
    zone: Any
    steps: list[tuple[CourseStep, str]]


def _course(course: CustomerCourse) -> CourseShown:
    case, pack = course.case, pack_of(course.case)
    channel, kind = pack.channels.channels.get(case.channel), pack.channels.kinds.get(case.kind)
    classes = [words(kind.title) if kind else case.kind, category_words(pack, case.category)]
    steps = [(step, in_words(VERBS[step.verb].happened)) for step in course.steps if step.verb in VERBS]
    said = words(channel.title) if channel else case.channel
    return CourseShown(course, said, [one for one in classes if one], zone_of(pack), steps)


def _line(contact: CustomerContact) -> ContactLine:
    pack = pack_of(contact.case)
    said = [(words(one.title), words(one.value), one.heard_as) for one in contact.said]
    return ContactLine(contact, in_words(VERBS[contact.verb].happened), zone_of(pack), said)


def _offers(seen: CustomerView) -> list[tuple[str, str]]:
    """The plans of contact that can be begun on the latest case: title and address."""
    case = seen.cases[0]
    pack = pack_of(case)
    plans = [(name, kind) for name, kind in pack.proceedings.items() if is_plan_of_contact(kind, pack)]
    return [(words(kind.title), reverse("begin_on_case", args=[case.number, name])) for name, kind in plans]
