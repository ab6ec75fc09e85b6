"""Drafts: saved every few seconds while somebody types, offered when they come back."""

from __future__ import annotations

import uuid
from contextlib import suppress
from datetime import datetime
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.translation import gettext

from amends.apps.cases.drafts import WrittenElsewhere, drop_draft, save_draft
from amends.apps.cases.models import Draft
from amends.apps.cases.once import answered_before, key_of_form
from amends.doors.routes import route
from amends.doors.wording import said
from amends.web.addresses import own_address
from amends.web.viewing import viewer_of

NEVER_KEPT = (
    "csrfmiddlewaretoken",
    "_place",
    "_redraw",
    "_add",
    "_remove",
    "_token",
    "_writer",
    "_seen",
    "_call",
    "_caller",
)
INTAKE = "intake:"


def place_of_intake(token: str) -> str:
    """Where a form of the intake page is kept: several can be open at once, each under its own token."""
    return f"{INTAKE}{token[:64]}"


@route(audience="staff", permission="signed_in", kind="draft", methods=["POST"])
def save(request: HttpRequest) -> HttpResponse:
    """Keep what stands in a form; answers with when it was saved.

    Where another window goes on with the same draft, 409 names a new key, under which this window goes on.
    """
    viewer, place = viewer_of(request), request.POST.get("_place", "")
    owner, is_intake = viewer.person.actor_id, place.startswith(INTAKE)
    token = place.removeprefix(INTAKE) if is_intake else request.POST.get("_token", "")
    if place and not _was_sent(owner, token):
        try:
            save_draft(
                owner=owner, place=place, content=kept_as_draft(request.POST), now=viewer.now,
                writer=request.POST.get("_writer", "") if is_intake else "", seen=_moment(request.POST.get("_seen", "")),
            )  # fmt: skip
        except WrittenElsewhere as refusal:
            token = uuid.uuid4().hex
            headers = {"Draft-Token": token}
            return HttpResponse(said(refusal), status=refusal.status, content_type="text/plain", headers=headers)
        if _was_sent(owner, token):
            # Sent while this was being saved: looking again afterwards leaves no gap between the two.
            drop_draft(owner=owner, place=place)
    local = viewer.now.astimezone(ZoneInfo("Asia/Shanghai"))
    answer = HttpResponse(gettext("草稿已保存 %(at)s") % {"at": f"{local:%H:%M:%S}"}, content_type="text/plain")
    answer["Draft-Saved"] = viewer.now.isoformat()
    return answer


def _was_sent(owner: str, token: str) -> bool:
    """Whether the form of that token was sent meanwhile: what comes late from its page is no draft any more."""
    return token != "" and answered_before(caller=owner, key=key_of_form(token)) != ""


def _moment(text: str) -> datetime | None:
    with suppress(ValueError):
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo else None
    return None


@route(audience="staff", permission="signed_in", kind="draft", methods=["POST"])
def drop(request: HttpRequest) -> HttpResponse:
    """Forget the draft of a place and show the empty form again."""
    drop_draft(owner=viewer_of(request).person.actor_id, place=request.POST.get("_place", ""))
    return HttpResponseRedirect(own_address(request.POST.get("_address") or reverse("intake")))


def kept_as_draft(post: QueryDict) -> str:
    """What was posted, without what belongs to the page alone."""
    kept = post.copy()
    for name in NEVER_KEPT:
        kept.pop(name, None)
    return kept.urlencode()


def content_of(draft: Draft) -> QueryDict:
    """A draft as it was posted."""
    return QueryDict(draft.content)
