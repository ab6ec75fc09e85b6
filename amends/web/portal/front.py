"""The front page of the portal, and following a case by its number and the address on file."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from amends.apps.cases.actions.portal import Asking, ask_for_code, enter_code
from amends.apps.messaging.allowances import TooMany
from amends.core.refusals import NotVisible, Refusal
from amends.doors.routes import route
from amends.doors.wording import language, said
from amends.web.portal.answering import portal_page, with_retry
from amends.web.portal.desks import portal_desks
from amends.web.portal.entrances import entrance_of, outlet_of
from amends.web.portal.network import network_of
from amends.web.portal.sessions import PortalSession


@route(audience="public", permission="none", methods=["GET"])
@portal_page
def front(request: HttpRequest) -> HttpResponse:
    """Hotline, mailbox and form of every desk, how a complaint is handled, and the way to follow one.

    Source: REP-4.1.1
    """
    return render(request, "portal/front.html", {"desks": portal_desks(now=timezone.now())})


@route(audience="public", permission="none", kind="desk", methods=["GET"])
@portal_page
def entrance(request: HttpRequest, sealed: str) -> HttpResponse:
    """Where the QR code of a poster leads: the desk, with the outlet where the poster hangs."""
    found = entrance_of(sealed)
    desks = [offered for offered in portal_desks(now=timezone.now()) if found and offered.desk.code == found.desk]
    if found is None or not desks:
        raise NotVisible
    context = {"desks": desks, "offered": desks[0], "sealed": found.sealed, "outlet": outlet_of(found)}
    return render(request, "portal/front.html", context)


@route(audience="public", permission="none", methods=["GET", "POST"])
@portal_page
def follow(request: HttpRequest) -> HttpResponse:
    """Ask for a code by number and address. Right and wrong pairs are answered alike."""
    if request.method != "POST":
        return render(request, "portal/follow.html", {"number": request.GET.get("number", "")[:40]})
    number, address = request.POST.get("number", "").strip()[:60], request.POST.get("address", "").strip()[:254]
    errors = {}
    if not number:
        errors["number"] = gettext("请填写编号。")
    if not address:
        errors["address"] = gettext("请填写登记时留下的手机号码或电子邮箱。")
    typed = {"number": number, "address": address}
    if errors:
        return render(request, "portal/follow.html", {**typed, "errors": errors}, status=422)
    session = PortalSession(request)
    try:
        asked = ask_for_code(number=number, address=address, asking=asking_of(request))
    except TooMany as refusal:
        return too_many_codes(request, "portal/follow.html", typed, refusal)
    session.await_code(asked.pk)
    return HttpResponseRedirect(reverse("portal_code"))


def asking_of(request: HttpRequest) -> Asking:
    """Who asks for a code."""
    return Asking(
        session=PortalSession(request).id, network=network_of(request), language=language(), now=timezone.now()
    )


def too_many_codes(request: HttpRequest, page: str, context: Mapping[str, object], refusal: TooMany) -> HttpResponse:
    """The page again with what was typed, the wait, and the hotlines."""
    context = {**context, "refusal": said(refusal), "hotlines": portal_desks(now=timezone.now())}
    return with_retry(render(request, page, context, status=refusal.status), refusal)


@route(audience="public", permission="none", methods=["GET", "POST"])
@portal_page
def code(request: HttpRequest) -> HttpResponse:
    """Enter the code that was sent; the right one opens the case in this browser for half an hour."""
    session = PortalSession(request)
    asked = session.code_request
    if asked is None:
        return HttpResponseRedirect(reverse("portal_follow"))
    if request.method != "POST":
        return _code_page(request, session)
    typed = request.POST.get("code", "")
    if not typed.strip():
        return _code_page(request, session, status=422, error=gettext("请输入收到的 6 位验证码。"))
    now = timezone.now()
    try:
        case = enter_code(asked, session=session.id, typed=typed, now=now)
    except Refusal as refusal:
        is_over = refusal.code == "code_over"
        return _code_page(request, session, status=refusal.status, error=said(refusal), is_over=is_over)
    session.open(case, now=now)
    session.await_code(None)
    return HttpResponseRedirect(reverse("portal_case", args=[case.number]))


def _code_page(
    request: HttpRequest, session: PortalSession, *, status: int = 200, error: str = "", is_over: bool = False
) -> HttpResponse:
    """The page that asks for the code; whoever came by a private link is led back there, and typed neither number nor address."""
    link = session.code_link
    back = reverse("portal_link", args=[link]) if link else reverse("portal_follow")
    context = {"is_by_link": bool(link), "back": back, "error": error, "is_over": is_over}
    return render(request, "portal/code.html", context, status=status)


@route(audience="public", permission="none", methods=["POST"])
@portal_page
def leave(request: HttpRequest) -> HttpResponse:
    """Close what this browser has open: for a phone or computer that others use."""
    PortalSession(request).close()
    return HttpResponseRedirect(reverse("portal"))
