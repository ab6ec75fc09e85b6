"""Cases by API: register, list, read, and perform any verb. Thin: read, call one action or query, show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse
from ninja import Router

from amends.api.bodies import NewCase, Reveal, Verb, checked, read_time
from amends.api.reading import read_files, read_json
from amends.api.repeats import once
from amends.api.showing import (
    show_action,
    show_case,
    show_cases,
    show_clock,
    show_entry,
    show_evidence,
    show_item,
    show_message,
    show_notice,
)
from amends.api.tokens import viewer_of
from amends.apps.cases.actions import Contact, Wish, perform, register_case
from amends.apps.cases.actions.reveal import reveal_field
from amends.apps.cases.clocks import clocks_of
from amends.apps.cases.conformity import conformity_of
from amends.apps.cases.evidence import Given, evidence_for, open_evidence, rules_of, store_upload
from amends.apps.cases.facts import facts_of, pack_of
from amends.apps.cases.listing import queue
from amends.apps.cases.models import Case
from amends.apps.cases.proceedings.queries import proceedings_beneath
from amends.apps.cases.queries import Viewer, actor_of, visible_case
from amends.apps.cases.timeline import entries_for, labels_of, reporter_is_hidden
from amends.apps.messaging.models import Notice, OutboxMessage
from amends.apps.people.actions import log_access
from amends.apps.policies.queries import pack_in_force
from amends.core.decide import allowed_actions
from amends.core.refusals import FieldError, InvalidData, NotPermitted, NotVisible
from amends.core.roles import has_right, sees_task_only
from amends.doors.files import as_attachment

router = Router(tags=["cases"])
LIST_PARAMETERS = ("sort", "cursor", "size")


def answer(body: Any, status: int = 200) -> HttpResponse:
    """A JSON answer in UTF-8."""
    return JsonResponse(body, status=status, safe=False, json_dumps_params={"ensure_ascii": False})


@router.post("/cases", operation_id="register_case")
def register(request: HttpRequest) -> HttpResponse:
    viewer = viewer_of(request)
    body = checked(NewCase, read_json(request))
    return once(request, viewer, lambda: _register(viewer, body))


def _register(viewer: Viewer, body: NewCase) -> HttpResponse:
    desk = next((d for d in viewer.desks() if d.code == body.desk), None)
    if desk is None:
        raise InvalidData([FieldError("/desk", "unknown_choice", {"field": "受理台", "value": body.desk[:60]})])
    pack = pack_in_force(desk, viewer.now)
    contact = Contact(
        desk=desk,
        kind=body.kind,
        channel=body.channel,
        data=form_data_of(body),
        caller=viewer.caller(desk, pack),
        now=viewer.now,
        received_at=read_time(body.received_at, "/received_at"),
        backdate_reason=body.backdate_reason or "",
    )
    try:
        case = register_case(contact)
    except InvalidData as refusal:
        raise InvalidData([_at_its_place(error) for error in refusal.errors]) from refusal
    return answer(show_case(case, now=viewer.now), 201)


_TOP = ("subject", "description", "demand", "occurred_at")


def form_data_of(body: NewCase) -> dict[str, Any]:
    """The data of the kind's form: the named fields and the answers together. Raises InvalidData for one given twice."""
    named = {f"complainant_{name}": value for name, value in body.complainant.model_dump().items()}
    named |= {name: getattr(body, name) for name in _TOP}
    named = {name: value for name, value in named.items() if value is not None}
    twice = sorted(set(named) & set(body.answers))
    if twice:
        raise InvalidData([FieldError(f"/answers/{name}", "unknown_field", {"name": name}) for name in twice])
    return {**body.answers, **named}


def _at_its_place(error: FieldError) -> FieldError:
    """The pointer into the request: the form is flat, the request is not."""
    name = error.pointer.lstrip("/")
    first = name.split("/")[0]
    if first.startswith("complainant_"):
        return FieldError("/complainant/" + name[len("complainant_") :], error.code, error.params)
    if first in (*_TOP, "kind", "channel", "desk", "received_at", "backdate_reason"):
        return error
    return FieldError("/answers/" + name, error.code, error.params)


@router.get("/cases", operation_id="list_cases")
def list_cases(request: HttpRequest) -> HttpResponse:
    viewer = viewer_of(request)
    filters = {name: value for name, value in request.GET.items() if name not in LIST_PARAMETERS}
    repeated = [name for name in request.GET if len(request.GET.getlist(name)) > 1]
    if repeated:
        raise InvalidData([FieldError(f"/{name}", "wrong_type", {"field": name}) for name in repeated])
    size = size_of(request.GET)
    page = queue(viewer, filters, request.GET.get("sort", "received"), request.GET.get("cursor"), size)
    return answer({"cases": show_cases(page.cases, now=viewer.now), "next_cursor": page.next_cursor})


def size_of(given: Mapping[str, str]) -> int:
    """The page size asked for, 50 unless one is named. Raises InvalidData for one that is no number."""
    text = given.get("size", "50")
    if not text.isascii() or not text.isdigit() or len(text) > 6:
        raise InvalidData([FieldError("/size", "bad_number", {"field": "size"})])
    return int(text)


@router.get("/cases/{number}", operation_id="read_case")
def read(request: HttpRequest, number: str) -> HttpResponse:
    viewer = viewer_of(request)
    return answer(show_case(visible_case(viewer, number), now=viewer.now))


@router.get("/cases/{number}/events", operation_id="list_events")
def events(request: HttpRequest, number: str) -> HttpResponse:
    viewer = viewer_of(request)
    case = visible_case(viewer, number)
    entries = entries_for(case, pack_of(case), actor_of(viewer, case))
    return answer({"events": [show_entry(entry) for entry in entries]})


@router.get("/cases/{number}/clocks", operation_id="list_clocks")
def clocks(request: HttpRequest, number: str) -> HttpResponse:
    viewer = viewer_of(request)
    case = visible_case(viewer, number)
    pack = pack_of(case)
    readings = clocks_of(case, pack, viewer.now)
    note = "taken_over_not_judged" if case.taken_over else None
    return answer({"clocks": [show_clock(reading) for reading in readings], "note": note})


@router.get("/cases/{number}/items", operation_id="list_items")
def items(request: HttpRequest, number: str) -> HttpResponse:
    """The items of the case's lists, measures and questions for instance, and which of them are open.

    Whoever is complained about and sees the task only reads what theirs are about, and of the others that they are there.
    """
    viewer = viewer_of(request)
    case = visible_case(viewer, number)
    lists = facts_of(case).lists
    labels = labels_of(case, lists, pack=pack_of(case), actor=actor_of(viewer, case))
    found = [show_item(name, item, labels[name].get(item["no"], "")) for name in lists for item in lists[name]]
    return answer({"items": found})


@router.get("/cases/{number}/messages", operation_id="list_messages")
def messages(request: HttpRequest, number: str) -> HttpResponse:
    """What left to the complainant and what staff were told; who is complained about reads their own notices only."""
    viewer = viewer_of(request)
    case = visible_case(viewer, number)
    actor = actor_of(viewer, case)
    is_hidden = reporter_is_hidden(case, pack_of(case), actor.roles)
    sent = OutboxMessage.objects.filter(case_key=str(case.pk)).order_by("created_at", "pk")
    told = Notice.objects.filter(case_key=str(case.pk)).select_related("person").order_by("created_at", "pk")
    if actor.accused:
        sent, told = sent.none(), told.filter(person=viewer.person)
    shown = [show_message(message, is_hidden=is_hidden) for message in sent]
    return answer({"messages": shown, "notices": [show_notice(notice) for notice in told]})


@router.get("/cases/{number}/conformity", operation_id="read_conformity")
def conformity(request: HttpRequest, number: str) -> HttpResponse:
    viewer = viewer_of(request)
    case = visible_case(viewer, number)
    pack = pack_of(case)
    if sees_task_only(pack, actor_of(viewer, case)):
        raise NotPermitted(verb="查看符合性")
    return answer(conformity_of(case, pack, viewer.now, proceedings=proceedings_beneath(viewer, case)))


@router.get("/cases/{number}/evidence", operation_id="list_evidence")
def list_evidence(request: HttpRequest, number: str) -> HttpResponse:
    viewer = viewer_of(request)
    case = visible_case(viewer, number)
    pack, actor = pack_of(case), actor_of(viewer, case)
    is_hidden = reporter_is_hidden(case, pack, actor.roles)
    shown = [show_evidence(file, is_hidden=is_hidden) for file in evidence_for(case, pack, actor)]
    return answer({"evidence": shown})


@router.post("/cases/{number}/evidence", operation_id="upload_evidence")
def upload_evidence(request: HttpRequest, number: str) -> HttpResponse:
    """Keep a file for the next verb on this case: name its id in a `files` field of the form."""
    viewer = viewer_of(request)
    case = visible_case(viewer, number)
    read_files(request)
    return once(request, viewer, lambda: _upload(request, viewer, case))


def _upload(request: HttpRequest, viewer: Viewer, case: Case) -> HttpResponse:
    actor = actor_of(viewer, case)
    pack = pack_of(case)
    if not actor.roles or (actor.scopes is not None and not {"all", "write", "evidence"} & actor.scopes):
        raise NotPermitted(verb="补充材料")
    files = read_files(request)
    upload = files.get("file")
    if upload is None or len(files) != 1:
        raise InvalidData([FieldError("/file", "required", {"field": "file"})])
    given = Given(owner=viewer.person.actor_id, given_by=viewer.person.actor_id)
    file = store_upload(upload, rules=rules_of(pack), given=given, now=viewer.now)
    return answer(show_evidence(file), 201)


@router.get("/cases/{number}/actions", operation_id="list_actions")
def list_actions(request: HttpRequest, number: str) -> HttpResponse:
    viewer = viewer_of(request)
    case = visible_case(viewer, number)
    pack = pack_of(case)
    actor = actor_of(viewer, case)
    facts = facts_of(case)
    found = allowed_actions(pack=pack, process=pack.lifecycle, facts=facts, actor=actor)
    return answer({"version": case.version, "actions": [show_action(action, pack, facts.values) for action in found]})


@router.post("/cases/{number}/actions/{verb}", operation_id="perform_verb")
def perform_verb(request: HttpRequest, number: str, verb: str) -> HttpResponse:
    viewer = viewer_of(request)
    case = visible_case(viewer, number)
    body = checked(Verb, read_json(request))
    return once(request, viewer, lambda: _perform(viewer, case, verb, body))


def _perform(viewer: Viewer, case: Case, verb: str, body: Verb) -> HttpResponse:
    caller = viewer.caller(case.desk, pack_of(case))
    with in_the_data():
        after = perform(case, Wish(verb=verb, data=body.data, caller=caller, now=viewer.now, version=body.version))
    return answer(show_case(after, now=viewer.now))


@contextmanager
def in_the_data() -> Iterator[None]:
    """Faults of a form stand under `data` in the request."""
    try:
        yield
    except InvalidData as refusal:
        faults = [FieldError("/data" + error.pointer, error.code, error.params) for error in refusal.errors]
        raise InvalidData(faults) from refusal


@router.post("/cases/{number}/reveal", operation_id="reveal_field")
def reveal(request: HttpRequest, number: str) -> HttpResponse:
    viewer = viewer_of(request)
    case = visible_case(viewer, number)
    body = checked(Reveal, read_json(request))
    pack, actor = pack_of(case), actor_of(viewer, case)
    if not has_right(pack, actor, "reveal"):
        raise NotPermitted(verb="查看完整信息")
    text = reveal_field(case, body.field, reason=body.reason, by=viewer.person, roles=actor.roles, now=viewer.now)
    return answer({"field": body.field, "value": text})


@router.get("/cases/{number}/evidence/{file}", operation_id="download_evidence")
def download(request: HttpRequest, number: str, file: str) -> HttpResponse | FileResponse:
    """The bytes as they were sent; every download is noted."""
    viewer = viewer_of(request)
    case = visible_case(viewer, number)
    seen = evidence_for(case, pack_of(case), actor_of(viewer, case))
    found = next((one for one in seen if str(one.pk) == file), None)
    if found is None:
        raise NotVisible
    log_access(
        actor=viewer.person.actor_id, action="download", object=f"evidence:{found.pk}", now=viewer.now,
        address=request.META.get("REMOTE_ADDR", ""),
    )  # fmt: skip
    return as_attachment(FileResponse(open_evidence(found), content_type="application/octet-stream"), found.name)
