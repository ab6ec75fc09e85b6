"""消息模板: what the desk's messages say, proposed anew by one person, approved by another, every version kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from amends.apps.messaging.models import DeskWording
from amends.apps.messaging.wordings import (
    APPROVE,
    PROPOSE,
    Editor,
    approve_wording,
    carrier,
    faults_of_wording,
    key_of,
    propose_reset,
    propose_wording,
    refuse_wording,
    standing_of_wordings,
    versions_of_wording,
    withdraw_wording,
    words_in_force,
    words_of,
)
from amends.core.desk_wordings import GROUP, WordingKey, Words, places_of, wordings_in
from amends.core.refusals import FieldError, InvalidData, Refusal
from amends.doors.places import place_words, with_places_named
from amends.doors.routes import route
from amends.doors.wording import language, said, said_of_field, words
from amends.web.organisation.fields import posted
from amends.web.policies.reading.names import Names
from amends.web.policies.reading.papers import channel_words
from amends.web.viewing import zone_of
from amends.web.wordings.comparing import side_by_side
from amends.web.wordings.editing import AREA, WordingForm, editor_of, editors, initial_of, key_in
from amends.web.wordings.sample import sample_of

SHIPPED = 0
"""The number under which the pack's own text is compared."""
State = DeskWording.State
LANGUAGES = ("zh-hans", "zh-hant", "en")
CHANNELS = ("sms", "email", "page", "notice", GROUP)


def channel_said(channel: str) -> str:
    return gettext("群发短信") if channel == GROUP else channel_words(channel)


def language_said(language: str) -> str:
    return {"zh-hans": gettext("简体中文"), "zh-hant": gettext("繁体中文"), "en": gettext("英文")}.get(
        language, language
    )


def state_words() -> dict[str, str]:
    return {
        State.PROPOSED: gettext("待批准"), State.IN_FORCE: gettext("现行"), State.REPLACED: gettext("已被替换"),
        State.REFUSED: gettext("未批准"), State.WITHDRAWN: gettext("已撤回"),
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Version:
    """A text in one language, and whether the desk says something else than its pack."""

    key: WordingKey
    address: str
    language: str
    is_own: bool
    is_proposed: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A message on a channel with its languages."""

    title: str
    message: str
    text: str
    versions: list[Version]
    language: str = ""
    """That of the text: what is said to customers keeps its own."""


@route(audience="staff", permission="propose_wordings", kind="wording")
def page(request: HttpRequest) -> HttpResponse:
    """The texts of a desk by channel; first what waits for approval."""
    editor = editor_of(request, request.GET.get("desk", ""))
    shipped, standing = wordings_in(editor.pack), standing_of_wordings(editor.desk)
    channels = [channel for channel in CHANNELS if any(key.channel == channel for key in shipped)]
    asked = request.GET.get("channel", "")
    channel = asked if asked in channels else next(iter(channels), "")
    waiting = [(row, _title(editor, key_of(row)), _address(editor, key_of(row))) for rows in standing.values()
               for row in rows if row.state == State.PROPOSED]  # fmt: skip
    context = {
        **AREA, "editor": editor, "editors": editors(request), "channel": channel, "waiting": waiting,
        "channels": [(name, channel_said(name)) for name in channels], "channel_said": channel_said(channel),
        "lines": _lines(editor, channel, shipped, standing), "zone": zone_of(editor.pack),
    }  # fmt: skip
    return render(request, "wordings/page.html", context)


def _lines(
    editor: Editor, channel: str, shipped: dict[WordingKey, Words], standing: dict[WordingKey, list[DeskWording]]
) -> list[Line]:
    found: dict[str, Line] = {}
    for key, text in shipped.items():
        if key.channel != channel:
            continue
        rows = standing.get(key, [])
        own = next((row for row in rows if row.state == State.IN_FORCE and not row.is_reset), None)
        line = found.setdefault(key.message, Line(_title(editor, key), key.message, "", []))
        line.versions.append(
            Version(key, _address(editor, key), language_said(key.language), own is not None,
                    any(row.state == State.PROPOSED for row in rows))
        )  # fmt: skip
        # In the reader's language where the message has it; else as most customers get it.
        if key.language == language() or (key.language == "zh-hans" and not line.text):
            found[key.message] = Line(
                line.title,
                key.message,
                with_places_named(words_of(own).text if own else text.text),
                line.versions,
                key.language,
            )
    for line in found.values():
        line.versions.sort(key=lambda version: LANGUAGES.index(version.key.language))
    return list(found.values())


def _title(editor: Editor, key: WordingKey) -> str:
    """Messages to groups have titles; others are called by how they begin."""
    if key.channel == GROUP and editor.pack.texting.groups and key.message in editor.pack.texting.groups.wordings:
        return words(editor.pack.texting.groups.wordings[key.message].title)
    return Names(editor.pack).message(key.message)


def _address(editor: Editor, key: WordingKey) -> str:
    return reverse("wording", args=[editor.desk.code, key.message, key.channel, key.language])


@route(audience="staff", permission="propose_wordings", kind="wording")
def one(request: HttpRequest, desk: str, message: str, channel: str, language: str) -> HttpResponse:
    """One text: as it is sent now, what waits for approval beside it, and every version there was."""
    editor = editor_of(request, desk)
    return _shown(request, editor, key_in(editor, message, channel, language))


def _shown(
    request: HttpRequest, editor: Editor, key: WordingKey, *, trouble: str = "", status: int = 200
) -> HttpResponse:
    versions = list(versions_of_wording(editor.desk, key))
    present = words_in_force(editor.desk, editor.pack, key) or Words("")
    shipped = wordings_in(editor.pack)[key]
    proposed = next((row for row in versions if row.state == State.PROPOSED), None)
    in_force = next((row for row in versions if row.state == State.IN_FORCE), None)
    context: dict[str, Any] = {
        **AREA, **_called(editor, key), "zone": zone_of(editor.pack), "trouble": trouble, "present": present,
        "sample": sample_of(present, key, pack=editor.pack, desk=editor.desk), "in_force": in_force,
        "is_own": in_force is not None and not in_force.is_reset, "versions": versions, "states": state_words(),
        "rows": [(row, state_words()[row.state]) for row in versions],
        "may_propose": editor.may(PROPOSE) and proposed is None, "proposed": proposed,
        "pack_moved_on": _pack_moved_on(in_force, shipped), **_compared(request, versions, shipped),
    }  # fmt: skip
    if proposed is not None:
        words_proposed = words_of(proposed)
        context |= {
            "proposed_words": words_proposed, "sides": side_by_side(proposed.replaces, proposed.text),
            "proposed_sample": sample_of(words_proposed, key, pack=editor.pack, desk=editor.desk),
            "is_mine": proposed.proposed_by_id == editor.person.pk,
            "may_approve": editor.may(APPROVE) and proposed.proposed_by_id != editor.person.pk,
        }  # fmt: skip
    return render(request, "wordings/one.html", context, status=status)


def _called(editor: Editor, key: WordingKey) -> dict[str, Any]:
    return {
        "editor": editor, "key": key, "title": _title(editor, key), "channel": channel_said(key.channel),
        "language": language_said(key.language), "address": _address(editor, key),
    }  # fmt: skip


def _pack_moved_on(in_force: DeskWording | None, shipped: Words) -> bool:
    """Whether the pack words it otherwise now than when the desk's own text was written in place of it."""
    if in_force is None or in_force.is_reset:
        return False
    return in_force.shipped.strip() != shipped.text.strip()


def _compared(request: HttpRequest, versions: list[DeskWording], shipped: Words) -> dict[str, Any]:
    """Two versions side by side: those asked for, else the pack's text and the latest one."""
    if not versions:
        return {}
    texts = {SHIPPED: shipped.text, **{row.version: row.text for row in versions}}
    older, newer = (_number(request, name, texts) for name in ("older", "newer"))
    older = SHIPPED if older is None else older
    newer = versions[0].version if newer is None else newer
    named = [(SHIPPED, gettext("制度包原文"))]
    named += [(row.version, gettext("第 %(n)s 版") % {"n": row.version}) for row in reversed(versions)]
    return {
        "older": older, "newer": newer, "named": named, "compared": side_by_side(texts[older], texts[newer]),
        "older_said": dict(named)[older], "newer_said": dict(named)[newer],
    }  # fmt: skip


def _number(request: HttpRequest, name: str, known: dict[int, str]) -> int | None:
    asked = request.GET.get(name, "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 9 and int(asked) in known else None


@route(audience="staff", permission="propose_wordings", kind="wording", methods=["GET", "POST"])
def propose(request: HttpRequest, desk: str, message: str, channel: str, language: str) -> HttpResponse:
    """Write another text; looked at with a sample case first, then proposed to whoever approves."""
    editor = editor_of(request, desk)
    editor.check(PROPOSE)
    key = key_in(editor, message, channel, language)
    present = words_in_force(editor.desk, editor.pack, key) or Words("")
    form = WordingForm(posted(request), initial=initial_of(present, key), key=key)
    is_looked_at = request.POST.get("do") == "look"
    if is_looked_at:
        form.fields["reason"].required = False
    context: dict[str, Any] = {
        **AREA, **_called(editor, key), "form": form, "places": [(place, place_words(place)) for place in places_of(editor.pack, key)], "carrier": carrier(),
        "sample": sample_of(present, key, pack=editor.pack, desk=editor.desk),
    }  # fmt: skip
    if request.method != "POST":
        return render(request, "wordings/propose.html", context)
    if form.is_valid():
        typed = form.proposed()
        context["sample"] = sample_of(typed, key, pack=editor.pack, desk=editor.desk)
        try:
            if not is_looked_at:
                propose_wording(key, typed, reason=form.cleaned_data["reason"], by=editor)
                messages.success(request, gettext("已提交。由另一位有权的同事批准后生效。"))
                return HttpResponseRedirect(_address(editor, key))
            _take(form, faults_of_wording(key, typed, by=editor))
        except InvalidData as refusal:
            form.take(refusal)
        except Refusal as refusal:
            form.add_error(None, said(refusal))
    context["looked_at"] = is_looked_at
    return render(request, "wordings/propose.html", context, status=422 if form.errors else 200)


def _take(form: WordingForm, faults: list[FieldError]) -> None:
    if faults:
        form.take(InvalidData(faults))


def _row_and_editor(request: HttpRequest, pk: int) -> tuple[DeskWording, Editor]:
    """A proposed text of a desk of the viewer. Raises NotPermitted without any desk, Http404 for one of others."""
    by_desk = {editor.desk.pk: editor for editor in editors(request)}
    editor_of(request)
    row = DeskWording.objects.filter(pk=pk, desk__in=by_desk).select_related("desk", "proposed_by").first()
    if row is None:
        raise Http404
    return row, by_desk[row.desk_id]


def _done(request: HttpRequest, pk: int, do: Callable[[DeskWording, Editor], None], done: str) -> HttpResponse:
    """Do a step and go back to the text; a refusal is shown on it as it is now."""
    row, editor = _row_and_editor(request, pk)
    return _stepped(
        request, editor, key_in(editor, row.message, row.channel, row.language), lambda: do(row, editor), done
    )


def _stepped(
    request: HttpRequest, editor: Editor, key: WordingKey, step: Callable[[], object], done: str
) -> HttpResponse:
    try:
        step()
    except InvalidData as refusal:
        sentence = said_of_field(refusal.errors[0])
        return _shown(request, editor, key, trouble=sentence, status=refusal.status)
    except Refusal as refusal:
        if refusal.status == 403:
            raise
        return _shown(request, editor, key, trouble=said(refusal), status=refusal.status)
    messages.success(request, done)
    return HttpResponseRedirect(_address(editor, key))


@route(audience="staff", permission="approve_wordings", kind="wording", methods=["POST"])
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a text in force that somebody else proposed."""
    return _done(
        request, pk, lambda row, editor: approve_wording(row, by=editor), gettext("已批准，此后发出的消息用新文字。")
    )


@route(audience="staff", permission="approve_wordings", kind="wording", methods=["POST"])
def refuse(request: HttpRequest, pk: int) -> HttpResponse:
    """Say no to a text, with the reason."""
    reason = request.POST.get("reason", "")
    return _done(
        request, pk, lambda row, editor: refuse_wording(row, reason=reason, by=editor), gettext("已退回，未批准。")
    )


@route(audience="staff", permission="propose_wordings", kind="wording", methods=["POST"])
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take one's own proposal back."""
    return _done(request, pk, lambda row, editor: withdraw_wording(row, by=editor), gettext("已撤回。"))


@route(audience="staff", permission="propose_wordings", kind="wording", methods=["POST"])
def reset(request: HttpRequest, desk: str, message: str, channel: str, language: str) -> HttpResponse:
    """Propose to go back to what the pack ships."""
    editor = editor_of(request, desk)
    key = key_in(editor, message, channel, language)
    reason = request.POST.get("reason", "")
    return _stepped(
        request, editor, key, lambda: propose_reset(key, reason=reason, by=editor),
        gettext("已提交。由另一位有权的同事批准后恢复原文。"),
    )  # fmt: skip
