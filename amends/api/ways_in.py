"""Further ways in by API: the feedback function of the company's app, posts found on social media, and files for both."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router

from amends.api.bodies import HandedOverPost, IgnoredPost, NewFeedback, NewPost, checked, read_time
from amends.api.cases import answer, in_the_data, size_of
from amends.api.reading import read_files, read_json
from amends.api.repeats import once
from amends.api.showing import show_case, show_evidence
from amends.api.tokens import viewer_of
from amends.apps.cases.actions import Contact, register_case
from amends.apps.cases.app_feedback import AppFeedback, as_form
from amends.apps.cases.evidence import Given, rules_of, store_upload
from amends.apps.cases.listing import LARGEST_PAGE
from amends.apps.cases.post_models import FoundPost
from amends.apps.cases.posts import Watch, hand_over, ignore_post, may_watch, posts_after, record_post, watch_of
from amends.apps.cases.queries import Viewer
from amends.apps.policies.models import Desk
from amends.apps.policies.queries import pack_in_force
from amends.core.policy.pack import Pack
from amends.core.refusals import UPLOADED, FieldError, InvalidData, NotPermitted, NotVisible, not_given

ways_in = Router(tags=["ways in"])


def _desk_called(viewer: Viewer, code: str) -> tuple[Desk, Pack]:
    desk = next((d for d in viewer.desks() if d.code == code), None)
    if desk is None:
        raise InvalidData([FieldError("/desk", "unknown_choice", {"field": "受理台", "value": code[:60]})])
    return desk, pack_in_force(desk, viewer.now)


# Files


@ways_in.post("/uploads", operation_id="upload_file")
def upload(request: HttpRequest) -> HttpResponse:
    """Keep a file for what the same token sends next: name its id there within a day. `desk` says whose rules hold."""
    viewer = viewer_of(request)
    read_files(request)
    return once(request, viewer, lambda: _uploaded(request, viewer))


def _uploaded(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    if viewer.scopes is not None and not {"all", "write", "register", "evidence"} & viewer.scopes:
        raise NotPermitted(verb="上传文件")
    _, pack = _desk_called(viewer, request.POST.get("desk", ""))
    files = read_files(request)
    file = files.get("file")
    if file is None or len(files) != 1:
        raise InvalidData([not_given("/file", "file", way=UPLOADED)])
    given = Given(owner=viewer.person.actor_id, given_by=viewer.person.actor_id)
    return answer(show_evidence(store_upload(file, rules=rules_of(pack), given=given, now=viewer.now)), 201)


# The app


@ways_in.post("/feedback", operation_id="hand_in_feedback")
def feedback(request: HttpRequest) -> HttpResponse:
    """Register what a customer wrote in the company's app; the answer has the number to show them."""
    viewer = viewer_of(request)
    body = checked(NewFeedback, read_json(request))
    return once(request, viewer, lambda: _handed_in(viewer, body))


def _handed_in(viewer: Viewer, body: NewFeedback) -> HttpResponse:
    desk, pack = _desk_called(viewer, body.desk)
    parts = {name: getattr(body, name) for name in ("text", "shipment", "demand", "category", "attachments")}
    sent = AppFeedback(body.customer.model_dump(), {**parts, "customer_id": body.customer.id}, body.kind)
    form = as_form(sent, pack)
    contact = Contact(
        desk=desk,
        kind=form.kind,
        channel=form.channel,
        data=form.data,
        caller=viewer.caller(desk, pack),
        now=viewer.now,
        # Whoever types in the app says who they are; nobody of the company has asked them.
        is_vouched=False,
    )
    try:
        case = register_case(contact)
    except InvalidData as refusal:
        raise InvalidData([_as_sent(error, form.places) for error in refusal.errors]) from refusal
    return answer(show_case(case, now=viewer.now), 201)


def _as_sent(error: FieldError, places: dict[str, str]) -> FieldError:
    """The fault where the app sent it; what it sent nothing for keeps the name of the form's field."""
    name, _, rest = error.pointer.lstrip("/").partition("/")
    if name not in places:
        return error
    return FieldError(places[name] + (f"/{rest}" if rest and name == "attachments" else ""), error.code, error.params)


# Posts


def _watch(viewer: Viewer, code: str) -> Watch:
    desk, pack = _desk_called(viewer, code)
    watch = watch_of(desk, pack)
    if watch is None or not may_watch(viewer, watch):
        raise NotPermitted(verb="监测社交媒体")
    return watch


def _post(viewer: Viewer, key: str) -> tuple[Watch, FoundPost]:
    try:
        post = FoundPost.objects.select_related("desk", "found_by", "decided_by", "case").get(pk=uuid.UUID(key))
    except (ValueError, FoundPost.DoesNotExist):
        raise NotVisible from None
    if post.desk_id not in {desk.pk for desk in viewer.desks()}:
        raise NotVisible
    watch = watch_of(post.desk, pack_in_force(post.desk, viewer.now))
    if watch is None or not may_watch(viewer, watch):
        raise NotVisible
    return watch, post


@ways_in.get("/posts", operation_id="list_posts")
def list_posts(request: HttpRequest) -> HttpResponse:
    """The posts of a desk (`desk`) in a state (`state`: new, handed_over or ignored), the latest found first."""
    viewer = viewer_of(request)
    watch = _watch(viewer, request.GET.get("desk", ""))
    state = request.GET.get("state", FoundPost.State.NEW)
    if state not in FoundPost.State.values:
        raise InvalidData([FieldError("/state", "bad_filter_value", {"name": "state", "value": state[:60]})])
    size = size_of(request.GET)
    if not 1 <= size <= LARGEST_PAGE:
        raise InvalidData([FieldError("/size", "bad_page_size", {"limit": LARGEST_PAGE})])
    found = list(posts_after(watch, state, request.GET.get("cursor", ""))[: size + 1])
    more = found[size - 1].place if len(found) > size else None
    return answer({"posts": [_show_post(post) for post in found[:size]], "next_cursor": more})


@ways_in.post("/posts", operation_id="record_post")
def record(request: HttpRequest) -> HttpResponse:
    """Record a post that was found; the same link is taken once."""
    viewer = viewer_of(request)
    body = checked(NewPost, read_json(request))
    return once(request, viewer, lambda: _recorded(viewer, body))


def _recorded(viewer: Viewer, body: NewPost) -> HttpResponse:
    watch = _watch(viewer, body.desk)
    read_time(body.posted_at, "/posted_at")
    data = {
        "post_platform": body.platform, "post_platform_other": body.platform_other, "post_author": body.author,
        "posted_at": body.posted_at, "post_link": body.link, "post_text": body.text, "post_screenshots": body.screenshots,
    }  # fmt: skip
    try:
        post = record_post(watch, {name: value for name, value in data.items() if value}, viewer=viewer)
    except InvalidData as refusal:
        plain = [FieldError(e.pointer.replace("/post_", "/"), e.code, e.params) for e in refusal.errors]
        raise InvalidData(plain) from refusal
    return answer(_show_post(post), 201)


@ways_in.post("/posts/{key}/ignore", operation_id="ignore_post")
def ignore(request: HttpRequest, key: str) -> HttpResponse:
    viewer = viewer_of(request)
    watch, post = _post(viewer, key)
    body = checked(IgnoredPost, read_json(request))
    return once(
        request, viewer, lambda: answer(_show_post(ignore_post(watch, post, reason=body.reason, viewer=viewer)))
    )


@ways_in.post("/posts/{key}/hand_over", operation_id="hand_over_post")
def handing_over(request: HttpRequest, key: str) -> HttpResponse:
    """Make a case of a post; `data` is what its form asks beyond the post: category, department …"""
    viewer = viewer_of(request)
    watch, post = _post(viewer, key)
    body = checked(HandedOverPost, read_json(request))
    return once(request, viewer, lambda: _handed_over(viewer, watch, post, body))


def _handed_over(viewer: Viewer, watch: Watch, post: FoundPost, body: HandedOverPost) -> HttpResponse:
    with in_the_data():
        return answer(show_case(hand_over(watch, post, body.data, viewer=viewer), now=viewer.now), 201)


def _show_post(post: FoundPost) -> dict[str, Any]:
    def time(moment: Any) -> str | None:
        return moment.isoformat().replace("+00:00", "Z") if moment else None

    return {
        "id": str(post.pk), "desk": post.desk.code, "state": str(post.state), "platform": post.platform,
        "platform_other": post.platform_other or None, "author": post.author, "posted_at": time(post.posted_at), "link": post.link,
        "text": post.text, "found_by": post.found_by.actor_id, "found_at": time(post.found_at),
        "decided_by": post.decided_by.actor_id if post.decided_by else None, "decided_at": time(post.decided_at),
        "reason": post.reason or None, "case": post.case.number if post.case else None,
    }  # fmt: skip
