"""A case by its private link (status and additions) and, once opened, everything the customer may read and do."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from amends.apps.cases.actions import Wish, perform
from amends.apps.cases.actions.portal import ask_for_code_of, portal_owner
from amends.apps.cases.facts import facts_of, pack_of
from amends.apps.cases.models import Case, EvidenceFile, PortalKey
from amends.apps.cases.once import once
from amends.apps.cases.portal_keys import addresses_of, key_of, pin_fits
from amends.apps.cases.queries import complainant_caller
from amends.apps.messaging.allowances import Allowance, TooMany, spend
from amends.apps.people.directory import OrganisationOfDesk
from amends.core.decide import Action, allowed_actions
from amends.core.policy.pack import Pack
from amends.core.refusals import InvalidData, NotPermitted, NotVisible, Refusal, Stale
from amends.core.roles import actor_on_case
from amends.doors.routes import route
from amends.doors.wording import button_of, faults, in_words, said, words
from amends.web.portal.answering import portal_page, with_retry
from amends.web.portal.desks import PortalDesk
from amends.web.portal.filled import Filled
from amends.web.portal.front import asking_of, too_many_codes
from amends.web.portal.network import network_of
from amends.web.portal.progress import in_full, progress_of
from amends.web.portal.sessions import PortalSession
from amends.web.portal.told import exchange_of
from amends.web.viewing import zone_of

ADDITIONS = ("add_information", "add_evidence")
"""What the private link alone allows."""

ADDITIONS_FROM_A_NETWORK = Allowance("portal-additions", limit=30, within=timedelta(hours=1))

BUTTONS = {
    "agree": gettext_noop("接受处理结果"),
    "refuse": gettext_noop("不接受，说明理由"),
    "rate": gettext_noop("评价这次处理"),
    "add_information": gettext_noop("补充情况"),
    "add_evidence": gettext_noop("补充材料"),
    "urge": gettext_noop("催一下进度"),
    "reopen": gettext_noop("要求重新处理"),
    "withdraw": gettext_noop("撤回反映"),
    "object": gettext_noop("提出异议"),
}
THANKS = {
    "agree": gettext_noop("已记下：您接受处理结果。谢谢您。"),
    "refuse": gettext_noop("已记下您的理由，我们会重新处理并再次答复您。"),
    "rate": gettext_noop("谢谢您的评价。"),
    "add_information": gettext_noop("已收到您补充的情况。"),
    "add_evidence": gettext_noop("已收到您补充的材料。"),
    "urge": gettext_noop("已转告负责的工作人员。"),
    "reopen": gettext_noop("已收到，我们会重新处理。"),
    "withdraw": gettext_noop("已撤回。"),
}
DECISIONS = ("agree", "refuse")
LAST = ("reopen", "withdraw")


@dataclass(frozen=True, slots=True)
class Offered:
    """A verb that is open to the customer now."""

    verb: str
    title: str


def actions_for(case: Case, pack: Pack, *, now: datetime) -> list[Action]:
    """What the complainant may do on the case now."""
    facts = facts_of(case)
    directory = OrganisationOfDesk(case.desk, pack, now)
    actor = actor_on_case(pack, complainant_caller(case), facts, directory)
    found = allowed_actions(pack=pack, process=pack.lifecycle, facts=facts, actor=actor)
    return [action for action in found if not action.needs_unmet]


def _offered(actions: Iterable[Action], verbs: Iterable[str] | None = None) -> list[Offered]:
    wanted = None if verbs is None else set(verbs)
    return [Offered(a.verb, title_of(a)) for a in actions if wanted is None or a.verb in wanted]


def title_of(action: Action) -> str:
    """What the button of a verb says to a customer."""
    if action.verb in BUTTONS:
        return in_words(BUTTONS[action.verb])
    return words(action.title) if action.title else button_of(action.verb)


# The private link


@route(audience="portal", permission="private_link", kind="case", methods=["GET"])
@portal_page
def by_link(request: HttpRequest, secret: str) -> HttpResponse:
    """Status only: no names, no texts, no files."""
    return _link_page(request, _key(secret), secret)


def _key(secret: str) -> PortalKey:
    key = key_of(secret, now=timezone.now())
    if key is None:
        raise NotVisible
    return key


def _link_page(request: HttpRequest, key: PortalKey, secret: str, *, status: int = 200, **more: object) -> HttpResponse:
    now, case = timezone.now(), key.case
    pack = pack_of(case)
    session = PortalSession(request)
    context = {
        "case": case,
        "desk": PortalDesk(case.desk, pack),
        "secret": secret,
        "progress": progress_of(case, pack, now=now),
        "has_address": bool(addresses_of(case)),
        "has_pin": bool(key.pin_hash),
        "is_open": session.opened_case(case.number, now=now) is not None,
        "additions": _offered(actions_for(case, pack, now=now), ADDITIONS),
        **more,
    }
    return render(request, "portal/link.html", context, status=status)


@route(audience="portal", permission="private_link", kind="case", methods=["POST"])
@portal_page
def code_by_link(request: HttpRequest, secret: str) -> HttpResponse:
    """Send a code to the address on file of the link's case."""
    key = _key(secret)
    try:
        asked = ask_for_code_of(key.case, asking=asking_of(request))
    except TooMany as refusal:
        page = _link_page(request, key, secret, status=refusal.status, refusal=said(refusal))
        return with_retry(page, refusal)
    if asked is None:
        return _link_page(request, key, secret)
    PortalSession(request).await_code(asked.pk)
    return HttpResponseRedirect(reverse("portal_code"))


@route(audience="portal", permission="private_link", kind="case", methods=["POST"])
@portal_page
def pin_by_link(request: HttpRequest, secret: str) -> HttpResponse:
    """Open the case with the PIN of the receipt, where no address is on file."""
    key, now = _key(secret), timezone.now()
    try:
        fits = pin_fits(key, request.POST.get("pin", ""), now=now)
    except TooMany as refusal:
        return too_many_codes(request, "portal/refused.html", {"sentence": said(refusal)}, refusal)
    if not fits:
        sentence = gettext("PIN 不正确，请核对回执上的 8 位数字。")
        return _link_page(request, key, secret, status=422, pin_error=sentence)
    PortalSession(request).open(key.case, now=now)
    return HttpResponseRedirect(reverse("portal_case", args=[key.case.number]))


@route(audience="portal", permission="private_link", kind="case", methods=["GET", "POST"])
@portal_page
def add_by_link(request: HttpRequest, secret: str, verb: str) -> HttpResponse:
    """Add to a case with the private link alone."""
    key = _key(secret)
    if verb not in ADDITIONS:
        raise NotVisible
    here = reverse("portal_link", args=[secret])
    return _act(request, key.case, verb, back=here, action=reverse("portal_link_add", args=[secret, verb]))


# The opened case


def _opened(request: HttpRequest, number: str) -> Case | None:
    return PortalSession(request).opened_case(number, now=timezone.now())


def _ask_to_open(request: HttpRequest, number: str) -> HttpResponse:
    """The way in, for numbers that exist and others alike."""
    if request.method == "POST":
        typed = [
            value for name in request.POST for value in request.POST.getlist(name) if not name.startswith(("_", "csrf"))
        ]
        context = {"number": number[:40], "typed": [text for text in typed if len(text) > 10], "has_ended": True}
        return render(request, "portal/follow.html", context, status=401)
    return render(request, "portal/follow.html", {"number": number[:40], "has_ended": True}, status=401)


@route(audience="portal", permission="opened_case", kind="case", methods=["GET"])
@portal_page
def opened(request: HttpRequest, number: str) -> HttpResponse:
    """Everything that passed between customer and company, and what the customer may do now."""
    case, now = _opened(request, number), timezone.now()
    if case is None:
        return _ask_to_open(request, number)
    pack = pack_of(case)
    actions = actions_for(case, pack, now=now)
    until = PortalSession(request).open_until(number)
    exchange = exchange_of(case, pack)
    progress = progress_of(case, pack, now=now)
    context = {
        "case": case,
        "desk": PortalDesk(case.desk, pack),
        "progress": progress,
        "exchange": exchange,
        "answer": exchange.answer if progress.is_your_turn or progress.is_over else None,
        "files": _files_of_customer(case),
        "decisions": _offered(actions, DECISIONS),
        "others": [o for o in _offered(actions) if o.verb not in (*DECISIONS, *LAST)],
        "last": _offered(actions, LAST),
        "open_until": in_full(until, zone_of(pack)) if until else "",
        "zone": zone_of(pack),
    }
    return render(request, "portal/case.html", context)


def _files_of_customer(case: Case) -> list[EvidenceFile]:
    given = EvidenceFile.objects.filter(case=case).order_by("uploaded_at", "pk")
    return [file for file in given if file.given_by.startswith(("portal:", "complainant:"))]


@route(audience="portal", permission="opened_case", kind="case", methods=["GET", "POST"])
@portal_page
def act(request: HttpRequest, number: str, verb: str) -> HttpResponse:
    """One verb of the customer with its form: accept, refuse with reasons, rate, withdraw, add."""
    case = _opened(request, number)
    if case is None:
        return _ask_to_open(request, number)
    here = reverse("portal_case", args=[number])
    return _act(request, case, verb, back=here, action=reverse("portal_act", args=[number, verb]))


def _act(request: HttpRequest, case: Case, verb: str, *, back: str, action: str) -> HttpResponse:
    now, pack = timezone.now(), pack_of(case)
    found = next((a for a in actions_for(case, pack, now=now) if a.verb == verb), None)
    if found is None:
        return _not_now(request, case, pack, back)
    owner = portal_owner(PortalSession(request).id)
    filled = Filled(request, pack, found.form, facts=facts_of(case), owner=owner, now=now)
    page = _ActPage(request, case, pack, found, filled, back, action)
    if request.method != "POST":
        return page.shown(is_new=True)
    if filled.is_redraw or filled.errors:
        return page.shown(status=422 if filled.errors else 200)
    if request.POST.get("_seen") != seen_of(case):
        return page.shown(
            status=Stale.status,
            sentence=gettext("在您填写期间，这件事有了新的进展。请先查看最新情况，您填写的内容还在。"),
        )
    return page.sent()


def seen_of(case: Case) -> str:
    """What a customer decides about: the state in its round. Notes of the staff in between do not matter."""
    return f"{case.cycle}.{case.round}.{case.state}"


def _not_now(request: HttpRequest, case: Case, pack: Pack, back: str) -> HttpResponse:
    """The verb is not open any more, for example because the answer was given already."""
    typed = [
        value for name in request.POST for value in request.POST.getlist(name) if not name.startswith(("_", "csrf"))
    ]
    context = {
        "sentence": gettext("现在不需要这一步了：这件事的进展已经变化。"),
        "back": back,
        "typed": [text for text in typed if len(text) > 10],
        "hotline": pack.head.hotline,
    }
    return render(request, "portal/refused.html", context, status=409)


@dataclass(slots=True)
class _ActPage:
    request: HttpRequest
    case: Case
    pack: Pack
    action_found: Action
    filled: Filled
    back: str
    action: str

    def sent(self) -> HttpResponse:
        """Do it, once for the token of the page, and go back to the case."""
        verb, now = self.action_found.verb, self.filled.now
        caller = complainant_caller(self.case)
        wish = Wish(
            verb=verb, data=self.filled.data, caller=caller, now=now, version=self.case.version,
            local_zone=zone_of(self.pack), uploads_of=self.filled.owner,
        )  # fmt: skip
        token = f"{self.case.pk}:{self.request.POST.get('_token', '')[:48] or uuid.uuid4().hex}"

        def do() -> str:
            spend([ADDITIONS_FROM_A_NETWORK], subject=network_of(self.request), now=now)
            return perform(self.case, wish).number

        try:
            once(caller=self.filled.owner, key=token, now=now, do=do)
        except InvalidData as refusal:
            self.filled.errors = faults(refusal)
            return self.shown(status=422)
        except NotPermitted:
            return _not_now(self.request, self.case, self.pack, self.back)
        except Refusal as refusal:
            return with_retry(self.shown(status=refusal.status, sentence=said(refusal)), refusal)
        messages.success(self.request, in_words(THANKS.get(verb, gettext_noop("已收到。"))))
        return HttpResponseRedirect(self.back)

    def shown(self, *, status: int = 200, is_new: bool = False, sentence: str = "") -> HttpResponse:
        context = {
            "case": self.case,
            "desk": PortalDesk(self.case.desk, self.pack),
            "verb": self.action_found.verb,
            "title": title_of(self.action_found),
            "form": self.filled.drawn(is_new=is_new),
            "action": self.action,
            "uploads_address": reverse("portal_uploads", args=[self.case.desk.code]),
            "back": self.back,
            "token": self.request.POST.get("_token", "")[:48] or uuid.uuid4().hex,
            "seen": seen_of(self.case),
            "sentence": sentence,
        }
        template = "portal/_fields.html" if self.filled.is_fragment else "portal/act.html"
        return render(self.request, template, context, status=status)
