"""发送记录: what was sent, to whom, how, and what became of it; and text messages that came in and wait for somebody."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from amends.apps.cases.actions.by_text import (
    assign_text,
    set_text_aside,
    texts_from,
    texts_open_to,
    waiting_texts,
)
from amends.apps.cases.facts import pack_of
from amends.apps.cases.models import Case
from amends.apps.cases.queries import Viewer, actor_of, visible_among, visible_case
from amends.apps.cases.timeline import reporter_is_hidden
from amends.apps.keyset import behind
from amends.apps.messaging.deciding import say_it_was_not_sent, say_it_was_sent, send_again
from amends.apps.messaging.models import InboundText, OutboxMessage
from amends.apps.people.actions import log_access
from amends.apps.people.rights import rights_of
from amends.apps.policies.models import Desk
from amends.core.form_data import storable
from amends.core.masking import masked_contact
from amends.core.refusals import NotPermitted, Refusal
from amends.core.roles import sees_task_only
from amends.doors.routes import route
from amends.doors.wording import said, words
from amends.web.policies.reading.names import Names
from amends.web.searching import PLACE, WORDS, keep_words, searched
from amends.web.sent.states import channel_words, receipt_words, state_words, why_words
from amends.web.viewing import packs_of, viewer_of

PAGE = 50
RIGHT = "sent_messages"
State = OutboxMessage.State


def desks_of(viewer: Viewer) -> list[Desk]:
    """The desks on which the viewer may read what was sent. Raises NotPermitted without any."""
    found = [d for d, pack in packs_of(viewer).items() if RIGHT in rights_of(viewer.caller(d, pack), pack)]
    if not found and not viewer.person.is_administrator:
        raise NotPermitted(verb="查看和处理发送记录")
    return found


def _of_viewer(viewer: Viewer) -> QuerySet[OutboxMessage]:
    desks = Q(desk__in=desks_of(viewer))
    return OutboxMessage.objects.filter(desks | Q(desk=None) if viewer.person.is_administrator else desks)


@route(audience="staff", permission="sent_messages", kind="outbox_message", methods=["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """What was sent on the viewer's desks, newest first, narrowed and paged; an address that is asked for stands in no URL."""
    viewer = viewer_of(request)
    messages_of_viewer = _of_viewer(viewer)
    if request.method == "POST":
        return _looks_for(request, "sent", others=("state", "channel"))
    asked = {name: request.GET.get(name, "").strip()[:60] for name in ("state", "channel")}
    asked["address"] = _looked_for(request)
    found = _narrowed(messages_of_viewer, asked)
    context = {
        "asked": asked, "place": request.GET.get(PLACE, ""), "states": state_words(), "channels": channel_words(),
        **_rows(viewer, found, request),
    }  # fmt: skip
    return render(request, "sent/page.html", {"area": "sent", "tab": "sent", "may_decide": True, **context})


@route(audience="staff", permission="visible", kind="case")
def of_case(request: HttpRequest, number: str) -> HttpResponse:
    """What was sent on one case, with the words."""
    viewer = viewer_of(request)
    case = visible_case(viewer, number)
    actor, pack = actor_of(viewer, case), pack_of(case)
    if actor.accused or sees_task_only(pack, actor):
        raise NotPermitted(verb="查看和处理发送记录")
    found = OutboxMessage.objects.filter(case_key=str(case.pk))
    is_hidden = reporter_is_hidden(case, pack, actor.roles)
    came = InboundText.objects.filter(case_key=str(case.pk)).order_by("-received_at")[: 0 if is_hidden else PAGE]
    may_decide = any(case.desk_id == desk.pk for desk in _desks_or_none(viewer))
    context = {
        "area": "queue",
        "case": case,
        "came": came,
        "may_decide": may_decide,
        "is_hidden": is_hidden,
        **_rows(viewer, found, request),
    }
    return render(request, "sent/of_case.html", context)


def _looks_for(request: HttpRequest, view: str, *, others: tuple[str, ...] = ()) -> HttpResponse:
    """To the list, with the number or address that was typed kept in the session."""
    query = {name: value for name in others if (value := request.POST.get(name, "").strip()[:60])}
    if typed := storable(request.POST.get("address", ""))[:60]:
        query[PLACE] = keep_words(request, typed)
    return HttpResponseRedirect(f"{reverse(view)}?{urlencode(query)}")


def _looked_for(request: HttpRequest) -> str:
    return searched(request).get(WORDS, "")


def _desks_or_none(viewer: Viewer) -> list[Desk]:
    try:
        return desks_of(viewer)
    except NotPermitted:
        return []


def _narrowed(found: QuerySet[OutboxMessage], asked: dict[str, str]) -> QuerySet[OutboxMessage]:
    if asked["state"] in State.values:
        found = found.filter(state=asked["state"])
    if asked["state"] == "undelivered":
        found = found.filter(receipt=OutboxMessage.Receipt.FAILED)
    if asked["channel"]:
        found = found.filter(channel=asked["channel"])
    return found.filter(address=asked["address"]) if asked["address"] else found


def _rows(viewer: Viewer, found: QuerySet[OutboxMessage], request: HttpRequest) -> dict[str, Any]:
    """A page of messages, each with its words, and the place where the next page begins."""
    before = request.GET.get("before", "")
    if before.isdecimal() and len(before) < 16:
        found = _older(found, int(before))
    rows = list(found.select_related("desk", "decided_by").order_by("-created_at", "-pk")[: PAGE + 1])
    numbers = _numbers(viewer, rows[:PAGE])
    titles = _titles(viewer)
    states, channels, receipts = state_words(), channel_words(), receipt_words()
    lines = [
        {
            "message": row, "number": numbers.get(row.case_key, ""), "state": states[row.state],
            "channel": channels.get(row.channel, row.channel), "receipt": receipts.get(row.receipt, ""),
            "address": masked_contact(row.address), "title": titles.get(row.message, row.subject or row.message),
            "why": why_words(row.error),
        }
        for row in rows[:PAGE]
    ]  # fmt: skip
    return {"lines": lines, "next": rows[PAGE - 1].pk if len(rows) > PAGE else ""}


def _older(found: QuerySet[OutboxMessage], pk: int) -> QuerySet[OutboxMessage]:
    """Those before a message: by their time, since what an import or the demo writes is younger than it says."""
    at = OutboxMessage.objects.filter(pk=pk).values_list("created_at", flat=True).first()
    return found if at is None else found.filter(behind({"-created_at": at, "-pk": pk}))


def _titles(viewer: Viewer) -> dict[str, str]:
    """What messages are called by the policies of the viewer's desks; those to customers by how they begin."""
    found: dict[str, str] = {}
    for pack in packs_of(viewer).values():
        names = Names(pack)
        found |= {name: names.message(name) for name in pack.messages.texts}
        for name, wording in (pack.texting.groups.wordings if pack.texting.groups else {}).items():
            found[name] = words(wording.title)
    return found


def _numbers(viewer: Viewer, rows: list[OutboxMessage]) -> dict[str, str]:
    """The numbers of the cases that the viewer may see."""
    return _case_numbers(viewer, {row.case_key for row in rows if row.case_key})


def _case_numbers(viewer: Viewer, wanted: set[str]) -> dict[str, str]:
    keys = visible_among(viewer, wanted) if wanted else ()
    found = Case.objects.filter(pk__in=[UUID(key) for key in keys]).values_list("pk", "number")
    return {str(key): number for key, number in found}


def _message(viewer: Viewer, pk: int) -> OutboxMessage:
    found = _of_viewer(viewer).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _decided(request: HttpRequest, pk: int, do: Callable[[OutboxMessage], None], done: str) -> HttpResponse:
    message = _message(viewer_of(request), pk)
    try:
        do(message)
    except Refusal as refusal:
        messages.error(request, said(refusal))
    else:
        messages.success(request, done)
    return HttpResponseRedirect(reverse("sent"))


@route(audience="staff", permission="sent_messages", kind="outbox_message", methods=["POST"])
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a message that failed once more."""
    viewer = viewer_of(request)
    return _decided(request, pk, lambda m: send_again(m, by=viewer.person, now=viewer.now), gettext("已安排重发。"))


@route(audience="staff", permission="sent_messages", kind="outbox_message", methods=["POST"])
def was_sent(request: HttpRequest, pk: int) -> HttpResponse:
    """Decide that a message of unknown fate was sent."""
    viewer = viewer_of(request)
    return _decided(request, pk, lambda m: say_it_was_sent(m, by=viewer.person), gettext("已记为已发送。"))


@route(audience="staff", permission="sent_messages", kind="outbox_message", methods=["POST"])
def was_not_sent(request: HttpRequest, pk: int) -> HttpResponse:
    """Decide that a message of unknown fate was not sent: it is sent again."""
    viewer = viewer_of(request)
    done = gettext("已记为未发送，并安排重发。")
    return _decided(request, pk, lambda m: say_it_was_not_sent(m, by=viewer.person, now=viewer.now), done)


@route(audience="staff", permission="sent_messages", kind="text_message", methods=["GET", "POST"])
def received(request: HttpRequest) -> HttpResponse:
    """Text messages that wait for a person, as their sender takes part in no open case or in several; or all from
    a number that is asked for, wherever they were put, but for those on cases that the viewer does not see.
    """
    viewer = viewer_of(request)
    desks_of(viewer)
    if request.method == "POST":
        return _looks_for(request, "received_texts")
    number = _looked_for(request)
    found = _after(texts_from(number) if number else waiting_texts(), request.GET.get("before", ""))
    rows = list(found.select_related("settled_by")[: PAGE + 1])
    shown = texts_open_to(viewer, rows[:PAGE])
    numbers = _case_numbers(viewer, {row.case_key for row in shown if row.case_key})
    if number:
        log_access(actor=viewer.person.actor_id, action="search", object="texts", now=viewer.now)
    context = {
        "area": "sent", "tab": "received", "asked": number, "place": request.GET.get(PLACE, ""), "next": _place(rows[PAGE - 1]) if len(rows) > PAGE else "",
        "lines": [(row, masked_contact(row.number), numbers.get(row.case_key, "")) for row in shown],
    }  # fmt: skip
    return render(request, "sent/received.html", context)


def _place(text: InboundText) -> str:
    """Where a text stands in the list, for the page that goes on from there."""
    return f"{text.received_at.isoformat()}_{text.pk}"


def _after(texts: QuerySet[InboundText], place: str) -> QuerySet[InboundText]:
    at_text, _, key = place.partition("_")
    try:
        at = datetime.fromisoformat(at_text)
    except ValueError:
        return texts
    if at.tzinfo is None or not 1900 <= at.year <= 2200 or not (key.isascii() and key.isdecimal() and len(key) < 16):
        return texts
    return texts.filter(behind({"-received_at": at, "-pk": int(key)}))


@route(audience="staff", permission="sent_messages", kind="text_message", methods=["POST"])
def settle(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a text message on the case that is named, or set it aside."""
    viewer = viewer_of(request)
    desks_of(viewer)
    text = next(iter(texts_open_to(viewer, InboundText.objects.filter(pk=pk))), None)
    if text is None:
        raise Http404
    try:
        if request.POST.get("aside"):
            set_text_aside(text, by=viewer.person)
            messages.success(request, gettext("已标为无需处理。"))
        else:
            case = visible_case(viewer, request.POST.get("number", "").strip()[:40])
            caller = viewer.caller(case.desk, packs_of(viewer)[case.desk])
            assign_text(text, case, caller=caller, by=viewer.person, now=viewer.now)
            messages.success(request, gettext("已归入个案 %(number)s。") % {"number": case.number})
    except Refusal as refusal:
        messages.error(request, said(refusal))
    return HttpResponseRedirect(reverse("received_texts"))
