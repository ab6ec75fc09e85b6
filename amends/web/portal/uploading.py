"""Photographs and files of customers: each taken or refused by itself, kept for the device that sent them."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone

from amends.apps.cases.actions.portal import portal_limit
from amends.apps.cases.evidence import Given, rules_of, store_upload
from amends.apps.messaging.allowances import Allowance, TooMany, spend
from amends.core.refusals import NotVisible, Refusal
from amends.doors.routes import route
from amends.doors.wording import said
from amends.web.forms.uploads import PREFIX
from amends.web.portal.answering import portal_page
from amends.web.portal.desks import PortalDesk, portal_desk
from amends.web.portal.device import device_of
from amends.web.portal.network import network_of
from amends.web.uploads.views import dropped_from


def uploads_from_a_network() -> Allowance:
    return Allowance("portal-uploads", portal_limit("PORTAL_UPLOADS_AN_HOUR", 100), timedelta(hours=1))


@route(audience="public", permission="none", kind="upload", methods=["POST"])
@portal_page
def uploads(request: HttpRequest, desk: str) -> HttpResponse:
    """Keep each file for this device, under the rules of the desk; a refused one says why."""
    offered = portal_desk(desk, now=timezone.now())
    if offered is None:
        raise NotVisible
    return take_files(request, offered, owner=device_of(request).owner)


def take_files(request: HttpRequest, offered: PortalDesk, *, owner: str) -> HttpResponse:
    """A line for each file that came: kept, or refused with the reason and another way."""
    now = timezone.now()
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
    for sentence in dropped_from(request, rules_of(offered.pack)):
        lines.append(render_to_string("ui/file_refused.html", {"sentence": sentence}))
    return HttpResponse("".join(lines))
