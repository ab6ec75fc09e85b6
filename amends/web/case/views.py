"""The page of one case: everything at a glance, its evidence, and its personal data on request."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from amends.apps.cases.actions.reveal import reveal_field
from amends.apps.cases.clocks import clocks_of
from amends.apps.cases.evidence import open_evidence
from amends.apps.cases.facts import facts_of, pack_of
from amends.apps.cases.models import Case, CaseLink, EvidenceFile
from amends.apps.cases.queries import Viewer, actor_of, visible_case, visible_to
from amends.apps.cases.timeline import Entry, entries_for
from amends.apps.ledger.queries import events_of
from amends.apps.people.actions import log_access
from amends.core.decide import allowed_actions
from amends.core.directory import Actor
from amends.core.facts import CaseFacts
from amends.core.grading import explain_priority
from amends.core.masking import masked, masked_contact
from amends.core.policy.pack import Pack
from amends.core.refusals import FieldError, InvalidData, NotPermitted
from amends.core.roles import has_right
from amends.doors.files import as_attachment
from amends.doors.routes import route
from amends.doors.wording import faults, words
from amends.web.case.glance import (
    buttons_of,
    clocks_shown,
    names_of_values,
    nearest,
    rounds_of,
    stages_of,
    waits_for,
)
from amends.web.queue.rows import category_words, level_words
from amends.web.viewing import viewer_of, zone_of

REASON_LENGTH = 300


@dataclass
class CaseView:
    """A case as its viewer sees it, with what every page about it needs; each thing is read once."""

    viewer: Viewer
    case: Case

    @cached_property
    def pack(self) -> Pack:
        return pack_of(self.case)

    @cached_property
    def facts(self) -> CaseFacts:
        return facts_of(self.case)

    @cached_property
    def actor(self) -> Actor:
        return actor_of(self.viewer, self.case)

    @cached_property
    def zone(self) -> ZoneInfo:
        return zone_of(self.pack)

    @cached_property
    def entries(self) -> list[Entry]:
        return entries_for(self.case, self.pack, self.actor)

    def may(self, right: str) -> bool:
        return has_right(self.pack, self.actor, right)


def case_view(request: HttpRequest, number: str) -> CaseView:
    """The visible case of that number. Raises NotVisible."""
    viewer = viewer_of(request)
    return CaseView(viewer, visible_case(viewer, number))


@route(audience="staff", permission="visible", kind="case")
def page(request: HttpRequest, number: str) -> HttpResponse:
    """Everything about a case on one page, and the verbs that are open now."""
    seen = case_view(request, number)
    return render(request, "case/page.html", {"area": "queue", **context_of(seen)})


def context_of(seen: CaseView) -> dict[str, Any]:
    """What the page of a case shows."""
    case, pack, now = seen.case, seen.pack, seen.viewer.now
    clocks = clocks_shown(pack, clocks_of(case, pack, now), now)
    actions = allowed_actions(pack=pack, process=pack.lifecycle, facts=seen.facts, actor=seen.actor)
    moves, asides, exits = buttons_of(actions)
    level, rank = level_words(pack, case.level)
    state = pack.lifecycle.states[case.state]
    kind, channel = pack.channels.kinds.get(case.kind), pack.channels.channels.get(case.channel)
    return {
        "seen": seen,
        "case": case,
        "pack": pack,
        "zone": seen.zone,
        "state": state,
        "hint": _hint(pack, case) or state.hint,
        "waits_for": waits_for(pack, case),
        "level": level,
        "rank": rank,
        "kind": kind.title if kind else case.kind,
        "channel": channel.title if channel else case.channel,
        "category": category_words(pack, case.category),
        "stages": stages_of(pack, case, states_passed(seen)),
        "clocks": clocks,
        "nearest": nearest(clocks),
        "moves": moves,
        "asides": asides,
        "exits": exits,
        "entries": list(reversed(seen.entries)),
        "rounds": rounds_of(seen.entries),
        "people": people_of(seen),
        "files": evidence_shown(seen),
        "related": related_to(seen),
        "order": order_of(pack, seen.facts),
        "axes": axes_of(pack, seen.facts),
        "may_reveal": seen.may("reveal"),
        "may_print": seen.may("print"),
        "printed": [form for form in pack.forms.values() if form.printed],
        "has_duties": bool(pack.routing.duties),
    }


def _hint(pack: Pack, case: Case) -> Any:
    return next((g.text for g in pack.guidance if g.state == case.state and not g.field), None)


def states_passed(seen: CaseView) -> list[str]:
    """The states in which the case stood in its present cycle, in order."""
    return [e.data["to"] for e in events_of(seen.case.chain) if e.data.get("cycle") == seen.case.cycle]


def order_of(pack: Pack, facts: CaseFacts) -> list[tuple[str, str, int]]:
    """Why the case stands where it stands in the queue: each key of the order with its value and rank."""
    names = names_of_values(pack)
    found = []
    for by, value, rank in explain_priority(pack.grading, facts.values):
        axis = pack.grading.axis(by)
        title = words(axis.title) if axis else words(pack.fields[by].title) if by in pack.fields else by
        shown = words(axis.title_of(str(value))) if axis and value else names.get(str(value), words(value))
        found.append((title, shown, rank))
    return found


def axes_of(pack: Pack, facts: CaseFacts) -> list[tuple[str, str]]:
    """Every axis that has been graded, with its value."""
    found = []
    for axis in pack.grading.axes:
        value = facts.value(axis.id)
        if isinstance(value, str):
            found.append((words(axis.title), words(axis.title_of(value)) or value))
    return found


@dataclass(frozen=True, slots=True)
class PersonalLine:
    """One personal value, masked, and the field under which it can be revealed."""

    title: str
    shown: str
    field: str = ""


def people_of(seen: CaseView) -> dict[str, Any]:
    """Whom the case is about, masked, and who works on it."""
    case = seen.case
    complainant = case.complainant
    hidden = case.hides_reporter and not seen.may("see_reporter")
    lines = []
    if complainant is not None and not hidden:
        lines.append(_line(seen, "complainant_name", masked("name", complainant.name)))
        for point in complainant.contact_points.all():
            shown = masked("address", point.value) if point.kind == "address" else masked_contact(point.value)
            lines.append(_line(seen, f"complainant_{point.kind}", shown))
    return {"lines": [line for line in lines if line], "hidden": hidden, "has_complainant": complainant is not None}


def _line(seen: CaseView, field: str, shown: str) -> PersonalLine:
    definition = seen.pack.fields.get(field)
    return PersonalLine(words(definition.title) if definition else field, shown, field if definition else "")


def evidence_shown(seen: CaseView) -> list[tuple[EvidenceFile, str]]:
    """The files of the case with the words for their kind."""
    kinds = seen.pack.head.evidence.kinds if seen.pack.head.evidence else {}
    files = EvidenceFile.objects.filter(case=seen.case).order_by("uploaded_at", "pk")
    return [(file, words(kinds.get(file.kind))) for file in files]


def related_to(seen: CaseView) -> list[tuple[str, Case, str]]:
    """The cases that belong to this one and that the viewer may see, with the words for their state."""
    links = dict(CaseLink.objects.filter(case=seen.case).values_list("other_id", "kind"))
    earlier = Case.objects.none()
    scope = visible_to(seen.viewer)
    if seen.case.complainant_id and not seen.case.hides_reporter:
        theirs = scope.filter(complainant=seen.case.complainant_id, hides_reporter=False)
        earlier = theirs.exclude(pk=seen.case.pk)
    wanted = set(links) | set(earlier.order_by("-received_at").values_list("pk", flat=True)[:10])
    if not wanted:
        return []
    found = []
    for other in scope.filter(pk__in=wanted).distinct().defer("facts").order_by("-received_at"):
        state = pack_of(other).lifecycle.states.get(other.state)
        found.append((links.get(other.pk, "same_person"), other, words(state.title) if state else other.state))
    return found


@route(audience="staff", permission="reveal", kind="case", methods=["POST"])
def reveal(request: HttpRequest, number: str) -> HttpResponse:
    """Show one personal value in full, for a reason that is noted with the name of whoever asked."""
    seen = case_view(request, number)
    if not seen.may("reveal") or (seen.case.hides_reporter and not seen.may("see_reporter")):
        raise NotPermitted(verb="查看完整信息")
    field, reason = request.POST.get("field", ""), request.POST.get("reason", "").strip()
    context: dict[str, Any] = {"case": seen.case, "field": field, "reason": reason}
    try:
        if not reason:
            raise InvalidData([FieldError("/reason", "required", {"field": "查看理由"})])
        if len(reason) > REASON_LENGTH:
            params = {"field": "查看理由", "limit": REASON_LENGTH, "length": len(reason)}
            raise InvalidData([FieldError("/reason", "too_long", params)])
        context["text"] = reveal_field(
            seen.case, field, reason=reason, by=seen.viewer.person, roles=seen.actor.roles, now=seen.viewer.now
        )
    except InvalidData as refusal:
        context["problems"] = [s for found in faults(refusal).values() for s in found]
        return render(request, "case/_reveal.html", context, status=422)
    return render(request, "case/_reveal.html", context)


@route(audience="staff", permission="visible", kind="evidence")
def evidence(request: HttpRequest, number: str, file_id: uuid.UUID) -> HttpResponse | FileResponse:
    """A file as it was handed in: as a download only, never shown by the browser, and noted."""
    seen = case_view(request, number)
    file = EvidenceFile.objects.filter(case=seen.case, pk=file_id).first()
    if file is None:
        raise Http404
    log_access(
        actor=seen.viewer.person.actor_id, action="download", object=f"evidence:{file.pk}", now=seen.viewer.now,
        address=request.META.get("REMOTE_ADDR", ""),
    )  # fmt: skip
    return as_attachment(FileResponse(open_evidence(file), content_type="application/octet-stream"), file.name)
