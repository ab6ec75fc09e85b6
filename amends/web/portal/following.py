"""A case by its private link: status and additions; everything else asks for a code or a PIN."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from amends.apps.cases.actions.portal import ask_for_code_of
from amends.apps.cases.facts import pack_of
from amends.apps.cases.models import PortalKey
from amends.apps.cases.outside import actions_for
from amends.apps.cases.portal_keys import addresses_of, key_of, pin_fits
from amends.apps.messaging.allowances import TooMany
from amends.core.refusals import NotVisible
from amends.doors.routes import route
from amends.doors.wording import said
from amends.web.portal.acting import act_on
from amends.web.portal.answering import portal_page, with_retry
from amends.web.portal.desks import PortalDesk
from amends.web.portal.front import asking_of, too_many_codes
from amends.web.portal.offers import ADDITIONS, offered
from amends.web.portal.progress import progress_of
from amends.web.portal.receipts import groups_of
from amends.web.portal.sessions import PortalSession
from amends.web.portal.sides import side_of_complainant


@route(audience="portal", permission="private_link", kind="case", methods=["GET"])
@portal_page
def by_link(request: HttpRequest, secret: str) -> HttpResponse:
    """Status only: no names, no texts, no files."""
    return _link_page(request, _key(secret), secret)


def _key(secret: str) -> PortalKey:
    key = key_of(secret, now=timezone.now())
    if key is None:
        raise NotVisible
    return key


def _link_page(request: HttpRequest, key: PortalKey, secret: str, *, status: int = 200, **more: object) -> HttpResponse:
    now, case = timezone.now(), key.case
    pack = pack_of(case)
    session = PortalSession(request)
    context = {
        "case": case,
        "groups": groups_of(case.number),
        "desk": PortalDesk(case.desk, pack),
        "secret": secret,
        "progress": progress_of(case, pack, now=now),
        "has_address": bool(addresses_of(case)),
        "has_pin": bool(key.pin_hash),
        "is_open": session.opened_case(case.number, now=now) is not None,
        "additions": offered(actions_for(case, pack, now=now), ADDITIONS),
        **more,
    }
    return render(request, "portal/link.html", context, status=status)


@route(audience="portal", permission="private_link", kind="case", methods=["POST"])
@portal_page
def code_by_link(request: HttpRequest, secret: str) -> HttpResponse:
    """Send a code to the address on file of the link's case."""
    key = _key(secret)
    try:
        asked = ask_for_code_of(key.case, asking=asking_of(request))
    except TooMany as refusal:
        page = _link_page(request, key, secret, status=refusal.status, refusal=said(refusal))
        return with_retry(page, refusal)
    if asked is None:
        return _link_page(request, key, secret)
    PortalSession(request).await_code(asked.pk, link=secret)
    return HttpResponseRedirect(reverse("portal_code"))


@route(audience="portal", permission="private_link", kind="case", methods=["POST"])
@portal_page
def pin_by_link(request: HttpRequest, secret: str) -> HttpResponse:
    """Open the case with the PIN of the receipt, where no address is on file."""
    key, now = _key(secret), timezone.now()
    try:
        fits = pin_fits(key, request.POST.get("pin", ""), now=now)
    except TooMany as refusal:
        return too_many_codes(request, "portal/refused.html", {"sentence": said(refusal)}, refusal)
    if not fits:
        sentence = gettext("PIN 不正确，请核对回执上的 8 位数字。")
        return _link_page(request, key, secret, status=422, pin_error=sentence)
    PortalSession(request).open(key.case, now=now)
    return HttpResponseRedirect(reverse("portal_case", args=[key.case.number]))


@route(audience="portal", permission="private_link", kind="case", methods=["GET", "POST"])
@portal_page
def add_by_link(request: HttpRequest, secret: str, verb: str) -> HttpResponse:
    """Add to a case with the private link alone."""
    key = _key(secret)
    if verb not in ADDITIONS:
        raise NotVisible
    here = reverse("portal_link", args=[secret])
    side = side_of_complainant(key.case, now=timezone.now())
    return act_on(request, side, verb, back=here, action=reverse("portal_link_add", args=[secret, verb]))
