"""The notices of whoever is signed in."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from amends.apps.cases.proceedings.queries import visible_proceedings_among
from amends.apps.cases.queries import visible_among
from amends.apps.messaging.actions import acknowledge_notice
from amends.apps.messaging.models import Notice
from amends.apps.messaging.queries import notices_of
from amends.doors.routes import route
from amends.web.viewing import viewer_of

PAGE_SIZE = 50


@route(audience="staff", permission="signed_in", kind="notice")
def page(request: HttpRequest) -> HttpResponse:
    """New notices, or all of them. Of a case or proceeding that the reader may not see any more a notice tells nothing."""
    viewer, show_all = viewer_of(request), request.GET.get("show") == "all"
    found = notices_of(viewer.person, only_new=not show_all, before=_before(request), size=PAGE_SIZE + 1)
    cases = visible_among(viewer, [notice.case_key for notice in found if notice.case_key])
    proceedings = visible_proceedings_among(viewer, [n.proceeding_key for n in found if n.proceeding_key])
    notices = [(notice, _is_open(notice, cases, proceedings)) for notice in found[:PAGE_SIZE]]
    context: dict[str, Any] = {"area": "notices", "notices": notices, "show_all": show_all}
    if len(found) > PAGE_SIZE:
        last = found[PAGE_SIZE - 1]
        context["next"] = urlencode(
            {"show": "all" if show_all else "", "at": last.created_at.isoformat(), "id": last.pk}
        )
    return render(request, "notices/page.html", context)


def _is_open(notice: Notice, cases: Collection[str], proceedings: Collection[str]) -> bool:
    """Whether the reader may see what a notice is about; one about a desk as a whole is about nothing hidden."""
    if notice.proceeding_key:
        return notice.proceeding_key in proceedings
    return not notice.case_key or notice.case_key in cases


def _before(request: HttpRequest) -> tuple[datetime, int] | None:
    """The place to go on from; a place that can not be read begins at the start."""
    try:
        at = datetime.fromisoformat(request.GET.get("at", ""))
        return (at, int(request.GET.get("id", "")[:15])) if at.tzinfo and 1900 <= at.year <= 2200 else None
    except ValueError:
        return None


@route(audience="staff", permission="signed_in", kind="notice", methods=["POST"])
def acknowledge(request: HttpRequest, pk: int) -> HttpResponse:
    """Note that a notice was seen; htmx gets an empty line."""
    viewer = viewer_of(request)
    notice = Notice.objects.filter(pk=pk, person=viewer.person).first()
    if notice is None:
        raise Http404
    acknowledge_notice(notice=notice, now=viewer.now)
    if request.headers.get("HX-Request") == "true":
        return HttpResponse("")
    return HttpResponseRedirect(reverse("notices"))


@route(audience="staff", permission="signed_in", kind="notice", methods=["POST"])
def acknowledge_shown(request: HttpRequest) -> HttpResponse:
    """Note that every notice on the page was seen; those that came meanwhile stay new."""
    viewer = viewer_of(request)
    shown = [int(pk) for pk in request.POST.getlist("notice") if pk.isascii() and pk.isdigit() and len(pk) < 16]
    for notice in Notice.objects.filter(pk__in=shown[:PAGE_SIZE], person=viewer.person, acknowledged_at=None):
        acknowledge_notice(notice=notice, now=viewer.now)
    return HttpResponseRedirect(reverse("notices"))
