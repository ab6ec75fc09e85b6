"""Messages to groups: written, looked at line by line, released, sent; and what came of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from amends.apps.circulars import sending
from amends.apps.circulars.models import BookEntry, Circular
from amends.apps.circulars.rights import KEEP, RELEASE, Keeper
from amends.apps.circulars.sending import (
    Draft,
    as_released,
    group_words,
    groups_of,
    late_by,
    leaves_at,
    needs_second_person,
    preview,
    with_progress,
)
from amends.apps.messaging.rendering import fill
from amends.core.policy.texting import GroupWording
from amends.core.refusals import InvalidData, Refusal
from amends.doors.routes import route
from amends.doors.wording import moment_words, span_words, words
from amends.web.circulars.forms import MessageForm
from amends.web.circulars.keeping import AREA, circular_and_keeper, keeper_of, keepers, sentence_of
from amends.web.organisation.fields import posted
from amends.web.sent.states import why_words

PAGE = 30
TAB = {**AREA, "tab": "circulars"}
State = Circular.State


def state_words() -> dict[str, str]:
    return {
        State.DRAFT: gettext("草稿"), State.TO_RELEASE: gettext("待复核"), State.RELEASED: gettext("待发送"),
        State.SENT: gettext("已发出"), State.CANCELLED: gettext("已取消"),
    }  # fmt: skip


def left_out_words() -> dict[str, str]:
    return {
        sending.OPTED_OUT: gettext("已退订"), sending.WRONG_NUMBER: gettext("号码有误"),
        sending.NOT_ENTERED: gettext("未录入或已停用"), sending.CHANGED: gettext("提交发送后有变动"),
    }  # fmt: skip


@route(audience="staff", permission="address_book", kind="circular")
def page(request: HttpRequest) -> HttpResponse:
    """Messages to groups of one desk, newest first: planned and actual time, what came of them, and which are late."""
    keeper = keeper_of(request)
    found = Circular.objects.filter(desk=keeper.desk).select_related("written_by", "released_by")
    before = request.GET.get("before", "")
    if before.isdecimal() and len(before) < 16:
        found = found.filter(pk__lt=int(before))
    rows = list(with_progress(found).order_by("-pk")[: PAGE + 1])
    lines = [_line(row, keeper) for row in rows[:PAGE]]
    if request.GET.get("show") == "late":
        lines = [line for line in lines if line["late"]]
    context = {
        **TAB, "keeper": keeper, "keepers": keepers(request), "lines": lines, "show": request.GET.get("show", ""),
        "next": rows[PAGE - 1].pk if len(rows) > PAGE else "", "may_keep": keeper.may(KEEP),
        "late_after": groups_of(keeper.pack).late_after_minutes,
    }  # fmt: skip
    return render(request, "circulars/page.html", context)


def _said(fills: dict[str, str], wording: GroupWording | None) -> str:
    """What was filled in, with what it is where it is more than one thing."""
    if len(fills) < 2 or wording is None:
        return "".join(fills.values())
    return " · ".join(f"{words(wording.asks[name])} {text}" for name, text in fills.items() if name in wording.asks)


def _line(circular: Circular, keeper: Keeper) -> dict[str, Any]:
    wording = groups_of(keeper.pack).wordings.get(circular.wording)
    late = late_by(circular, keeper.pack, keeper.now)
    return {
        "circular": circular, "title": words(wording.title) if wording else circular.wording,
        "said": _said(json.loads(circular.fills), wording), "state": state_words()[circular.state],
        "late": span_words(late) if late else "",
    }  # fmt: skip


@route(audience="staff", permission="address_book", kind="circular", methods=["GET", "POST"])
def write(request: HttpRequest) -> HttpResponse:
    """Write a message by a wording of the policy; posted, it becomes a draft that is looked at before it leaves."""
    keeper = keeper_of(request)
    keeper.check(KEEP)
    return _written(request, keeper, None)


@route(audience="staff", permission="address_book", kind="circular", methods=["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Write a draft again."""
    circular, keeper = circular_and_keeper(request, pk)
    keeper.check(KEEP)
    return _written(request, keeper, circular)


def _written(request: HttpRequest, keeper: Keeper, circular: Circular | None) -> HttpResponse:
    wordings = groups_of(keeper.pack).wordings
    chosen = request.POST.get("wording") or request.GET.get("wording") or (circular.wording if circular else "")
    name = chosen if chosen in wordings else next(iter(wordings), "")
    entries = _entries(request, keeper, circular)
    context: dict[str, Any] = {
        **TAB, "keeper": keeper, "circular": circular, "entries": entries, "wording": name,
        "wordings": [(key, words(wording.title)) for key, wording in wordings.items()],
    }  # fmt: skip
    if not name:
        return render(request, "circulars/write.html", context)
    form = MessageForm(posted(request), initial=_first(circular), keeper=keeper, wording=wordings[name])
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        fills = {key: data[key] for key in wordings[name].asks}
        draft = Draft(
            wording=chosen, fills=fills, groups=tuple(data["groups"]), entries=tuple(e.pk for e in entries),
            planned_at=data["planned_at"],
        )  # fmt: skip
        try:
            kept = sending.write_circular(draft, by=keeper, circular=circular)
        except InvalidData as refusal:
            form.take(refusal)
        else:
            return HttpResponseRedirect(reverse("circular", args=[kept.pk]))
    context |= {"form": form, "text": _with_titles(group_words(keeper.desk, name, keeper.pack).text, wordings[name])}
    return render(request, "circulars/write.html", context, status=422 if form.errors else 200)


def _with_titles(text: str, wording: GroupWording) -> str:
    """The template with the places named as people call them."""
    own = {"name": gettext("联系人"), "company": gettext("公司名称"), "desk": gettext("签名")}
    titles = {**own, **{key: words(title) for key, title in wording.asks.items()}}
    return fill(text, {key: f"[{title}]" for key, title in titles.items()})


def _first(circular: Circular | None) -> dict[str, Any]:
    if circular is None:
        return {}
    return {
        **json.loads(circular.fills), "groups": list(circular.groups.values_list("pk", flat=True)),
        "planned_at": circular.planned_at,
    }  # fmt: skip


def _entries(request: HttpRequest, keeper: Keeper, circular: Circular | None) -> list[BookEntry]:
    """The single entries that are meant beside the groups."""
    source = request.POST if request.method == "POST" else request.GET
    keys = [key for key in source.getlist("entry") if key.isdecimal() and len(key) < 16]
    if not keys and circular is not None and request.method != "POST":
        return list(circular.entries.all())
    return list(BookEntry.objects.filter(desk=keeper.desk, pk__in=keys[:200]).order_by("sort_key", "pk"))


@route(audience="staff", permission="address_book", kind="circular")
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """A message: before it leaves, exactly who gets which text; afterwards, what came of each."""
    circular, keeper = circular_and_keeper(request, pk)
    return _shown(request, circular, keeper)


def _shown(
    request: HttpRequest, circular: Circular, keeper: Keeper, *, trouble: str = "", status: int = 200
) -> HttpResponse:
    row = with_progress(Circular.objects.filter(pk=circular.pk)).get()
    context: dict[str, Any] = {
        **TAB, **_line(row, keeper), "circular": circular, "progress": row, "keeper": keeper, "trouble": trouble,
        "why": left_out_words(), "may_keep": keeper.may(KEEP),
        "may_release": keeper.may(RELEASE) and circular.written_by_id != keeper.person.pk,
    }  # fmt: skip
    if circular.state in (State.DRAFT, State.TO_RELEASE, State.RELEASED):
        found = (
            as_released(circular, keeper.pack) if circular.state == State.RELEASED else preview(circular, keeper.pack)
        )
        context |= {
            "preview": found, "left_out": [(line, context["why"][line.left_out]) for line in found.left_out],
            "second": needs_second_person(found, keeper.pack), "held_until": _held_until(circular, keeper),
        }  # fmt: skip
    else:
        reached = circular.recipients.select_related("entry", "message").order_by("entry__sort_key", "pk")
        context["report"] = [
            (r, context["why"].get(r.left_out, ""), why_words(r.message.error) if r.message else "") for r in reached
        ]
    return render(request, "circulars/circular.html", context, status=status)


def _held_until(circular: Circular, keeper: Keeper) -> datetime | None:
    """Until when quiet hours keep a message that would leave now; None where they do not, or it was released."""
    if circular.state == State.RELEASED:
        return None
    leaves = leaves_at(circular, keeper.pack, keeper.now)
    return leaves if leaves > max(circular.planned_at or keeper.now, keeper.now) else None


def _done(
    request: HttpRequest, pk: int, do: Callable[[Circular, Keeper], object], said: Callable[[Circular, Keeper], str]
) -> HttpResponse:
    """Do a step and go back to the message; a refusal is shown on it as it is now."""
    circular, keeper = circular_and_keeper(request, pk)
    try:
        do(circular, keeper)
    except Refusal as refusal:
        if refusal.status == 403:
            raise
        circular.refresh_from_db()
        return _shown(request, circular, keeper, trouble=sentence_of(refusal), status=refusal.status)
    circular.refresh_from_db()
    messages.success(request, said(circular, keeper))
    return HttpResponseRedirect(reverse("circular", args=[pk]))


@route(audience="staff", permission="address_book", kind="circular", methods=["POST"])
def send(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a draft off as it was looked at."""
    seen = request.POST.get("seen", "")
    return _done(request, pk, lambda c, keeper: sending.send_off(c, seen=seen, by=keeper), _sent_off)


def _sent_off(circular: Circular, keeper: Keeper) -> str:
    """What was done: it leaves now or at its time, or waits for a second person."""
    if circular.state == State.TO_RELEASE:
        return gettext("已提交复核，另一人复核通过后才会发出。")
    leaves = leaves_at(circular, keeper.pack, keeper.now)
    if leaves <= keeper.now:
        return gettext("已提交发送。")
    return gettext("已提交，将于 %(time)s 发出。") % {"time": moment_words(leaves, keeper.zone, now=keeper.now)}


@route(audience="staff", permission="release_texts", kind="circular", methods=["POST"])
def release(request: HttpRequest, pk: int) -> HttpResponse:
    """Release what a colleague wrote."""
    seen = request.POST.get("seen", "")
    return _done(request, pk, lambda c, keeper: sending.release(c, seen=seen, by=keeper), _released)


def _released(circular: Circular, keeper: Keeper) -> str:
    return gettext("复核通过。") + _sent_off(circular, keeper)


@route(audience="staff", permission="release_texts", kind="circular", methods=["POST"])
def send_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a colleague's message back with a reason."""
    reason = request.POST.get("reason", "")
    return _done(
        request, pk, lambda c, keeper: sending.send_back(c, reason=reason, by=keeper), lambda *_: gettext("已退回。")
    )


@route(audience="staff", permission="address_book", kind="circular", methods=["POST"])
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a message up before it leaves."""
    return _done(request, pk, lambda c, keeper: sending.cancel(c, by=keeper), lambda *_: gettext("已取消。"))
