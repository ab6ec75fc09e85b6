"""How every page of the portal answers: never cached, never telling where one came from, refusals in plain words."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from amends.apps.messaging.allowances import TooMany
from amends.core.refusals import NotVisible, Refusal
from amends.doors.wording import said
from amends.web.portal.device import remember

Answer = TypeVar("Answer", bound=HttpResponseBase)
View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def portal_page(view: View) -> View:
    """Wrap a view of the portal: its headers, and a page for every refusal that the view does not show itself."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            response: HttpResponseBase = view(request, *args, **kwargs)
        except NotVisible:
            response = not_found(request)
        except Refusal as refusal:
            response = refused(request, refusal)
        return private(remember(request, response))

    return cast(View, answer)


def private(response: Answer) -> Answer:
    """The answer with the headers of the portal."""
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    patch_vary_headers(response, ["Cookie", "Accept-Language"])
    return response


def not_found(request: HttpRequest) -> HttpResponse:
    """One page for links that are wrong, ended, or never were."""
    return render(request, "portal/not_found.html", status=404)


def refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    response = render(request, "portal/refused.html", {"sentence": said(refusal)}, status=refusal.status)
    return with_retry(response, refusal)


def with_retry(response: HttpResponse, refusal: Refusal) -> HttpResponse:
    """The answer with `Retry-After` where a limit was reached."""
    if isinstance(refusal, TooMany):
        response["Retry-After"] = str(refusal.retry_after)
    return response
