"""Uploads of a form that is still being filled in."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from amends.apps.cases.evidence import Given, rules_of, store_upload
from amends.core.policy.pack import Evidence
from amends.core.refusals import Refusal
from amends.doors.routes import route
from amends.doors.wording import said
from amends.web.forms.uploads import PREFIX, sentences_of_dropped
from amends.web.viewing import packs_of, viewer_of


@route(audience="staff", permission="signed_in", kind="upload", methods=["POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """Keep each file for its sender, under the rules of the desk, and answer with a line for each; a refused one says why."""
    viewer = viewer_of(request)
    rules = _rules(request)
    lines = []
    for name, files in request.FILES.lists():
        if not name.startswith(PREFIX):
            continue
        for file in files:
            try:
                given = Given(owner=viewer.person.actor_id, given_by=viewer.person.actor_id)
                kept = store_upload(file, rules=rules, given=given, now=viewer.now)
                lines.append(render_to_string("ui/file_kept.html", {"file": kept, "name": name.removeprefix(PREFIX)}))
            except Refusal as refusal:
                lines.append(render_to_string("ui/file_refused.html", {"sentence": said(refusal)}))
    for sentence in dropped_from(request, rules):
        lines.append(render_to_string("ui/file_refused.html", {"sentence": sentence}))
    return HttpResponse("".join(lines))


def dropped_from(request: HttpRequest, rules: Evidence) -> list[str]:
    """What to say of files that were dropped while they arrived, whichever control they came with."""
    controls = {one.control for one in getattr(request, "refused_uploads", []) if one.control.startswith(PREFIX)}
    return [s for name in sorted(controls) for s in sentences_of_dropped(request, name.removeprefix(PREFIX), rules)]


def _rules(request: HttpRequest) -> Evidence:
    packs = packs_of(viewer_of(request))
    chosen = [pack for desk, pack in packs.items() if desk.code == request.POST.get("_desk")]
    return rules_of((chosen or list(packs.values()))[0])
