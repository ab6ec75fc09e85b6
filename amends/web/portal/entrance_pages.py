"""How customers find a desk, for those who manage it: its address, posters with a QR code, and the form on a website."""

from __future__ import annotations

import json
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

import pylopdf_fonts_zh_cn
import segno
import typst
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from amends.apps.cases.queries import Viewer
from amends.apps.people.choices import DepartmentChoice, departments_to_choose
from amends.apps.people.models import Department
from amends.apps.people.rights import may_on_desk
from amends.apps.policies.embedding import read_hosts, set_embed_hosts
from amends.apps.policies.models import Desk
from amends.core.policy.pack import Pack
from amends.core.refusals import InvalidData, NotPermitted
from amends.doors.files import as_attachment
from amends.doors.routes import route
from amends.doors.wording import faults, language, words
from amends.web.portal.desks import PortalDesk
from amends.web.portal.entrances import Entrance, poster_channels
from amends.web.viewing import desk_and_pack, viewer_of

RIGHT = "manage_pack"
TEMPLATE = Path(__file__).resolve().parents[1] / "templates" / "print" / "poster.typ"


@route(audience="staff", permission="manage_pack", kind="policy", methods=["GET", "POST"])
def entrances(request: HttpRequest, desk: str) -> HttpResponse:
    """The ways in to a desk, and which websites may show its form; posted, the list of websites is set."""
    viewer, place, pack = _managed(request, desk)
    if request.method != "POST":
        return _page(request, place, pack, place.embed_hosts)
    typed = request.POST.get("hosts", "")[:4000]
    try:
        hosts = read_hosts(typed)
    except InvalidData as refusal:
        return _page(request, place, pack, typed, faults(refusal)["hosts"], status=422)
    set_embed_hosts(place, hosts, now=viewer.now, actor=viewer.person.actor_id)
    messages.success(request, gettext("已保存。只有列出的网站可以显示这个表单。"))
    return HttpResponseRedirect(reverse("entrances", args=[desk]))


def _managed(request: HttpRequest, desk: str) -> tuple[Viewer, Desk, Pack]:
    """The desk, for somebody who manages it. Raises NotPermitted, and Http404 for a desk without a portal."""
    viewer = viewer_of(request)
    place, pack = desk_and_pack(viewer, desk)
    if may_on_desk(viewer.person, RIGHT, place, pack, viewer.now) is None:
        raise NotPermitted(verb=gettext("管理对外入口"))
    offered = PortalDesk(place, pack)
    if not (offered.channel and offered.kinds):
        raise Http404
    return viewer, place, pack


def _page(
    request: HttpRequest, place: Desk, pack: Pack, typed: str, wrong: list[str] | None = None, *, status: int = 200
) -> HttpResponse:
    offered = PortalDesk(place, pack)
    context = {
        "area": "policies",
        "desk": place,
        "offered": offered,
        "front": settings.BASE_URL + reverse("portal"),
        "forms": [(words(title), settings.BASE_URL + reverse("portal_complain", args=[place.code, kind])) for kind, title in offered.kinds],
        "channels": _channels(offered),
        "outlets": outlets_of(pack),
        "typed": typed,
        "wrong": wrong or [],
        "snippet": snippet_of(offered) if place.embed_hosts else "",
        "script": script_of(offered) if place.embed_hosts else "",
    }  # fmt: skip
    return render(request, "portal/entrances.html", context, status=status)


def _channels(offered: PortalDesk) -> list[tuple[str, str]]:
    names = poster_channels(offered.pack) or [offered.channel or ""]
    return [(name, words(offered.pack.channels.channels[name].title)) for name in names]


def outlets_of(pack: Pack) -> list[DepartmentChoice]:
    """The departments that a poster can name; none where the pack has no field for an outlet."""
    return departments_to_choose() if pack.head.portal and pack.head.portal.outlet else []


def snippet_of(offered: PortalDesk) -> str:
    """What a webmaster pastes into a page: one frame, no script."""
    address = settings.BASE_URL + reverse("portal_embed", args=[offered.desk.code])
    return (
        f'<iframe src="{address}" title="{escape(offered.what_for)}" loading="lazy"\n'
        '  style="width: 100%; min-height: 960px; border: 0" referrerpolicy="no-referrer"></iframe>'
    )


def script_of(offered: PortalDesk) -> str:
    """The same by a script of ours, which keeps the frame as high as the form."""
    address = settings.BASE_URL + reverse("portal_embed_script", args=[offered.desk.code])
    return f'<script src="{address}" async></script>'


# The poster


@route(audience="staff", permission="manage_pack", kind="policy")
def poster(request: HttpRequest, desk: str) -> HttpResponse:
    """A poster to print: what customers come for, and a QR code that leads to this desk and outlet."""
    _, place, pack = _managed(request, desk)
    offered = PortalDesk(place, pack)
    channel = request.GET.get("channel", "")
    if channel not in dict(_channels(offered)):
        channel = _channels(offered)[0][0]
    outlet = _outlet(pack, request.GET.get("outlet", ""))
    entrance = Entrance(place.code, channel, outlet.pk if outlet else None)
    pdf = poster_pdf(poster_of(offered, entrance, outlet))
    name = gettext("扫码投诉") + (f"-{words(outlet.called)}" if outlet else "") + ".pdf"
    return as_attachment(HttpResponse(pdf, content_type="application/octet-stream"), name)


def _outlet(pack: Pack, asked: str) -> Department | None:
    if not asked:
        return None
    found = Department.objects.filter(pk=asked, retired_at=None).first() if asked.isdecimal() else None
    if found is None or not outlets_of(pack):
        raise Http404
    return found


def poster_of(offered: PortalDesk, entrance: Entrance, outlet: Department | None) -> dict[str, Any]:
    """What stands on the poster."""
    return {
        "lang": "en" if language() == "en" else "zh",
        "title": gettext("遇到不满意的事，请告诉我们"),
        "what_for": offered.what_for,
        "lead": offered.lead,
        "scan": gettext("用手机扫一扫，三步说完，不用注册"),
        "promise": gettext("马上拿到编号，随时看得到进展和答复时间"),
        "call": gettext("也可以拨打") if offered.hotline else "",
        "hotline": offered.hotline,
        "place": words(outlet.called) if outlet else offered.title,
        "address": settings.BASE_URL + reverse("portal"),
        "qr": segno.make(entrance.address, error="m", micro=False).svg_inline(border=2, dark="#111", light="#fff"),
    }


def poster_pdf(made: dict[str, Any]) -> bytes:
    """The poster as PDF/A on A4; nothing is read from the network or from other files."""
    return bytes(
        typst.compile(
            str(TEMPLATE), font_paths=poster_fonts(), ignore_system_fonts=True, pdf_standards=["a-2b"],
            sys_inputs={"data": json.dumps(made, ensure_ascii=False)},
        )
    )  # fmt: skip


@lru_cache(maxsize=1)
def poster_fonts() -> list[str]:
    return [str(Path(pylopdf_fonts_zh_cn.__file__).parent)]
