"""One verb of somebody outside with its form: a customer accepts, refuses, rates, adds; a partner answers, objects."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from amends.apps.cases.actions import Wish, perform
from amends.apps.cases.clocks import clocks_of
from amends.apps.cases.evidence import rules_of
from amends.apps.cases.once import Answer, OtherContent, digest_of_form, key_of_form, once
from amends.apps.messaging.allowances import Allowance, spend
from amends.core.clocks import ClockReading
from amends.core.decide import Action
from amends.core.decision import form_for
from amends.core.policy.lifecycle import Transition
from amends.core.refusals import AlreadyDecided, InvalidData, NotPermitted, Refusal, Stale, WrongState
from amends.doors.wording import faults, in_words, said
from amends.web.forms.standing import typed_in
from amends.web.portal.answering import with_retry
from amends.web.portal.asking import form_for_customers
from amends.web.portal.desks import PortalDesk
from amends.web.portal.device import device_of
from amends.web.portal.filled import Filled
from amends.web.portal.network import network_of
from amends.web.portal.offers import SENDING, THANKS, title_of
from amends.web.portal.progress import in_full
from amends.web.portal.sides import Side
from amends.web.steps.closing import clock_that_binds
from amends.web.viewing import zone_of

ADDITIONS_FROM_A_NETWORK = Allowance("portal-additions", limit=30, within=timedelta(hours=1))
LONG = 10
"""Longer texts are shown again where a form can not be drawn any more."""


def act_on(request: HttpRequest, side: Side, verb: str, *, back: str, action: str) -> HttpResponse:
    """The form of a verb, taken in or drawn; `back` is the page it belongs to, `action` the address of this form."""
    found = next((a for a in side.actions if a.verb == verb), None)
    if found is None:
        return _not_now(request, side, verb, back)
    form = form_for_customers(found.form, side.roles)
    filled = Filled(
        request, side.pack, form, facts=side.facts, owner=device_of(request).owner, now=timezone.now(), roles=side.roles
    )
    page = _ActPage(request, side, found, filled, back, action)
    if request.method != "POST":
        return page.shown(is_new=True)
    if filled.is_redraw or filled.errors:
        return page.shown(status=422 if filled.errors else 200)
    if request.POST.get("_seen") != side.seen:
        return page.shown(
            status=Stale.status,
            sentence=gettext("在您填写期间，这件事有了新的进展。请先查看最新情况，您填写的内容还在。"),
        )
    if filled.check():
        return page.shown(status=422)
    return page.sent()


def long_texts(request: HttpRequest) -> list[str]:
    """What was typed at length, to be copied from a page that has no field for it."""
    typed = [
        value for name in request.POST if not name.startswith(("_", "csrf")) for value in request.POST.getlist(name)
    ]
    return [text for text in typed if len(text) > LONG]


def _not_now(request: HttpRequest, side: Side, verb: str, back: str) -> HttpResponse:
    """The verb is not open any more: the answer was given already, or the time for it is over. What was typed can be copied."""
    now, transition = timezone.now(), side.transition(verb)
    refusal = side.why_not(verb, now) if transition else None
    moved_on = gettext("现在不需要这一步了：这件事的进展已经变化。")
    bound = _period_over(side, transition, now) if transition else None
    context = {
        "sentence": said(refusal) if isinstance(refusal, WrongState | AlreadyDecided) else moved_on,
        "bound": bound,
        "bound_at": in_full(bound.due_at, zone_of(side.pack)) if bound and bound.due_at else "",
        "is_partner": side.is_partner,
        "is_ours": True,
        "back": back,
        "fields": _typed_into(request, side, transition, now) if transition else [],
        "typed": [] if transition else long_texts(request),
        "hotline": side.pack.head.hotline,
    }
    response = render(request, "portal/refused.html", context, status=409)
    if request.headers.get("HX-Request") == "true":
        # Asked for by the fields of a form that is gone: the page as a whole takes its place.
        response["HX-Retarget"] = "body"
    return response


def _period_over(side: Side, transition: Transition, now: datetime) -> ClockReading | None:
    """The clock within which alone the step was open, once it is over: while it runs it is not what is in the way."""
    bound = clock_that_binds(transition, clocks_of(side.row, side.pack, now, with_segments=False))
    return bound if bound and bound.due_at and bound.due_at <= now else None


def _typed_into(request: HttpRequest, side: Side, transition: Transition, now: datetime) -> list[tuple[str, str]]:
    """What was sent with the form of a step that is not open any more, field by field."""
    form = form_for_customers(form_for(side.pack, transition), side.roles)
    owner = device_of(request).owner
    return typed_in(Filled(request, side.pack, form, facts=side.facts, owner=owner, now=now, roles=side.roles).drawn())


@dataclass(slots=True)
class _ActPage:
    request: HttpRequest
    side: Side
    action_found: Action
    filled: Filled
    back: str
    action: str

    def sent(self) -> HttpResponse:
        """Do it, once for the token of the page, and go back to where it belongs."""
        verb, now, row = self.action_found.verb, self.filled.now, self.side.row
        wish = Wish(
            verb=verb, data=self.filled.data, caller=self.side.caller, now=now, version=row.version,
            local_zone=zone_of(self.side.pack), uploads_of=self.filled.owner,
        )  # fmt: skip
        key = key_of_form(f"{row.pk}:{self.request.POST.get('_token', '')[:48] or uuid.uuid4().hex}")
        digest = digest_of_form(verb, self.action_found.form, wish.data)

        def do() -> Answer:
            spend([ADDITIONS_FROM_A_NETWORK], subject=network_of(self.request), now=now)
            return Answer(perform(row, wish).number)

        try:
            once(caller=self.filled.owner, key=key, digest=digest, now=now, do=do)
        except OtherContent as other:
            return self.shown(status=422, sentence=said(other), token=uuid.uuid4().hex)
        except InvalidData as refusal:
            self.filled.errors = faults(refusal)
            return self.shown(status=422)
        except NotPermitted:
            return _not_now(self.request, self.side, verb, self.back)
        except Refusal as refusal:
            return with_retry(self.shown(status=refusal.status, sentence=said(refusal)), refusal)
        messages.success(self.request, in_words(THANKS.get(verb, gettext_noop("已收到。"))))
        return HttpResponseRedirect(self.back)

    def shown(self, *, status: int = 200, is_new: bool = False, sentence: str = "", token: str = "") -> HttpResponse:
        verb = self.action_found.verb
        drawn = self.filled.drawn(is_new=is_new)
        context = {
            "base": "portal/base.html",
            "is_partner": self.side.is_partner,
            "called": self.side.called,
            "number": self.side.row.number,
            "desk": PortalDesk(self.side.row.desk, self.side.pack),
            "verb": verb,
            "title": title_of(self.action_found),
            "send": in_words(SENDING.get(verb, gettext_noop("提交"))),
            "form": drawn,
            "fields": list(drawn.fields()),
            "action": self.action,
            "uploads_address": reverse("portal_uploads", args=[self.side.row.desk.code]),
            "back": self.back,
            "rules": rules_of(self.side.pack),
            "token": token or self.request.POST.get("_token", "")[:48] or uuid.uuid4().hex,
            "seen": self.side.seen,
            "sentence": sentence,
        }
        template = "portal/_fields.html" if self.filled.is_fragment else "portal/act.html"
        return render(self.request, template, context, status=status)
