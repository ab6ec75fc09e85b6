"""Registering a contact while the caller talks: desk, kind and channel, then the form of the kind."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from amends.apps.cases.calls import LONGEST_LINE, LONGEST_SECRET, sealed_call, waiting_call
from amends.apps.cases.drafts import draft_at
from amends.apps.cases.once import answered_before, key_of_form
from amends.apps.cases.queries import Viewer
from amends.apps.policies.models import Desk
from amends.core.form_data import checked_text, read_phone
from amends.core.policy.pack import Pack
from amends.core.refusals import InvalidData
from amends.doors.routes import route
from amends.doors.wording import said, words
from amends.web.drafts.views import content_of, place_of_intake
from amends.web.forms import draw
from amends.web.forms.drawing import Choice, Drawing
from amends.web.forms.posted import is_redraw
from amends.web.forms.uploads import kept_uploads, take_uploads
from amends.web.guidance.places import guide_of_intake, mark_of
from amends.web.intake.answers import taken_call, with_known_caller
from amends.web.intake.left import drafts_left
from amends.web.intake.registering import META, registered
from amends.web.intake.state import Intake, desks_to_register_on
from amends.web.viewing import viewer_of, zone_of

__all__ = ["desks_to_register_on", "page"]


@route(audience="staff", permission="register", kind="case", methods=["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """The form, drawn again as it is filled in, and registered once however often it is sent."""
    viewer = viewer_of(request)
    desks = desks_to_register_on(viewer)
    if not desks:
        return render(request, "intake/closed.html", {"area": "intake"}, status=403)
    if request.method in ("GET", "HEAD"):
        return _opened(request, viewer, desks)
    post, call_said = taken_call(request.POST, desks, now=viewer.now)
    intake = Intake(viewer, desks, with_known_caller(post, viewer))
    errors = take_uploads(request, intake.form, intake.pack, intake.entered, owner=intake.owner, now=viewer.now)
    if is_redraw(request.POST) or errors:
        return drawn(request, intake, errors, status=422 if errors else 200, call_said=call_said)
    return registered(request, intake, drawn)


def _opened(request: HttpRequest, viewer: Viewer, desks: dict[Desk, Pack]) -> HttpResponse:
    """A new form, one that was left, or one for a call that waits. Opening takes nothing: the page does, once it is there."""
    owner, wanted = viewer.person.actor_id, request.GET.get("draft", "")[:64]
    start = QueryDict(mutable=True)
    if wanted:
        draft = draft_at(owner=owner, place=place_of_intake(wanted))
        if draft is not None:
            kept = content_of(draft).copy()
            kept["_token"] = wanted
            return drawn(request, Intake(viewer, desks, kept), {}, seen=draft.saved_at.isoformat())
        if number := answered_before(caller=owner, key=key_of_form(wanted)):
            return HttpResponseRedirect(reverse("intake_done", args=[number]))
    if request.GET.get("phone"):
        return _led_to_call(request, viewer, desks)
    start.update({f"_{name}": request.GET.get(name, "") for name in ("desk", "kind", "channel")})
    call = waiting_call(request.GET.get("call", ""), now=viewer.now)
    if call is not None and call.desk in desks:
        start["_desk"] = call.desk.code
    return drawn(
        request, Intake(viewer, desks, start), {}, is_new=True, call=request.GET.get("call", "")[:LONGEST_SECRET]
    )


def _led_to_call(request: HttpRequest, viewer: Viewer, desks: dict[Desk, Pack]) -> HttpResponse:
    """A call whose number a telephone system put into the address: on to an address without it, so that no history keeps it."""
    desk = next((d for d in desks if d.code == request.GET.get("desk")), next(iter(desks)))
    try:
        phone = read_phone(request.GET["phone"], pointer="/phone")
        line = checked_text(request.GET.get("line", ""), pointer="/line", field=gettext("线路"), limit=LONGEST_LINE)
    except InvalidData as refusal:
        messages.warning(request, gettext("电话系统传来的号码无法识别：%(why)s") % {"why": said(refusal)})
        return HttpResponseRedirect(f"{reverse('intake')}?{urlencode({'desk': desk.code})}")
    secret = sealed_call(desk=desk, phone=phone, line=line, by=viewer.person.actor_id, now=viewer.now)
    asked = {name: request.GET[name] for name in ("kind", "channel") if request.GET.get(name)}
    return HttpResponseRedirect(f"{reverse('intake')}?{urlencode({'call': secret, **asked})}")


def drawn(
    request: HttpRequest, intake: Intake, errors: dict[str, list[str]], *, status: int = 200, is_new: bool = False,
    token: str = "", seen: str = "", call: str = "", call_said: str = "",
) -> HttpResponse:  # fmt: skip
    """The page, or for htmx its form alone, with everything typed and every fault at its field."""
    viewer = intake.viewer
    is_fragment = request.headers.get("HX-Request") == "true"
    about_form = {place: found for place, found in errors.items() if place not in META}
    what = Drawing(
        pack=intake.pack, facts=intake.facts_of_way_in(), now=viewer.now, zone=zone_of(intake.pack),
        roles=intake.actor.roles, graded=_graded(intake), uploads=kept_uploads(intake.form, intake.entered, owner=intake.owner),
        is_new=is_new, folds=True, suggests=True, desk=intake.desk,
    )  # fmt: skip
    context: dict[str, Any] = {
        "area": "intake",
        "form": draw(intake.form, what, intake.entered, about_form),
        "intake": intake,
        "desks": _choices({d.code: d.called for d in intake.desks}, intake.desk.code),
        "kinds": _choices({k: v.title for k, v in intake.pack.channels.kinds.items()}, intake.kind),
        "channels": _channels(intake),
        "may_backdate": intake.may_backdate(),
        "received_at": intake.post.get("_received_at", ""),
        "backdate_reason": intake.post.get("_backdate_reason", ""),
        "latest": f"{viewer.now.astimezone(zone_of(intake.pack)):%Y-%m-%dT%H:%M}",
        "meta_errors": {place: found for place, found in errors.items() if place in META},
        "carried": intake.carried(),
        "token": token or intake.token or uuid.uuid4().hex,
        "is_new": is_new,
        "seen": seen,
        "call": call,
        "call_said": call_said,
        "action": reverse("intake"),
        "zone": zone_of(intake.pack),
    }
    if not is_fragment:
        guide = guide_of_intake(intake)
        context |= {
            "left": drafts_left(viewer, apart_from=context["token"]),
            "guide": guide,
            "guide_mark": mark_of(guide),
        }
    return render(request, "intake/_form.html" if is_fragment else "intake/page.html", context, status=status)


def _graded(intake: Intake) -> tuple[str, ...]:
    """What registering grades for this person, so that the form shows the proposal beside the choice."""
    rules = [
        t for t in intake.pack.lifecycle.from_state(None) if t.verb == "register" and set(t.by) & intake.actor.roles
    ]
    return rules[0].grades if rules else ()


def _choices(titles: dict[str, Any], chosen: str) -> list[Choice]:
    return [Choice(value, words(title), is_chosen=value == chosen) for value, title in titles.items()]


def _channels(intake: Intake) -> list[Choice]:
    groups = intake.pack.channels.groups
    return [
        Choice(name, words(channel.title), group=words(groups.get(channel.group)), is_chosen=name == intake.channel)
        for name, channel in intake.pack.channels.channels.items()
        if not channel.retired
    ]
