"""A proceeding by a partner's private link: what the policy lets partners read, answering with files, objecting."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from amends.apps.cases.evidence import open_evidence
from amends.apps.cases.facts import pack_of
from amends.apps.cases.proceeding_models import PartnerKey
from amends.apps.cases.proceedings.partners import partner_caller, proceeding_at_hand, proceedings_for
from amends.apps.people.actions import log_access
from amends.core.refusals import NotVisible
from amends.doors.files import as_attachment
from amends.doors.routes import route
from amends.web.portal.acting import act_on
from amends.web.portal.answering import portal_page
from amends.web.portal.desks import PortalDesk
from amends.web.portal.dossier import files_for, matters_for, of_case
from amends.web.portal.network import network_of
from amends.web.portal.partner_opening import by_partner_link, gone
from amends.web.portal.progress import in_full
from amends.web.portal.sides import side_of_partner
from amends.web.viewing import zone_of


@route(audience="portal", permission="private_link", kind="proceeding", methods=["GET"])
@portal_page
@by_partner_link
def by_link(request: HttpRequest, secret: str, key: PartnerKey, now: datetime) -> HttpResponse:
    """What is asked of the partner, by when, what was written on both sides, and how it was decided."""
    root = key.proceeding
    pack = pack_of(root)
    matters = matters_for(key, now=now)
    at_hand = proceeding_at_hand(key)
    context = {
        "secret": secret,
        "partner": key.partner,
        "desk": PortalDesk(root.desk, pack),
        "title": next(m.called for m in matters if m.proceeding == at_hand),
        "number": at_hand.number,
        "others": [m for m in matters if m.proceeding != at_hand],
        "now": next((m for m in matters if m.offers), None),
        "documents": sorted((d for m in matters for d in m.documents), key=lambda d: d.order, reverse=True),
        "of_case": of_case(key, matters),
        "is_over": not root.is_open,
        "readable_until": _readable_until(key),
        "zone": zone_of(pack),
    }
    return render(request, "portal/partner.html", context)


def _readable_until(key: PartnerKey) -> str:
    """Until when the link can be read once the proceeding has ended."""
    root = key.proceeding
    pack = pack_of(root)
    rules = pack.proceedings[root.kind].for_partners
    if root.ended_at is None or rules is None:
        return ""
    return in_full(root.ended_at + timedelta(days=rules.readable_days), zone_of(pack))


@route(audience="portal", permission="private_link", kind="proceeding", methods=["GET", "POST"])
@portal_page
@by_partner_link
def act(
    request: HttpRequest, secret: str, link: PartnerKey, now: datetime, *, key: uuid.UUID, verb: str
) -> HttpResponse:
    """One step of the partner with its form: answer, object."""
    found = next((one for one in proceedings_for(link) if one.pk == key), None)
    if found is None:
        return gone(request)
    back = reverse("partner_link", args=[secret])
    side = side_of_partner(link, found, now=now)
    return act_on(request, side, verb, back=back, action=reverse("partner_act", args=[secret, key, verb]))


@route(audience="portal", permission="private_link", kind="proceeding", methods=["GET"])
@portal_page
@by_partner_link
def file(request: HttpRequest, secret: str, key: PartnerKey, now: datetime, *, file_id: uuid.UUID) -> HttpResponseBase:
    """A file that the policy lets the partner see, byte for byte; every download is noted."""
    found = files_for(matters_for(key, now=now)).get(str(file_id))
    if found is None:
        raise NotVisible
    log_access(
        actor=partner_caller(key).id,
        action="download",
        object=f"evidence:{found.pk}",
        now=now,
        address=network_of(request),
    )
    return as_attachment(FileResponse(open_evidence(found), content_type="application/octet-stream"), found.name)
