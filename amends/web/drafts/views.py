"""Drafts: saved every few seconds while somebody types, offered when they come back."""

from __future__ import annotations

from contextlib import suppress
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext

from amends.apps.cases.drafts import drop_draft, save_draft
from amends.apps.cases.models import Draft
from amends.doors.routes import route
from amends.web.viewing import viewer_of

NEVER_KEPT = ("csrfmiddlewaretoken", "_place", "_redraw", "_add", "_remove", "_token")


@route(audience="staff", permission="signed_in", kind="draft", methods=["POST"])
def save(request: HttpRequest) -> HttpResponse:
    """Keep what stands in a form; answers with when it was saved."""
    viewer = viewer_of(request)
    kept = request.POST.copy()
    for name in NEVER_KEPT:
        kept.pop(name, None)
    place = request.POST.get("_place", "")
    if place:
        save_draft(owner=viewer.person.actor_id, place=place, content=kept.urlencode(), now=viewer.now)
    local = viewer.now.astimezone(ZoneInfo("Asia/Shanghai"))
    return HttpResponse(gettext("草稿已保存 %(at)s") % {"at": f"{local:%H:%M:%S}"}, content_type="text/plain")


@route(audience="staff", permission="signed_in", kind="draft", methods=["POST"])
def drop(request: HttpRequest) -> HttpResponse:
    """Forget the draft of a place and show the empty form again."""
    place = request.POST.get("_place", "")
    drop_draft(owner=viewer_of(request).person.actor_id, place=place)
    return HttpResponseRedirect(address_of(place))


def address_of(place: str) -> str:
    """The page to which a draft belongs."""
    kind, _, rest = place.partition(":")
    number, _, verb = rest.rpartition(":")
    if kind == "case" and number and verb:
        with suppress(NoReverseMatch):
            return reverse("act", args=[number, verb])
    return reverse("intake")


def content_of(draft: Draft) -> QueryDict:
    """A draft as it was posted."""
    return QueryDict(draft.content)
