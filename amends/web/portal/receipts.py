"""The receipt: the number in large groups, the private link with its QR code, and what happens next."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

import segno
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from amends.apps.cases.actions.portal import Receipt
from amends.apps.cases.facts import facts_of, pack_of
from amends.apps.cases.models import Case
from amends.apps.cases.portal_keys import addresses_of
from amends.apps.policies.queries import calendar_for
from amends.core.facts import CaseFacts
from amends.core.policy.conditions import holds
from amends.core.policy.pack import Pack
from amends.web.portal.desks import PortalDesk, page_text
from amends.web.portal.progress import in_full, progress_of

GROUP = re.compile(r"[A-Za-z]+|(?<!\d)\d{1,5}(?!\d)|\d{1,4}|.")


def receipt_page(
    request: HttpRequest, offered: PortalDesk, receipt: Receipt, *, base: str = "portal/base.html"
) -> HttpResponse:
    """Number, private link, PIN where no address is on file, and what happens next."""
    case, now = receipt.case, timezone.now()
    pack = pack_of(case)
    channels = [channel for channel, _ in addresses_of(case)]
    said = {"number": case.number, "hotline": offered.hotline, "desk": offered.title}
    context = {
        "base": base,
        "is_framed": base != "portal/base.html",
        "offered": offered,
        "case": case,
        "groups": groups_of(case.number),
        "receipt": receipt,
        "qr": qr_of(receipt.link),
        "pin": f"{receipt.pin[:4]} {receipt.pin[4:]}" if receipt.pin else "",
        "by_mail": "email" in channels,
        "progress": progress_of(case, pack, now=now),
        "opens": _opening(case, pack),
        "lead": page_text(pack, "acknowledgement", said, case.desk),
        "advice": [page_text(pack, message, said, case.desk) for message in told_in_this_case(pack, facts_of(case))],
    }
    return render(request, "portal/receipt.html", context, status=201 if receipt.is_first else 200)


def _opening(case: Case, pack: Pack) -> str:
    """When somebody reads what came in while nobody was there; empty when somebody is."""
    hours = pack.channels.channels[case.channel].attended
    if hours is None or not facts_of(case).value("out_of_hours"):
        return ""
    return in_full(calendar_for(pack, hours).next_working_moment(case.received_at), ZoneInfo(pack.head.zone))


def told_in_this_case(pack: Pack, facts: CaseFacts) -> list[str]:
    """The messages of registering that the policy makes depend on what was said, such as what to do while there is danger."""
    told = (one for rule in pack.lifecycle.from_state(None) for one in rule.messages() if one.when is not None)
    return list(dict.fromkeys(one.message for one in told if holds(one.when, facts)))


def groups_of(number: str) -> list[str]:
    """A number in groups that can be read out: letters, and digits by fours where there are more than five."""
    return GROUP.findall(number)


def qr_of(address: str) -> str:
    """The QR code of an address as a picture that stands in the page itself; dark on light in both themes."""
    return str(segno.make(address, error="m", micro=False).svg_data_uri(scale=4, border=2, light="#fff"))
