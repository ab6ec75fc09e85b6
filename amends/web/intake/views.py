"""Registering a contact while the caller talks: desk, kind and channel, then the form of the kind."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from amends.apps.cases.actions import Contact, register_case
from amends.apps.cases.drafts import draft_at, drop_draft
from amends.apps.cases.listing import earlier_contacts
from amends.apps.cases.once import once
from amends.apps.cases.queries import Viewer, visible_to
from amends.apps.people.directory import OrganisationOfDesk
from amends.apps.policies.models import Desk
from amends.core.facts import CaseFacts
from amends.core.form_data import Reading, read_value
from amends.core.policy.base import Title
from amends.core.policy.forms import Field, Form
from amends.core.policy.pack import Pack
from amends.core.refusals import FieldError, InvalidData, Refusal
from amends.core.roles import actor_on_case, has_right
from amends.doors.routes import route
from amends.doors.wording import faults, said, words
from amends.web.drafts.views import content_of
from amends.web.forms import Posted, draw, posted
from amends.web.forms.drawing import Choice, Drawing
from amends.web.forms.posted import KEPT, is_redraw, without_blank_rows
from amends.web.forms.uploads import kept_uploads, take_uploads
from amends.web.queue.rows import rows_of
from amends.web.viewing import may_register, packs_of, viewer_of, zone_of

PLACE = "intake"
META = {"kind": "_kind", "channel": "_channel", "received_at": "_received_at", "backdate_reason": "_backdate_reason"}
RECEIVED = Field(id="received_at", title=Title(**{"zh-Hans": "收到时间", "en": "received at"}), type="datetime")


@dataclass(slots=True)
class Intake:
    """What the page is about: the desk, the kind and the channel chosen so far, and what was typed."""

    viewer: Viewer
    desks: dict[Desk, Pack]
    post: QueryDict
    desk: Desk = field(init=False)
    pack: Pack = field(init=False)
    kind: str = field(init=False)
    channel: str = field(init=False)
    form: Form = field(init=False)
    entered: Posted = field(init=False)

    def __post_init__(self) -> None:
        chosen = [desk for desk in self.desks if desk.code == self.post.get("_desk")]
        self.desk = (chosen or list(self.desks))[0]
        self.pack = self.desks[self.desk]
        kinds = list(self.pack.channels.kinds)
        asked = self.post.get("_kind", "")
        self.kind = asked if asked in kinds else kinds[0]
        channels = [name for name, channel in self.pack.channels.channels.items() if not channel.retired]
        asked = self.post.get("_channel", "")
        self.channel = asked if asked in channels else channels[0]
        self.form = self.pack.forms[self.pack.channels.kinds[self.kind].form]
        self.entered = posted(self.form, self.post, several=several_of(self.form, self.pack))

    @property
    def roles(self) -> frozenset[str]:
        return self._actor().roles

    def _actor(self) -> Any:
        caller = self.viewer.caller(self.desk, self.pack)
        return actor_on_case(self.pack, caller, CaseFacts(), OrganisationOfDesk(self.desk, self.pack, self.viewer.now))

    def may_backdate(self) -> bool:
        return has_right(self.pack, self._actor(), "backdate")

    def carried(self) -> list[tuple[str, str]]:
        """What was typed into fields that the present kind does not have: it comes back with them."""
        own = {f.id for f in self.form.fields}
        found: dict[str, str] = {}
        for name in self.post:
            value = self.post.get(name, "")
            plain = name.removeprefix(KEPT)
            if value and not plain.startswith("_") and "-" not in plain and plain not in own and plain[:1].isalpha():
                found[KEPT + plain] = value
        found.pop("csrfmiddlewaretoken", None)
        return [(name, value) for name, value in found.items() if name != KEPT + "csrfmiddlewaretoken"]


def several_of(form: Form, pack: Pack) -> frozenset[str]:
    """The category fields of a form that take more than one value."""
    several = {scheme.id for scheme in pack.categories.schemes if scheme.several}
    return frozenset(f.id for f in form.fields if f.type == "category" and f.scheme in several)


@route(audience="staff", permission="register", kind="case", methods=["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """The form, drawn again as it is filled in, and registered once however often it is sent."""
    viewer = viewer_of(request)
    desks = desks_to_register_on(viewer)
    if not desks:
        return render(request, "intake/closed.html", {"area": "intake"}, status=403)
    if request.method == "GET":
        return _opened(request, viewer, desks)
    intake = Intake(viewer, desks, request.POST)
    errors = take_uploads(
        request, intake.form, intake.pack, intake.entered, owner=viewer.person.actor_id, now=viewer.now
    )
    if is_redraw(request.POST) or errors:
        return _drawn(request, intake, errors, status=422 if errors else 200)
    return _registered(request, intake)


def desks_to_register_on(viewer: Viewer) -> dict[Desk, Pack]:
    """The desks on which the viewer may register, those where they hold a role first."""
    allowed = [(desk, pack) for desk, pack in packs_of(viewer).items() if may_register(viewer, desk, pack)]
    return dict(sorted(allowed, key=lambda found: not viewer.caller(*found).holdings))


def _opened(request: HttpRequest, viewer: Viewer, desks: dict[Desk, Pack]) -> HttpResponse:
    draft = draft_at(owner=viewer.person.actor_id, place=PLACE)
    if draft is not None and request.GET.get("draft"):
        return _drawn(request, Intake(viewer, desks, content_of(draft)), {})
    start = QueryDict(mutable=True)
    start.update({f"_{name}": request.GET.get(name, "") for name in ("desk", "kind", "channel")})
    return _drawn(request, Intake(viewer, desks, start), {}, draft=draft, is_new=True)


def _registered(request: HttpRequest, intake: Intake) -> HttpResponse:
    viewer = intake.viewer
    key = request.POST.get("_token") or uuid.uuid4().hex
    try:
        contact = _contact(intake)
        number, is_first = once(
            caller=viewer.person.actor_id, key=key, now=viewer.now, do=lambda: register_case(contact).number
        )
    except InvalidData as refusal:
        return _drawn(request, intake, faults(refusal), status=422)
    except Refusal as refusal:
        return _drawn(request, intake, {"": [said(refusal)]}, status=refusal.status)
    drop_draft(owner=viewer.person.actor_id, place=PLACE)
    if is_first:
        messages.success(request, gettext("已登记，编号 %(number)s。") % {"number": number})
    address = _address_after(viewer, number)
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)


def _address_after(viewer: Viewer, number: str) -> str:
    """The page of the new case, or the queue for somebody who hands cases in without seeing them."""
    is_seen = visible_to(viewer).filter(number=number).exists()
    return reverse("case", args=[number]) if is_seen else reverse("queue")


def _contact(intake: Intake) -> Contact:
    return Contact(
        desk=intake.desk,
        kind=intake.kind,
        channel=intake.channel,
        data=without_blank_rows(intake.entered.data),
        caller=intake.viewer.caller(intake.desk, intake.pack),
        now=intake.viewer.now,
        received_at=_received_at(intake),
        backdate_reason=intake.post.get("_backdate_reason", ""),
        local_zone=zone_of(intake.pack),
    )


def _received_at(intake: Intake) -> datetime | None:
    """The time of receipt as typed, read in the desk's zone. Raises InvalidData."""
    raw = intake.post.get("_received_at", "").strip()
    if not raw:
        return None
    errors: list[FieldError] = []
    reading = Reading(intake.pack, CaseFacts(), intake.viewer.now, zone_of(intake.pack))
    text = read_value(RECEIVED, raw, "/received_at", reading, errors)
    if errors:
        raise InvalidData(errors)
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _drawn(
    request: HttpRequest, intake: Intake, errors: dict[str, list[str]], *, status: int = 200, draft: Any = None,
    is_new: bool = False,
) -> HttpResponse:  # fmt: skip
    viewer = intake.viewer
    about_form = {place: found for place, found in errors.items() if place not in META}
    what = Drawing(
        pack=intake.pack, facts=_facts_of_way_in(intake), now=viewer.now, zone=zone_of(intake.pack), roles=intake.roles,
        uploads=kept_uploads(intake.form, intake.entered, owner=viewer.person.actor_id), is_new=is_new,
    )  # fmt: skip
    context = {
        "area": "intake",
        "form": draw(intake.form, what, intake.entered, about_form),
        "intake": intake,
        "desks": _choices({d.code: d.called for d in intake.desks}, intake.desk.code),
        "kinds": _choices({k: v.title for k, v in intake.pack.channels.kinds.items()}, intake.kind),
        "channels": _channels(intake),
        "may_backdate": intake.may_backdate(),
        "received_at": intake.post.get("_received_at", ""),
        "backdate_reason": intake.post.get("_backdate_reason", ""),
        "meta_errors": {place: found for place, found in errors.items() if place in META},
        "carried": intake.carried(),
        "token": intake.post.get("_token") or uuid.uuid4().hex,
        "draft": draft,
        "place": PLACE,
        "action": reverse("intake"),
        "zone": zone_of(intake.pack),
    }
    is_fragment = request.headers.get("HX-Request") == "true"
    return render(request, "intake/_form.html" if is_fragment else "intake/page.html", context, status=status)


def _facts_of_way_in(intake: Intake) -> CaseFacts:
    """What is known before anything is typed: conditions of the form may ask for kind and channel."""
    kind, channel = intake.pack.channels.kinds[intake.kind], intake.pack.channels.channels[intake.channel]
    return CaseFacts(
        values={
            "kind": intake.kind, "channel": intake.channel, "channel_group": channel.group, "written": channel.written,
            "internal": kind.internal, "counts": kind.counts,
        }
    )  # fmt: skip


def _choices(titles: dict[str, Any], chosen: str) -> list[Choice]:
    return [Choice(value, words(title), is_chosen=value == chosen) for value, title in titles.items()]


def _channels(intake: Intake) -> list[Choice]:
    groups = intake.pack.channels.groups
    return [
        Choice(name, words(channel.title), group=words(groups.get(channel.group)), is_chosen=name == intake.channel)
        for name, channel in intake.pack.channels.channels.items()
        if not channel.retired
    ]


@route(audience="staff", permission="register", kind="case", methods=["POST"])
def earlier(request: HttpRequest) -> HttpResponse:
    """Earlier cases of whoever calls, found by number, address or name while the officer types."""
    viewer = viewer_of(request)
    phone, email, name = (request.POST.get(f"complainant_{k}", "")[:200] for k in ("phone", "email", "name"))
    rows = rows_of(earlier_contacts(viewer, phone=phone, email=email, name=name), viewer.now)
    return render(request, "intake/_earlier.html", {"rows": rows, "asked": bool(phone or email or name)})
