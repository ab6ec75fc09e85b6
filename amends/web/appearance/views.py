"""Light or dark pages: as the reader chose, or as their system says. Kept in a cookie of the device, like daylight itself."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from amends.doors.routes import route
from amends.web.addresses import own_address

APPEARANCES = ("system", "light", "dark")


@route(audience="public", permission="none", methods=["POST"])
def set_appearance(request: HttpRequest) -> HttpResponse:
    """Show pages light, dark, or as the system says from now on; any other word changes nothing."""
    chosen = request.POST.get("appearance", "")
    response = HttpResponseRedirect(own_address(request.POST.get("next", "")))
    if chosen in APPEARANCES:
        response.set_cookie(
            settings.APPEARANCE_COOKIE_NAME,
            chosen,
            max_age=365 * 24 * 3600,
            secure=settings.LANGUAGE_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
    return response


def appearance(request: HttpRequest) -> dict[str, str]:
    """Context processor: what the reader chose."""
    chosen = request.COOKIES.get(settings.APPEARANCE_COOKIE_NAME, "")
    return {"appearance": chosen if chosen in APPEARANCES else "system"}
