"""The device a customer writes on, known by a cookie for seven days, so that what was typed there is found again.

The cookie holds 128 random bits; the database knows their digest only. It opens no case: it owns a draft and uploads.
"""

from __future__ import annotations

import hashlib
import re
import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from amends.apps.cases.actions.portal import portal_owner
from amends.apps.cases.drafts import PORTAL_DRAFT_LIVES

COOKIE = "__Host-device" if settings.SERVED_OVER_HTTPS else "device"
SECRET = re.compile(r"[A-Za-z0-9_-]{22}")


class Device:
    """Who writes: `owner` owns the draft, the uploads and the token of the form."""

    def __init__(self, secret: str) -> None:
        self.secret = secret

    @property
    def id(self) -> str:
        return hashlib.sha256(self.secret.encode()).hexdigest()[:24]

    @property
    def owner(self) -> str:
        return portal_owner(self.id)


def device_of(request: HttpRequest) -> Device:
    """The device of a request, the same one for the whole request; a new one where no cookie came."""
    found = getattr(request, "_device", None)
    if found is None:
        sent = request.COOKIES.get(COOKIE, "")
        found = Device(sent if SECRET.fullmatch(sent) else secrets.token_urlsafe(16))
        request._device = found  # type: ignore[attr-defined]
    return found


def remember(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """The answer with the cookie of the device, where the page made use of one."""
    device = getattr(request, "_device", None)
    if device is not None:
        response.set_cookie(
            COOKIE, device.secret, max_age=int(PORTAL_DRAFT_LIVES.total_seconds()), httponly=True,
            secure=settings.SESSION_COOKIE_SECURE, samesite="Lax",
        )  # fmt: skip
    return response
