"""The slip that a customer takes along from the counter: number, who took it in, and a QR code to the status page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import segno
import typst
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext

from amends.apps.cases.actions.portal import Receipt, receipt_again
from amends.apps.cases.facts import facts_of, pack_of
from amends.apps.cases.models import Case
from amends.apps.people.actions import log_access
from amends.apps.people.models import Department
from amends.core.policy.pack import Pack
from amends.core.refusals import NotVisible
from amends.doors.files import as_attachment
from amends.doors.papers.formats import moment_in_print
from amends.doors.routes import route
from amends.doors.wording import language, words
from amends.web.intake.done import grouped, promises_of
from amends.web.portal.desks import PortalDesk
from amends.web.portal.entrance_pages import poster_fonts
from amends.web.viewing import viewer_of

TEMPLATE = Path(__file__).resolve().parents[1] / "templates" / "print" / "slip.typ"


@route(audience="staff", permission="register", kind="case", methods=["POST"])
def slip(request: HttpRequest, number: str) -> HttpResponse:
    """The slip as a PDF of 80 mm, for whoever registered the case and nobody else: the code on it opens the case to its bearer.

    Each slip has a link of its own; the PIN on an earlier one ends.
    """
    viewer = viewer_of(request)
    found = Case.objects.select_related("desk", "chain", "complainant", "registered_by")
    case = found.filter(number=number, registered_by=viewer.person).first()
    if case is None:
        raise NotVisible
    pack = pack_of(case)
    receipt = receipt_again(case, now=viewer.now)
    log_access(actor=viewer.person.actor_id, action="print", object=f"case:{case.pk}", field="slip", now=viewer.now)
    promises = [promise.sentence for promise in promises_of(case, pack, viewer)]
    made = slip_of(receipt, PortalDesk(case.desk, pack), pack, promises)
    pdf = HttpResponse(slip_pdf(made), content_type="application/octet-stream")
    return as_attachment(pdf, gettext("受理回执") + f"-{case.number}.pdf")


def slip_of(receipt: Receipt, offered: PortalDesk, pack: Pack, promises: list[str]) -> dict[str, Any]:
    """What stands on the slip."""
    case = receipt.case
    place = Department.objects.filter(pk=facts_of(case).value("receiving_outlet") or 0).first()
    lines = [
        (gettext("受理时间"), moment_in_print(case.received_at, ZoneInfo(pack.head.zone))),
        (gettext("受理单位"), words(place.called) if place else offered.title),
        (gettext("受理员工"), case.registered_by.name if case.registered_by else ""),
    ]
    return {
        "lang": "en" if language() == "en" else "zh",
        "title": gettext("受理回执"),
        "desk": offered.title,
        "number_title": gettext("编号"),
        "number": " ".join(grouped(case.number)),
        "lines": [line for line in lines if line[1]],
        "promises": promises,
        "scan": gettext("扫码查看进度、补充材料"),
        "address": settings.BASE_URL + reverse("portal_follow"),
        "pin": f"{gettext('查询密码')} {receipt.pin[:4]} {receipt.pin[4:]}" if receipt.pin else "",
        "keep": gettext("凭此回执可查询办理情况，请妥善保管。"),
        "hotline": f"{gettext('服务热线')} {offered.hotline}" if offered.hotline else "",
        "qr": segno.make(receipt.link, error="m", micro=False).svg_inline(border=2, dark="#111", light="#fff"),
    }


def slip_pdf(made: dict[str, Any]) -> bytes:
    """The slip as PDF/A as wide as the paper of a receipt printer; nothing is read from the network or from other files."""
    return bytes(
        typst.compile(
            str(TEMPLATE), font_paths=poster_fonts(), ignore_system_fonts=True, pdf_standards=["a-2b"],
            sys_inputs={"data": json.dumps(made, ensure_ascii=False)},
        )
    )  # fmt: skip
