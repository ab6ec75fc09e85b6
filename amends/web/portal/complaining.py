"""The form of a desk for customers: three pages one after the other, their files, and sending it once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from amends.apps.cases.actions import Contact
from amends.apps.cases.actions.portal import Receipt, complain, newcomer, portal_limit, sent_before
from amends.apps.cases.evidence import rules_of
from amends.apps.messaging.allowances import Allowance
from amends.core.refusals import InvalidData, NotVisible, Refusal
from amends.doors.routes import route
from amends.doors.wording import faults, in_words, language, said, words
from amends.web.portal.answering import portal_page, with_retry
from amends.web.portal.asking import PAGES, Page
from amends.web.portal.desks import portal_desk, portal_desks
from amends.web.portal.device import device_of
from amends.web.portal.entrances import entrance_of
from amends.web.portal.filled import Filled
from amends.web.portal.letters import Letter
from amends.web.portal.network import network_of
from amends.web.portal.receipts import receipt_page
from amends.web.portal.sessions import PortalSession
from amends.web.portal.typed import ENTRANCE, wipe
from amends.web.viewing import zone_of

STEPS = (gettext_noop("什么事"), gettext_noop("经过和诉求"), gettext_noop("怎么联系您"))


def complaints_from_a_network() -> Allowance:
    """How many complaints one network may send in an hour."""
    return Allowance("portal-complaints", portal_limit("PORTAL_COMPLAINTS_AN_HOUR", 20), timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class Frame:
    """What surrounds the pages: our own site, or a frame on the company's website.

    `leads_to` answers with another page of the form, `received` with the receipt; `limits` hold beside the usual ones. `kinds`
    are what else can be written here: words, address, and whether it is this one.
    """

    base: str
    action: str
    uploads: str
    keeps: str
    back: str
    leads_to: Callable[[str], HttpResponse] | None
    received: Callable[[Receipt], HttpResponse]
    hidden: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[Allowance, str] = field(default_factory=dict)
    kinds: Sequence[tuple[str, str, bool]] = ()


@route(audience="public", permission="none", kind="desk", methods=["GET", "POST"])
@portal_page
def complain_form(request: HttpRequest, desk: str, kind: str) -> HttpResponse:
    """The form of a kind, a page at a time; sent once however often the button is pressed. The answer is the receipt."""
    letter = _letter(request, desk, kind)
    pages = Pages(letter, _own_frame(request, letter))
    if request.method != "POST":
        return pages.shown(request.GET.get("page", ""))
    if request.POST.get("_clear"):
        wipe(letter.owner, letter.place)
        return HttpResponseRedirect(pages.frame.action)
    return pages.taken()


@route(audience="public", permission="none", kind="desk", methods=["POST"])
@portal_page
def keep_typed(request: HttpRequest, desk: str, kind: str) -> HttpResponse:
    """Keep what stands on a page while somebody types; answers with when it was kept."""
    letter = _letter(request, desk, kind)
    return kept(letter)


def kept(letter: Letter) -> HttpResponse:
    """Keep the page that was posted, and say when; 429 over the limit."""
    page = letter.pages.get(letter.request.POST.get("_page", ""))
    if page is None or _sent_again(letter) is not None:
        return HttpResponse(status=204)
    letter.take(page)
    letter.keep()
    local = letter.now.astimezone(ZoneInfo(letter.offered.pack.head.zone))
    return HttpResponse(gettext("已自动保存 %(at)s") % {"at": f"{local:%H:%M}"}, content_type="text/plain")


def _letter(request: HttpRequest, desk: str, kind: str) -> Letter:
    now = timezone.now()
    offered = portal_desk(desk, now=now)
    if offered is None or kind not in dict(offered.kinds):
        raise NotVisible
    device = device_of(request)
    entrance = entrance_of(request.POST.get(ENTRANCE, "") or request.GET.get("from", ""))
    if entrance is not None and entrance.desk != desk:
        raise NotVisible
    return Letter(request, offered, kind, session=device.id, owner=device.owner, entrance=entrance, now=now)


def _own_frame(request: HttpRequest, letter: Letter) -> Frame:
    code = letter.offered.desk.code
    action = reverse("portal_complain", args=[code, letter.kind])

    def received(receipt: Receipt) -> HttpResponse:
        PortalSession(request).open(receipt.case, now=letter.now)
        return receipt_page(request, letter.offered, receipt)

    return Frame(
        base="portal/base.html",
        action=action,
        uploads=reverse("portal_uploads", args=[code]),
        keeps=reverse("portal_keep", args=[code, letter.kind]),
        back=reverse("portal"),
        leads_to=lambda page: HttpResponseRedirect(f"{action}?{urlencode({'page': page})}"),
        received=received,
    )


def _sent_again(letter: Letter) -> Receipt | None:
    """The receipt of a page that was sent before: its draft is gone, and its token was used."""
    if letter.is_resumed or not letter.request.POST.get("_page"):
        return None
    return sent_before(token=letter.token, session=letter.session, now=letter.now)


@dataclass
class Pages:
    """The pages of one letter in their frame."""

    letter: Letter
    frame: Frame

    def shown(self, name: str) -> HttpResponse:
        """A page as it was left; without a name, the one to go on with."""
        letter = self.letter
        page = letter.pages.get(name) or letter.pages[letter.first_open_page()]
        return self._page(page, letter.read(page.form), is_new=not letter.is_done(page), is_found=not name)

    def taken(self) -> HttpResponse:
        """Take in a page: draw it again, go back, go on, or send. A page that names none brings the whole form."""
        if again := _sent_again(self.letter):
            return self.frame.received(again)
        post = self.letter.request.POST
        page = self.letter.pages.get(post.get("_page", ""))
        filled = self.letter.take(page)
        if page is None:
            return self._sent(filled.errors)
        if filled.is_redraw:
            return self._page(page, filled)
        place = PAGES.index(page.id)
        if post.get("_go") == "back":
            return self._kept(page, filled) or self._led_to(PAGES[max(place - 1, 0)])
        if filled.check():
            return self._kept(page, filled) or self._page(page, filled, status=422)
        if page.id == PAGES[-1]:
            return self._sent({})
        return self._kept(page, filled) or self._led_to(PAGES[place + 1])

    def filled_again(self, sentence: str, *, status: int) -> HttpResponse:
        """The page as it was just typed, with a sentence: it may be sent once more."""
        page = self.letter.pages.get(self.letter.request.POST.get("_page", ""), self.letter.pages[PAGES[0]])
        filled = self.letter.take(page)
        return self._page(page, filled, status=status, sentence=sentence)

    def _kept(self, page: Page, filled: Filled) -> HttpResponse | None:
        """Keep what was typed; where a limit forbids it, the page again with the text and another way to reach us."""
        try:
            self.letter.keep()
        except Refusal as refusal:
            return with_retry(self._page(page, filled, status=refusal.status, sentence=said(refusal)), refusal)
        return None

    def _led_to(self, name: str) -> HttpResponse:
        return self.frame.leads_to(name) if self.frame.leads_to else self.shown(name)

    # Sending

    def _sent(self, wrong: Mapping[str, list[str]]) -> HttpResponse:
        found = {**self.letter.wrong(), **wrong}
        if found:
            return self._wrong(found)
        try:
            receipt = self._registered()
        except InvalidData as refusal:
            return self._wrong(faults(refusal))
        except Refusal as refusal:
            page = self.letter.pages[PAGES[-1]]
            filled = self.letter.read(page.form)
            kept = self._kept(page, filled)
            return kept or with_retry(
                self._page(page, filled, status=refusal.status, sentence=said(refusal)), refusal
            )  # fmt: skip
        return self.frame.received(receipt)

    @transaction.atomic
    def _registered(self) -> Receipt:
        """Register it and wipe what was typed, both or neither."""
        letter = self.letter
        contact = Contact(
            desk=letter.offered.desk, kind=letter.kind, channel=letter.channel, data=letter.data(),
            caller=newcomer(letter.session), now=letter.now, local_zone=zone_of(letter.offered.pack),
            uploads_of=letter.owner, is_vouched=False, language=language(),
        )  # fmt: skip
        limits = {complaints_from_a_network(): network_of(letter.request), **self.frame.limits}
        receipt = complain(contact, token=letter.token, session=letter.session, limits=limits)
        wipe(letter.owner, letter.place)
        return receipt

    def _wrong(self, found: Mapping[str, list[str]]) -> HttpResponse:
        """The first page with something wrong on it, with everything typed still there."""
        page = self.letter.page_with(found)
        filled = self.letter.read(page.form)
        kept = self._kept(page, filled)
        filled.errors = dict(found)
        return kept or self._page(page, filled, status=422)

    # Showing

    def _page(
        self,
        page: Page,
        filled: Filled,
        *,
        status: int = 200,
        is_new: bool = False,
        is_found: bool = False,
        sentence: str = "",
    ) -> HttpResponse:
        letter = self.letter
        drawn = filled.drawn(is_new=is_new)
        fields = list(drawn.fields())
        more = [f for f in fields if f.id in page.folded]
        context = {
            "frame": self.frame,
            "base": self.frame.base,
            "action": self.frame.action,
            "uploads_address": self.frame.uploads,
            "offered": letter.offered,
            "kind_title": words(dict(letter.offered.kinds)[letter.kind]),
            "outlet": letter.outlet,
            "page": page.id,
            "number": PAGES.index(page.id) + 1,
            "steps": [in_words(step) for step in STEPS],
            "form": drawn,
            "fields": [f for f in fields if f.id not in page.folded],
            "more": more,
            "is_unfolded": any(f.errors or _is_answered(f) for f in more),
            "place": letter.place,
            "token": letter.token,
            "sealed": letter.typed.get(ENTRANCE, ""),
            "rules": rules_of(letter.offered.pack),
            "sentence": sentence,
            "is_found_again": is_found and letter.is_resumed,
            "summary": self._summary() if page.id == PAGES[-1] else None,
            "other_desks": len(portal_desks(now=letter.now)) > 1,
        }
        template = "portal/_fields.html" if filled.is_fragment else "portal/complain.html"
        return render(letter.request, template, context, status=status)

    def _summary(self) -> dict[str, Any]:
        """What will be sent, in short, to look over before sending."""
        typed = self.letter.typed
        files = [file.name for file in self.letter.read(self.letter.form).uploads().values()]
        subject, description = typed.get("subject", ""), typed.get("description", "")
        return {
            "is_something": bool(subject or description or files),
            "subject": subject,
            "description": description,
            "files": files,
        }


def _is_answered(drawn: Any) -> bool:
    return bool(drawn.value or drawn.files or any(choice.is_chosen for choice in drawn.choices))
