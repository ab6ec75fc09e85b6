"""The opened case: everything that passed between customer and company, and what the customer may do now."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from amends.apps.cases.facts import pack_of
from amends.apps.cases.models import Case, EvidenceFile
from amends.apps.cases.outside import actions_for
from amends.apps.ledger.queries import events_of
from amends.core.policy.pack import Pack
from amends.doors.routes import route
from amends.doors.wording import words
from amends.web.portal.acting import act_on, long_texts
from amends.web.portal.answering import portal_page
from amends.web.portal.desks import PortalDesk
from amends.web.portal.offers import DECISIONS, LAST, offered
from amends.web.portal.progress import progress_of
from amends.web.portal.receipts import groups_of
from amends.web.portal.sent import messages_to
from amends.web.portal.sessions import PortalSession
from amends.web.portal.sides import side_of_complainant
from amends.web.portal.told import exchange_of
from amends.web.viewing import zone_of


def _opened(request: HttpRequest, number: str) -> Case | None:
    return PortalSession(request).opened_case(number, now=timezone.now())


def _ask_to_open(request: HttpRequest, number: str) -> HttpResponse:
    """The way in, for numbers that exist and others alike."""
    context = {"number": number[:40], "typed": long_texts(request), "has_ended": True}
    return render(request, "portal/follow.html", context, status=401)


@route(audience="portal", permission="opened_case", kind="case", methods=["GET"])
@portal_page
def opened(request: HttpRequest, number: str) -> HttpResponse:
    """Where the case stands, what was answered, what is asked of the customer, and what may be done."""
    case, now = _opened(request, number), timezone.now()
    if case is None:
        return _ask_to_open(request, number)
    pack = pack_of(case)
    actions = actions_for(case, pack, now=now)
    until = PortalSession(request).open_until(number)
    events = events_of(case.chain)
    exchange = exchange_of(case, pack, events)
    progress = progress_of(case, pack, now=now, events=events)
    decisions = offered(actions, DECISIONS) if progress.is_your_turn else []
    context = {
        "case": case,
        "groups": groups_of(case.number),
        "desk": PortalDesk(case.desk, pack),
        "progress": progress,
        "in_charge": in_charge(case, pack),
        "exchange": exchange,
        "answer": exchange.answer if progress.is_your_turn or progress.is_over else None,
        "files": files_of_customer(case),
        "sent": messages_to(case, zone_of(pack)),
        "decisions": decisions,
        "others": [o for o in offered(actions) if o not in decisions and o.verb not in LAST],
        "last": offered(actions, LAST),
        "open_until": f"{until.astimezone(zone_of(pack)):%H:%M}" if until else "",
        "zone": zone_of(pack),
    }
    return render(request, "portal/case.html", context)


def in_charge(case: Case, pack: Pack) -> str:
    """Who is in charge, as far as the pack lets customers know."""
    named = pack.head.portal.in_charge if pack.head.portal else "nobody"
    if named == "handler" and case.handler:
        return case.handler.name
    if named in ("department", "handler") and case.department:
        return words(case.department.called)
    return ""


def files_of_customer(case: Case) -> list[EvidenceFile]:
    # What a partner sends in a proceeding comes by the portal as well, and is not the customer's.
    given = EvidenceFile.objects.filter(case=case, proceeding=None).order_by("uploaded_at", "pk")
    return [file for file in given if file.given_by.startswith(("portal:", "complainant:"))]


@route(audience="portal", permission="opened_case", kind="case", methods=["GET", "POST"])
@portal_page
def act(request: HttpRequest, number: str, verb: str) -> HttpResponse:
    """One verb of the customer with its form: accept, refuse with reasons, rate, withdraw, add."""
    case = _opened(request, number)
    if case is None:
        return _ask_to_open(request, number)
    here = reverse("portal_case", args=[number])
    side = side_of_complainant(case, now=timezone.now())
    return act_on(request, side, verb, back=here, action=reverse("portal_act", args=[number, verb]))
