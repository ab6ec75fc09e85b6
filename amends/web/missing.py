"""The answer to an address that leads nowhere: in the words of customers on their side of the house, in those of staff elsewhere."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views import defaults

from amends.web.portal.answering import not_found, private

PORTAL = "/portal"


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The page of the portal for a mistyped address of it, however it is spelt; else the one of staff."""
    if request.path.lower().startswith(PORTAL):
        return private(not_found(request))
    return defaults.page_not_found(request, exception)
