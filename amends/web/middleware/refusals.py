"""A refusal that no view turned into a page of its own becomes one sentence with the fitting status."""

from __future__ import annotations

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.defaults import page_not_found

from amends.core.refusals import InvalidData, NotVisible, Refusal
from amends.doors.wording import said, said_of_field


class RefusalPages:
    """Staff pages only: the API and the portal answer in their own way before an exception gets here."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, Refusal) or request.path.startswith("/api/"):
            return None
        if isinstance(exception, NotVisible):
            return page_not_found(request, Http404())
        return refusal_page(request, exception)


def refusal_page(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """One page, or one fragment for htmx, that says what was refused and why."""
    sentences = [said(refusal)]
    if isinstance(refusal, InvalidData):
        sentences = [said_of_field(error) for error in refusal.errors]
    template = "ui/refusal.html" if request.headers.get("HX-Request") == "true" else "refusal.html"
    return render(request, template, {"sentences": sentences, "code": refusal.code}, status=refusal.status)
