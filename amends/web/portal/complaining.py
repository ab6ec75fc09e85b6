"""The form of a desk for customers, their files, and the receipt."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from amends.apps.cases.actions import Contact
from amends.apps.cases.actions.portal import Receipt, SentBefore, complain, newcomer, portal_limit, portal_owner
from amends.apps.cases.evidence import Given, rules_of, store_upload
from amends.apps.cases.facts import pack_of
from amends.apps.cases.portal_keys import addresses_of
from amends.apps.messaging.allowances import Allowance, TooMany, spend
from amends.core.facts import CaseFacts
from amends.core.refusals import InvalidData, NotVisible, Refusal
from amends.doors.routes import route
from amends.doors.wording import faults, language, said, words
from amends.web.forms.uploads import PREFIX
from amends.web.portal.answering import portal_page, with_retry
from amends.web.portal.desks import PortalDesk, page_text, portal_desk, portal_desks
from amends.web.portal.filled import Filled
from amends.web.portal.network import network_of
from amends.web.portal.progress import progress_of
from amends.web.portal.sessions import PortalSession
from amends.web.viewing import zone_of


def complaints_from_a_network() -> Allowance:
    """How many complaints one network may send in an hour."""
    return Allowance("portal-complaints", portal_limit("PORTAL_COMPLAINTS_AN_HOUR", 20), timedelta(hours=1))


def uploads_from_a_network() -> Allowance:
    return Allowance("portal-uploads", portal_limit("PORTAL_UPLOADS_AN_HOUR", 100), timedelta(hours=1))


@route(audience="public", permission="none", kind="desk", methods=["GET", "POST"])
@portal_page
def complain_form(request: HttpRequest, desk: str, kind: str) -> HttpResponse:
    """The form of a kind; sent once however often the button is pressed. The answer is the receipt."""
    now = timezone.now()
    offered = portal_desk(desk, now=now)
    if offered is None or kind not in dict(offered.kinds):
        raise NotVisible
    session = PortalSession(request)
    filled = Filled(
        request, offered.pack, offered.pack.forms[offered.pack.channels.kinds[kind].form],
        facts=_facts_of_way_in(offered, kind), owner=portal_owner(session.id), now=now,
    )  # fmt: skip
    if request.method != "POST":
        return _form_page(request, offered, kind, filled, is_new=True)
    if filled.is_redraw or filled.errors:
        return _form_page(request, offered, kind, filled, status=422 if filled.errors else 200)
    return _send(request, offered, kind, filled, session)


def _facts_of_way_in(offered: PortalDesk, kind: str) -> CaseFacts:
    """What is known before anything is typed: conditions of the form may ask for kind and channel."""
    found = offered.pack.channels.kinds[kind]
    channel = offered.pack.channels.channels[offered.channel or ""]
    values = {
        "kind": kind, "channel": offered.channel, "channel_group": channel.group, "written": channel.written,
        "internal": found.internal, "counts": found.counts,
    }  # fmt: skip
    return CaseFacts(values=values)


def _send(request: HttpRequest, offered: PortalDesk, kind: str, filled: Filled, session: PortalSession) -> HttpResponse:
    contact = Contact(
        desk=offered.desk, kind=kind, channel=offered.channel or "", data=filled.data, caller=newcomer(session.id),
        now=filled.now, local_zone=zone_of(offered.pack), uploads_of=filled.owner, is_vouched=False,
        language=language(),
    )  # fmt: skip
    token = request.POST.get("_token", "")[:64] or uuid.uuid4().hex
    limits = {complaints_from_a_network(): network_of(request)}
    try:
        receipt = complain(contact, token=token, session=session.id, limits=limits)
    except InvalidData as refusal:
        filled.errors = faults(refusal)
        return _form_page(request, offered, kind, filled, status=422)
    except SentBefore as refusal:
        return _form_page(request, offered, kind, filled, status=refusal.status, sentence=said(refusal))
    except Refusal as refusal:
        page = _form_page(request, offered, kind, filled, status=refusal.status, sentence=said(refusal))
        return with_retry(page, refusal)
    session.open(receipt.case, now=filled.now)
    return receipt_page(request, offered, receipt)


def _form_page(
    request: HttpRequest,
    offered: PortalDesk,
    kind: str,
    filled: Filled,
    *,
    status: int = 200,
    is_new: bool = False,
    sentence: str = "",
) -> HttpResponse:
    context = {
        "offered": offered,
        "kind": kind,
        "kind_title": words(offered.pack.channels.kinds[kind].title),
        "form": filled.drawn(is_new=is_new),
        "action": reverse("portal_complain", args=[offered.desk.code, kind]),
        "uploads_address": reverse("portal_uploads", args=[offered.desk.code]),
        "token": request.POST.get("_token", "")[:64] or uuid.uuid4().hex,
        "rules": rules_of(offered.pack),
        "sentence": sentence,
        "other_desks": len(portal_desks(now=filled.now)) > 1,
    }
    template = "portal/_fields.html" if filled.is_fragment else "portal/complain.html"
    return render(request, template, context, status=status)


def receipt_page(request: HttpRequest, offered: PortalDesk, receipt: Receipt) -> HttpResponse:
    """Number, private link, PIN where no address is on file, and what happens next."""
    case, now = receipt.case, timezone.now()
    pack = pack_of(case)
    channels = [channel for channel, _ in addresses_of(case)]
    context = {
        "offered": offered,
        "case": case,
        "receipt": receipt,
        "pin": f"{receipt.pin[:4]} {receipt.pin[4:]}" if receipt.pin else "",
        "by_mail": "email" in channels,
        "by_text": "sms" in channels,
        "progress": progress_of(case, pack, now=now),
        "lead": page_text(
            pack, "acknowledgement", {"number": case.number, "hotline": offered.hotline, "desk": offered.title}
        ),
    }
    return render(request, "portal/receipt.html", context, status=201 if receipt.is_first else 200)


@route(audience="public", permission="none", kind="upload", methods=["POST"])
@portal_page
def uploads(request: HttpRequest, desk: str) -> HttpResponse:
    """Keep each file for this browser session, under the rules of the desk; a refused one says why."""
    now = timezone.now()
    offered = portal_desk(desk, now=now)
    if offered is None:
        raise NotVisible
    owner = portal_owner(PortalSession(request).id)
    lines = []
    for name, files in request.FILES.lists():
        if not name.startswith(PREFIX):
            continue
        for file in files:
            try:
                spend([uploads_from_a_network()], subject=network_of(request), now=now)
                kept = store_upload(file, rules=rules_of(offered.pack), given=Given(owner, owner), now=now)
                lines.append(render_to_string("ui/file_kept.html", {"file": kept, "name": name.removeprefix(PREFIX)}))
            except TooMany as refusal:
                lines.append(render_to_string("ui/file_refused.html", {"sentence": said(refusal)}))
                break
            except Refusal as refusal:
                lines.append(render_to_string("ui/file_refused.html", {"sentence": said(refusal)}))
    return HttpResponse("".join(lines))
