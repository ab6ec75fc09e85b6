"""Opening a partner's link: where the policy asks for a code, it shows nothing before the code was entered in this browser."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from amends.apps.cases.facts import pack_of
from amends.apps.cases.proceeding_models import PartnerKey
from amends.apps.cases.proceedings.partner_codes import (
    LASTS,
    asks_for_code,
    contact_for_code,
    partner_code_fits,
    send_partner_code,
)
from amends.apps.cases.proceedings.partners import partner_key
from amends.apps.messaging.allowances import TooMany
from amends.core.masking import masked_contact
from amends.doors.routes import route
from amends.doors.wording import language, said
from amends.web.portal.acting import long_texts
from amends.web.portal.answering import portal_page, with_retry
from amends.web.portal.desks import PortalDesk

OPEN_FOR = timedelta(hours=12)
OPENED, SENT = "partner_opened", "partner_code"
View = Callable[..., HttpResponseBase]


def by_partner_link(view: View) -> View:
    """A view that gets the key of an opened link: a calm page for a link that is none, the question for a code before that."""

    @wraps(view)
    def answer(request: HttpRequest, secret: str, **kwargs: Any) -> HttpResponseBase:
        now = timezone.now()
        key = partner_key(secret, now=now)
        if key is None:
            return gone(request)
        if asks_for_code(key) and not _is_open(request, key, now):
            return _ask(request, key, secret, status=401)
        return view(request, secret, key, now, **kwargs)

    return answer


def gone(request: HttpRequest) -> HttpResponse:
    """One calm page for links that are wrong, have ended, or never were; what was typed is there to be copied."""
    return render(request, "portal/partner_gone.html", {"typed": long_texts(request)}, status=404)


@route(audience="portal", permission="private_link", kind="proceeding", methods=["POST"])
@portal_page
def code(request: HttpRequest, secret: str) -> HttpResponse:
    """Send a code to the registered contact, or enter it: the right one opens the link in this browser for twelve hours."""
    now = timezone.now()
    key = partner_key(secret, now=now)
    if key is None:
        return gone(request)
    try:
        if request.POST.get("send"):
            kept = {"hash": send_partner_code(key, language=language(), now=now), "until": (now + LASTS).isoformat()}
            request.session[SENT] = {**request.session.get(SENT, {}), str(key.pk): kept}
            return _ask(request, key, secret)
        if not request.POST.get("code", "").strip():
            return _ask(request, key, secret, status=422, error=gettext("请输入收到的 6 位验证码。"))
        if not partner_code_fits(key, request.POST.get("code", ""), _kept(request, key, now), now=now):
            return _ask(request, key, secret, status=422, error=gettext("验证码不对或已过期，请核对，或重新发送。"))
    except TooMany as refusal:
        return with_retry(_ask(request, key, secret, status=refusal.status, refusal=said(refusal)), refusal)
    request.session.cycle_key()
    request.session[SENT] = {}
    request.session[OPENED] = {**_opened(request, now), str(key.pk): (now + OPEN_FOR).isoformat()}
    return HttpResponseRedirect(reverse("partner_link", args=[secret]))


def _kept(request: HttpRequest, key: PartnerKey, now: datetime) -> str:
    """What the code of this link is compared with; empty when none was sent, or too long ago."""
    found = request.session.get(SENT, {}).get(str(key.pk))
    return found["hash"] if found and now < datetime.fromisoformat(found["until"]) else ""


def _opened(request: HttpRequest, now: datetime) -> dict[str, str]:
    found = request.session.get(OPENED, {})
    return {key: until for key, until in found.items() if now < datetime.fromisoformat(until)}


def _is_open(request: HttpRequest, key: PartnerKey, now: datetime) -> bool:
    """Whether this browser entered the code, for this link or for another to the same partner in the same proceeding."""
    alike = PartnerKey.objects.filter(pk__in=_opened(request, now), revoked_at=None)
    return alike.filter(proceeding=key.proceeding, partner=key.partner).exists()


def _ask(request: HttpRequest, key: PartnerKey, secret: str, *, status: int = 200, **more: str) -> HttpResponse:
    """The page that asks for the code; it says nothing of the matter."""
    context = {
        "secret": secret,
        "contact": masked_contact(contact_for_code(key).address),
        "is_sent": bool(_kept(request, key, timezone.now())),
        "desk": PortalDesk(key.proceeding.desk, pack_of(key.proceeding)),
        "typed": long_texts(request),
        "language_next": reverse("partner_link", args=[secret]),
        **more,
    }
    return render(request, "portal/partner_code.html", context, status=status)
