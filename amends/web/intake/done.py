"""After registering: the number, as it is read out to the caller, and until when they hear from us."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from amends.apps.cases.facts import facts_of, pack_of
from amends.apps.cases.models import Case
from amends.apps.cases.promises import limits_shown
from amends.apps.cases.queries import Viewer, actor_of, visible_to
from amends.apps.messaging.models import OutboxMessage
from amends.apps.messaging.rendering import fill
from amends.core.policy.lifecycle import RESTING
from amends.core.policy.pack import Pack
from amends.core.refusals import NotVisible
from amends.core.roles import has_right
from amends.doors.routes import route
from amends.doors.wording import moment_words, words
from amends.web.intake.registering import JUST_REGISTERED
from amends.web.queue.rows import rows_of
from amends.web.viewing import viewer_of

WHOLE, GROUP = 5, 4
"""So many signs of a number are read out at once; longer runs in groups."""

BETWEEN_HAN = re.compile(r"(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])")
"""A blank that stands well beside a digit, and not between two Chinese characters."""


@dataclass(frozen=True, slots=True)
class Promise:
    """What a caller can be told of a time: the sentence of the pack with the moment in words, and the moment itself."""

    sentence: str
    due_at: datetime


@route(audience="staff", permission="register", kind="case", methods=["GET"])
def done(request: HttpRequest, number: str) -> HttpResponse:
    """The page that is read out: for everybody who may see the case, and once for whoever just handed it in."""
    viewer = viewer_of(request)
    case = (
        visible_to(viewer).filter(number=number).select_related("desk", "complainant", "handler", "department").first()
    )
    if case is None:
        if request.session.get(JUST_REGISTERED) != number:
            raise NotVisible
        return render(request, "intake/done.html", {"area": "intake", "number": number, "groups": grouped(number)})
    pack = pack_of(case)
    actor = actor_of(viewer, case)
    form = pack.forms[pack.channels.kinds[case.kind].form]
    context = {
        "area": "intake",
        "case": case,
        "number": number,
        "groups": grouped(number),
        "row": rows_of([case], viewer.now)[0],
        "kind": words(pack.channels.kinds[case.kind].title),
        "promises": promises_of(case, pack, viewer),
        "is_over": case.state_category in RESTING,
        "zone": ZoneInfo(pack.head.zone),
        "told": _told_by(case),
        "has_contact": bool(facts_of(case).value("has_contact")),
        "print_form": form.id if form.printed and has_right(pack, actor, "print") else "",
        "print_title": words(form.printed.title) if form.printed else "",
        "hotline": pack.head.hotline or "",
    }
    return render(request, "intake/done.html", context)


def grouped(number: str) -> list[str]:
    """A number in groups that can be read out: letters apart from digits, at its own marks, long runs in fours."""
    groups: list[str] = []
    for part in re.findall(r"[^\W\d_]+|\d+", number):
        size = len(part) if len(part) <= WHOLE else GROUP if len(part) % GROUP != 1 else GROUP - 1
        groups += [part[n : n + size] for n in range(0, len(part), size)]
    return groups


def promises_of(case: Case, pack: Pack, viewer: Viewer) -> list[Promise]:
    """What the pack promises customers of the times that run now, the nearest first."""
    found = []
    for rule, _, due in limits_shown(case, pack):
        if rule.told_as:
            moment = moment_words(due, ZoneInfo(pack.head.zone), now=viewer.now)
            found.append(Promise(BETWEEN_HAN.sub("", fill(words(dict(rule.told_as)), {"due_at": moment})), due))
    return found


def _told_by(case: Case) -> list[str]:
    """Ways by which the caller gets the number in writing as well."""
    return list(OutboxMessage.objects.filter(case_key=str(case.pk)).values_list("channel", flat=True).distinct())
