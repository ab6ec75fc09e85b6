"""Moving open cases to another version of a desk's policy: which stand where, what a move would do, and moves done so far."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from amends.apps.cases.actions.move_version import RIGHT, begin_move, begin_reversal, versions_in_use
from amends.apps.cases.models import MovedCase, VersionMove
from amends.apps.cases.move_preview import SHOWN_AT_ONCE, Preview, listed, previews, summary_of
from amends.apps.cases.queries import Viewer, visible_to
from amends.apps.people.models import Person
from amends.apps.people.rights import may_on_desk
from amends.apps.policies.models import Desk, PackVersion
from amends.apps.policies.queries import version_in_force, versions_of
from amends.core.policy.pack import Pack
from amends.core.refusals import NotPermitted
from amends.core.verbs import MOVE_VERSION
from amends.doors.pack_words import level_words
from amends.doors.routes import route
from amends.doors.wording import button_of, filled, in_words, language, traditional, words
from amends.web.viewing import desk_and_pack, viewer_of, zone_of

MOVES_SHOWN = 50
CASES_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Version:
    """A published version of the desk's policy, and how many open cases stand under it."""

    row: PackVersion
    open: int
    is_in_force: bool


@dataclass(frozen=True, slots=True)
class Change:
    """What a move changes for one case, in words."""

    number: str
    state: str
    level: str
    version: int
    due_before: datetime | None
    due_after: datetime | None
    becomes_late: bool
    said: list[str]
    hindrances: list[str]
    is_visible: bool


def managed(request: HttpRequest, desk: str) -> tuple[Viewer, Desk, Pack]:
    """The desk, for somebody who manages its policy. Raises NotPermitted, and Http404 for a desk that is not there."""
    viewer = viewer_of(request)
    place, pack = desk_and_pack(viewer, desk)
    if may_on_desk(viewer.person, RIGHT, place, pack, viewer.now) is None:
        raise NotPermitted(verb=button_of(MOVE_VERSION))
    return viewer, place, pack


@route(audience="staff", permission="manage_pack", kind="policy")
def moves(request: HttpRequest, desk: str) -> HttpResponse:
    """The versions under which open cases stand, and the moves done so far."""
    viewer, place, pack = managed(request, desk)
    used, in_force = versions_in_use(place), version_in_force(place, viewer.now)
    versions = [Version(v, used.get(v.version, 0), v.pk == in_force.pk) for v in versions_of(place.pack_id)]
    done = list(VersionMove.objects.filter(desk=place).select_related("to", "reverses")[:MOVES_SHOWN])
    counted = _counts(done)
    names = _names(done)
    rows = [(move, _who(move.begun_by, names), counted[move.pk]) for move in done]
    context = {
        "area": "policies",
        "desk": place,
        "pack": pack,
        "versions": versions,
        "moves": rows,
        "zone": zone_of(pack),
    }
    return render(request, "policies/moves.html", context)


def _counts(done: list[VersionMove]) -> dict[int, Counter[str]]:
    found: dict[int, Counter[str]] = {move.pk: Counter() for move in done}
    rows = MovedCase.objects.filter(move__in=done).values_list("move", "state")
    for move, state, count in rows.annotate(Count("pk")).order_by():
        found[move][state] = count
    return found


def _names(done: list[VersionMove]) -> dict[str, str]:
    numbers = [int(m.begun_by[7:]) for m in done if m.begun_by.startswith("person:")]
    return {f"person:{pk}": name for pk, name in Person.objects.filter(pk__in=numbers).values_list("pk", "name")}


def _who(actor: str, names: dict[str, str]) -> str:
    return names.get(actor) or gettext("系统")


@route(audience="staff", permission="manage_pack", kind="policy")
def preview(request: HttpRequest, desk: str) -> HttpResponse:
    """What moving the open cases to the version `to` would do, case by case; nothing is changed."""
    viewer, place, pack = managed(request, desk)
    to, source = _version(place, request.GET.get("to", "")), _source(request.GET.get("from", ""))
    cases = listed(place, to, viewer=viewer.person, source=source).select_related("chain", "pack").order_by("number")
    after = request.GET.get("after", "")[:40]
    page = list(cases.filter(number__gt=after)[: SHOWN_AT_ONCE + 1])
    seen = _visible(viewer, [case.number for case in page])
    changes = [_change(p, p.case.number in seen) for p in previews(page[:SHOWN_AT_ONCE], to, now=viewer.now)]
    summary = summary_of(place, to, source=source)
    context = {
        "area": "policies", "desk": place, "pack": pack, "to": to, "source": source, "zone": zone_of(pack),
        "summary": summary, "reasons": [(filled(h.sentence, h.params), n) for h, n in summary.can_not], "changes": changes,
        "next": changes[-1].number if len(page) > SHOWN_AT_ONCE else "", "is_first": not after,
    }  # fmt: skip
    return render(request, "policies/move_preview.html", context)


def _visible(viewer: Viewer, numbers: list[str]) -> set[str]:
    """Those of the cases that the viewer may open; the others are named only."""
    return set(visible_to(viewer).filter(number__in=numbers).values_list("number", flat=True))


def _version(desk: Desk, number: str) -> PackVersion:
    found = next((v for v in versions_of(desk.pack_id) if str(v.version) == number), None)
    if found is None:
        raise Http404
    return found


def _source(number: str) -> int | None:
    return int(number) if number.isdecimal() and len(number) < 6 else None


def _change(preview: Preview, is_visible: bool) -> Change:
    case = preview.case
    return Change(
        number=case.number,
        state=words(preview.old.lifecycle.states[case.state].title),
        level=level_words(preview.old, case.level)[0],
        version=preview.old.version,
        due_before=preview.due_before,
        due_after=preview.due_after,
        becomes_late=preview.becomes_late,
        said=_said(preview),
        hindrances=[filled(h.sentence, h.params) for h in preview.hindrances],
        is_visible=is_visible,
    )


def _said(preview: Preview) -> list[str]:
    said = []
    if preview.state:
        said.append(gettext("环节改称“%(after)s”") % {"after": words(preview.state[1])})
    if preview.level and preview.level[1]:
        said.append(gettext("级别改称“%(after)s”") % {"after": words(preview.level[1])})
    for change in preview.clocks:
        title = {"clock": _clock_words(change.title)}
        if change.after is None:
            said.append(gettext("“%(clock)s”不再计时") % title)
        elif change.before is None:
            said.append(gettext("开始计“%(clock)s”") % title)
        else:
            said.append(gettext("“%(clock)s”重新计算") % title)
    if preview.missing:
        listed_titles = "、".join(words(title) for title in preview.missing)
        said.append(gettext("登记时没有填写：%(fields)s") % {"fields": listed_titles})
    return said


def _clock_words(title: dict[str, str]) -> str:
    if language() == "en":
        return title.get("en") or title["zh-Hans"]
    return traditional(title["zh-Hans"]) if language() == "zh-hant" else title["zh-Hans"]


@route(audience="staff", permission="manage_pack", kind="policy", methods=["POST"])
def begin(request: HttpRequest, desk: str) -> HttpResponse:
    """List the open cases that move; the worker moves them in batches."""
    viewer, place, pack = managed(request, desk)
    to, source = _version(place, request.POST.get("to", "")), _source(request.POST.get("from", ""))
    move = begin_move(desk=place, to=to, caller=viewer.caller(place, pack), now=viewer.now, source=source)
    messages.success(request, gettext("已列入改用清单，系统正在逐件办理。"))
    return HttpResponseRedirect(reverse("move", args=[place.code, move.pk]))


@route(audience="staff", permission="manage_pack", kind="policy")
def one(request: HttpRequest, desk: str, pk: int) -> HttpResponse:
    """How far a move has come, and which cases could not be moved and why."""
    viewer, place, pack = managed(request, desk)
    move = _move(place, pk)
    counted = _counts([move])[move.pk]
    left = list(
        move.cases.filter(state=MovedCase.State.REFUSED)
        .exclude(case__restricted_to__gt="")
        .exclude(case__accused_person=viewer.person)
        .select_related("case", "before")
        .order_by("pk")[:CASES_SHOWN]
    )
    seen = _visible(viewer, [row.case.number for row in left])
    context = {
        "area": "policies", "desk": place, "pack": pack, "zone": zone_of(pack), "move": move,
        "who": _who(move.begun_by, _names([move])), "waiting": counted[MovedCase.State.WAITING],
        "moved": counted[MovedCase.State.MOVED], "refused": counted[MovedCase.State.REFUSED],
        "total": sum(counted.values()),
        "left": [(row, _reasons(row), row.case.number in seen) for row in left],
        "back": VersionMove.objects.filter(reverses=move).first(),
    }  # fmt: skip
    template = "policies/_move_progress.html" if request.headers.get("HX-Request") == "true" else "policies/move.html"
    return render(request, template, context)


def _reasons(row: MovedCase) -> list[str]:
    return [
        in_words(sentence) % {k: words(v) for k, v in params.items()} for sentence, params in json.loads(row.hindrances)
    ]


def _move(desk: Desk, pk: int) -> VersionMove:
    found = VersionMove.objects.filter(desk=desk, pk=pk).select_related("to", "reverses", "desk").first()
    if found is None:
        raise Http404
    return found


@route(audience="staff", permission="manage_pack", kind="policy", methods=["POST"])
def back(request: HttpRequest, desk: str, pk: int) -> HttpResponse:
    """Take a move back: every case it moved returns to the version it came from, while it is still open."""
    viewer, place, pack = managed(request, desk)
    reversal = begin_reversal(_move(place, pk), caller=viewer.caller(place, pack), now=viewer.now)
    messages.success(request, gettext("正在撤回，系统正在逐件办理。"))
    return HttpResponseRedirect(reverse("move", args=[place.code, reversal.pk]))
