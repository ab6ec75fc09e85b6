"""Every look at a case is noted: collected while a request runs, written once when it was answered."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from amends.apps.people.access import Noting, noting, write_looks
from amends.web.portal.network import network_of

READING = ("GET", "HEAD")


class AccessLog:
    """Writes the looks of a request that read and was answered; what changes a case stands on its chain already."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with noting(Noting(address=network_of(request))) as noted:
            response = self.get_response(request)
        if noted.looks and request.method in READING and response.status_code < 400:
            match = request.resolver_match
            noted.page = (match.url_name or match.view_name) if match else ""
            write_looks(noted)
        return response
