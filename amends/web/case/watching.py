"""Two people on one case see each other: who has which form open, and that the case has moved on."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from amends.apps.cases.facts import pack_of
from amends.apps.cases.models import Presence
from amends.apps.cases.presence import end_presence, note_presence, others_present
from amends.apps.cases.queries import visible_case
from amends.core.policy.pack import Pack
from amends.core.verbs import VERBS
from amends.doors.routes import route
from amends.doors.wording import button_of, words
from amends.web.viewing import viewer_of


@route(audience="staff", permission="visible", kind="case", methods=["POST"])
def presence(request: HttpRequest, number: str) -> HttpResponse:
    """Say which form is open here (`doing`), or that it was closed (`done`); answers with who else is there.

    A page that shows an older version of the case is told so.
    """
    viewer = viewer_of(request)
    case = visible_case(viewer, number)
    doing = request.POST.get("doing", "")
    if doing in VERBS:
        note_presence(case, viewer.person, doing=doing, now=viewer.now)
    elif request.POST.get("done"):
        end_presence(case, viewer.person)
    context = {
        "case": case,
        "present": in_words(others_present(case, viewer.person, now=viewer.now), pack_of(case)),
        "is_outdated": request.POST.get("version", "") not in ("", str(case.version)),
    }
    return render(request, "case/_presence.html", context)


def in_words(present: Iterable[Presence], pack: Pack) -> list[tuple[str, str]]:
    """The names of the people and what the pack calls the verb whose form they have open."""
    return [(one.person.name, title_of(pack, one.doing)) for one in present]


def title_of(pack: Pack, verb: str) -> str:
    """What the button of a verb says on this desk."""
    titled = next((t.title for t in pack.lifecycle.with_verb(verb) if t.title), None)
    return words(titled) if titled else button_of(verb)
