"""The form of a desk in a frame on the company's website: for listed sites only, without cookies, under a signed token.

No cookie means that nothing is done in anybody's name; the token names the desk and owns what is typed and uploaded.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.core.signing import BadSignature, SignatureExpired, TimestampSigner
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext, override
from django.views.decorators.csrf import csrf_exempt

from amends.apps.cases.actions.portal import Receipt, portal_limit
from amends.apps.messaging.allowances import Allowance
from amends.apps.policies.embedding import embed_hosts_of
from amends.core.refusals import NotVisible, Refusal
from amends.doors.routes import route
from amends.doors.wording import words
from amends.web.middleware.security_headers import CONTENT_SECURITY_POLICY
from amends.web.portal.answering import portal_page
from amends.web.portal.complaining import Frame, Pages, kept
from amends.web.portal.desks import PortalDesk, portal_desk
from amends.web.portal.device import Device
from amends.web.portal.letters import Letter
from amends.web.portal.receipts import receipt_page
from amends.web.portal.uploading import take_files

FRAME_FIELD = "_frame"
TOKEN_LIVES = timedelta(hours=2)
NOBODY = "frame-ancestors 'none'"


def letters_through_a_frame() -> Allowance:
    """How many letters a desk takes through frames in an hour, from all networks together."""
    return Allowance("portal-embedded", portal_limit("PORTAL_EMBEDDED_AN_HOUR", 300), timedelta(hours=1))


class NoToken(Refusal):
    """The form did not come from a page that we made."""

    code = "no_form_token"
    status = 403
    sentence = "这个表单不是从本页提交的，请回到原来的网页重新填写。"


@dataclass(frozen=True, slots=True)
class Opened:
    """A token that was read: the secret that owns the draft, and whether its time is over."""

    secret: str
    is_over: bool = False


def new_token(desk: str, secret: str = "") -> str:
    """A token for the form of a desk; with a secret, a fresh one for what was typed under it."""
    return _signer().sign(f"{desk}.{secret or secrets.token_urlsafe(16)}")


def read_token(token: str, desk: str) -> Opened:
    """What a token owns. Raises NoToken for one that was made up or belongs to another desk."""
    try:
        text, is_over = _signer().unsign(token, max_age=TOKEN_LIVES), False
    except SignatureExpired:
        text, is_over = _signer().unsign(token), True
    except BadSignature:
        raise NoToken from None
    named, _, secret = text.partition(".")
    if named != desk or not secret:
        raise NoToken
    return Opened(secret, is_over)


def _signer() -> TimestampSigner:
    return TimestampSigner(salt="amends.portal.frame", sep="~")


View = Callable[..., HttpResponse]


def framed(view: View) -> View:
    """Answer in the language that the address names, to be shown by the sites that the desk lists and by nobody else."""

    @wraps(view)
    def answer(request: HttpRequest, desk: str) -> HttpResponse:
        asked = request.GET.get("lang", "")
        with override(asked if asked in dict(settings.LANGUAGES) else get_language()):
            response = view(request, desk)
        offered = portal_desk(desk, now=timezone.now())
        hosts = embed_hosts_of(offered.desk) if offered else []
        ancestors = f"frame-ancestors {' '.join(hosts)}" if hosts else NOBODY
        response["Content-Security-Policy"] = CONTENT_SECURITY_POLICY.replace(NOBODY, ancestors)
        if hosts:
            response["Cross-Origin-Resource-Policy"] = "cross-origin"
        response.xframe_options_exempt = bool(hosts)  # type: ignore[attr-defined]
        return response

    return answer


@csrf_exempt
@route(audience="public", permission="form_token", kind="desk", methods=["GET", "POST"])
@framed
@portal_page
def embedded(request: HttpRequest, desk: str) -> HttpResponse:
    """The form in its frame, a page at a time; the receipt is shown in the frame as well."""
    if request.method != "POST":
        token = new_token(desk)
        return _pages(request, desk, read_token(token, desk), token).shown("matter")
    opened = read_token(request.POST.get(FRAME_FIELD, ""), desk)
    if not opened.is_over:
        return _pages(request, desk, opened, request.POST[FRAME_FIELD]).taken()
    pages = _pages(request, desk, opened, new_token(desk, opened.secret))
    sentence = gettext("这一页打开得太久了。您写的内容都还在，请再按一次。")
    return pages.filled_again(sentence, status=403)


@csrf_exempt
@route(audience="public", permission="form_token", kind="desk", methods=["POST"])
@framed
@portal_page
def embedded_keep(request: HttpRequest, desk: str) -> HttpResponse:
    """Keep what stands in the frame while somebody types."""
    opened = read_token(request.POST.get(FRAME_FIELD, ""), desk)
    return kept(_letter(request, desk, opened))


@csrf_exempt
@route(audience="public", permission="form_token", kind="upload", methods=["POST"])
@framed
@portal_page
def embedded_uploads(request: HttpRequest, desk: str) -> HttpResponse:
    """Keep each file for the token of the form; a refused one says why."""
    opened = read_token(request.POST.get(FRAME_FIELD, ""), desk)
    return take_files(request, _offered(desk), owner=Device(opened.secret).owner)


def _offered(desk: str) -> PortalDesk:
    """The desk, if some website may show its form. Raises NotVisible."""
    offered = portal_desk(desk, now=timezone.now())
    if offered is None or not embed_hosts_of(offered.desk):
        raise NotVisible
    return offered


def _letter(request: HttpRequest, desk: str, opened: Opened) -> Letter:
    offered = _offered(desk)
    asked = request.GET.get("kind", "")
    kind = asked if asked in dict(offered.kinds) else offered.kinds[0][0]
    device = Device(opened.secret)
    return Letter(request, offered, kind, session=device.id, owner=device.owner, entrance=None, now=timezone.now())


def _kinds(letter: Letter, desk: str) -> list[tuple[str, str, bool]]:
    """What can be written to the desk, a complaint or a suggestion for instance, each with its address."""
    address, lang = reverse("portal_embed", args=[desk]), get_language()
    return [
        (words(title), f"{address}?{urlencode({'kind': name, 'lang': lang})}", name == letter.kind)
        for name, title in letter.offered.kinds
    ]


SCRIPT = """(() => {
  const here = document.currentScript, frame = document.createElement("iframe");
  frame.src = %(address)s;
  frame.title = %(title)s;
  frame.loading = "lazy";
  frame.referrerPolicy = "no-referrer";
  Object.assign(frame.style, { width: "100%%", height: "960px", border: "0" });
  here.after(frame);
  addEventListener("message", (event) => {
    if (event.source !== frame.contentWindow || event.origin !== %(origin)s) return;
    const height = event.data && event.data.amendsHeight;
    if (Number.isInteger(height)) frame.style.height = Math.min(Math.max(height, 320), 20000) + "px";
  });
})();
"""
"""What a website loads to show the form as high as it is; it reads nothing of the page but the height its own frame tells."""


@route(audience="public", permission="none", kind="desk", methods=["GET"])
@framed
@portal_page
def frame_script(request: HttpRequest, desk: str) -> HttpResponse:
    """The script that puts the form into a page of a listed website, in the height that it needs."""
    offered = _offered(desk)
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(settings.BASE_URL))
    said = {
        "address": settings.BASE_URL + reverse("portal_embed", args=[desk]),
        "title": offered.what_for,
        "origin": origin,
    }
    quoted = {name: json.dumps(text).replace("<", "\\u003c") for name, text in said.items()}
    response = HttpResponse(SCRIPT % quoted, content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = "public, max-age=600"
    return response


def _pages(request: HttpRequest, desk: str, opened: Opened, token: str) -> Pages:
    letter = _letter(request, desk, opened)
    named: dict[str, Any] = {"kind": letter.kind, "lang": get_language()}

    def received(receipt: Receipt) -> HttpResponse:
        return receipt_page(request, letter.offered, receipt, base="portal/embed_base.html")

    def address(name: str) -> str:
        return f"{reverse(name, args=[desk])}?{urlencode(named)}"

    frame = Frame(
        base="portal/embed_base.html",
        action=address("portal_embed"),
        uploads=address("portal_embed_uploads"),
        keeps=address("portal_embed_keep"),
        back="",
        leads_to=None,
        received=received,
        hidden={FRAME_FIELD: token},
        limits={letters_through_a_frame(): desk},
        kinds=_kinds(letter, desk),
    )
    return Pages(letter, frame)
