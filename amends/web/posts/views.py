"""The page of the social-media team: what was found, recorded, handed over or ignored."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from amends.apps.cases.evidence import open_evidence
from amends.apps.cases.models import EvidenceFile
from amends.apps.cases.post_models import FoundPost
from amends.apps.cases.posts import (
    LONGEST_REASON,
    Watch,
    hand_over,
    ignore_post,
    may_watch,
    posts_after,
    posts_of,
    record_post,
    screenshots_of,
    suggested,
    watch_of,
)
from amends.apps.cases.queries import Viewer
from amends.apps.people.actions import log_access
from amends.apps.people.directory import OrganisationOfDesk, holders_of
from amends.core.form_data import options_of
from amends.core.policy.base import Title
from amends.core.policy.forms import Field, Form
from amends.core.refusals import NotVisible
from amends.core.roles import actor_on_case
from amends.doors.files import as_attachment
from amends.doors.routes import route
from amends.doors.wording import listed, words
from amends.web.forms.drawing import Choice, Drawing
from amends.web.steps.answering import Step, answer_step
from amends.web.viewing import packs_of, viewer_of, zone_of

PAGE = 20
REASON = Form(
    id="ignoring",
    title=Title(**{"zh-Hans": "不处理", "en": "ignore"}),
    fields=(
        Field(
            id="reason", title=Title(**{"zh-Hans": "不处理的原因", "en": "why nothing is done"}), type="long_text", required=True,
            max_length=LONGEST_REASON,
            offers=(
                Title(**{"zh-Hans": "与本公司无关", "en": "it is not about us"}),
                Title(**{"zh-Hans": "转发的旧帖，原帖已处理", "en": "a repost; the original was dealt with"}),
                Title(**{"zh-Hans": "广告或恶意刷帖", "en": "advertising or spam"}),
                Title(**{"zh-Hans": "表扬或中性提及，不是投诉", "en": "praise or a neutral mention, no complaint"}),
            ),
        ),
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ShownPost:
    """A post with its platform in words and its screenshots."""

    post: FoundPost
    platform: str
    files: list[EvidenceFile]


def watches_of(viewer: Viewer) -> list[Watch]:
    """The desks on which the viewer looks for posts."""
    found = [watch_of(desk, pack) for desk, pack in packs_of(viewer).items()]
    return [watch for watch in found if watch is not None and may_watch(viewer, watch)]


def _watch(viewer: Viewer, desk: str = "") -> tuple[Watch, list[Watch]]:
    """The desk that is named, or the first. Raises NotVisible for whoever looks for no posts there."""
    watches = watches_of(viewer)
    found = next((w for w in watches if desk in ("", w.desk.code)), None)
    if found is None:
        raise NotVisible
    return found, watches


@route(audience="staff", permission="monitor", kind="post")
def page(request: HttpRequest) -> HttpResponse:
    """The posts of a desk that wait, were handed over or were ignored, and who looks for them."""
    viewer = viewer_of(request)
    watch, watches = _watch(viewer, request.GET.get("desk", ""))
    asked = request.GET.get("state", "")
    state = asked if asked in FoundPost.State.values else FoundPost.State.NEW
    found = list(posts_after(watch, state, request.GET.get("after", ""))[: PAGE + 1])
    shown = found[:PAGE]
    here = {"desk": watch.desk.code, "state": state}
    context: dict[str, Any] = {
        "area": "posts", "watch": watch, "state": state, "zone": zone_of(watch.pack), "posts": _shown(watch, shown),
        "desks": [Choice(w.desk.code, words(w.desk.called), is_chosen=w is watch) for w in watches],
        "states": [(value, title, value == state) for value, title in _states()],
        "waiting": posts_of(watch, FoundPost.State.NEW).count(), "note": words(watch.monitored.note) if watch.monitored.note else "",
        "who": listed([p.name for p in holders_of(watch.monitored.by[:1], desk=watch.desk, now=viewer.now)][:6]),
    }  # fmt: skip
    if len(found) > PAGE:
        context["next"] = urlencode({**here, "after": shown[-1].place})
    return render(request, "posts/page.html", context)


def _states() -> list[tuple[str, str]]:
    return [("new", gettext("待处理")), ("handed_over", gettext("已转交")), ("ignored", gettext("不处理"))]


def _shown(watch: Watch, posts: list[FoundPost]) -> list[ShownPost]:
    platform = watch.form.field("post_platform")
    titles = options_of(platform, watch.pack) if platform else {}
    files = screenshots_of(posts)
    return [
        ShownPost(
            post, post.platform_other or words(titles.get(post.platform, post.platform)), files.get(post.owner, [])
        )
        for post in posts
    ]


@route(audience="staff", permission="monitor", kind="post", methods=["GET", "POST"])
def record(request: HttpRequest, desk: str) -> HttpResponse:
    """The form for a post that was found."""
    viewer = viewer_of(request)
    watch, _ = _watch(viewer, desk)
    back = _list(watch)

    def do(data: dict[str, Any], version: int) -> str:
        record_post(watch, data, viewer=viewer, local_zone=zone_of(watch.pack))
        return back

    title = gettext("登记一条帖子")
    return answer_step(
        request, _step(viewer, watch, watch.post_form, title, "new", reverse("record_post", args=[desk]), do)
    )


@route(audience="staff", permission="monitor", kind="post", methods=["GET", "POST"])
def handing_over(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """The form of the case that a post becomes, with what it says already filled in."""
    viewer = viewer_of(request)
    watch, post = _post(viewer, key)

    def do(data: dict[str, Any], version: int) -> str:
        case = hand_over(watch, post, data, viewer=viewer, local_zone=zone_of(watch.pack))
        return reverse("case", args=[case.number])

    address = reverse("hand_over_post", args=[key])
    step = _step(
        viewer, watch, watch.handing_form, gettext("转交为投诉"), str(key), address, do, suggested(watch, post)
    )
    return answer_step(request, step)


@route(audience="staff", permission="monitor", kind="post", methods=["GET", "POST"])
def ignoring(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Why nothing is done about a post."""
    viewer = viewer_of(request)
    watch, post = _post(viewer, key)

    def do(data: dict[str, Any], version: int) -> str:
        ignore_post(watch, post, reason=data.get("reason"), viewer=viewer)
        return _list(watch)

    address = reverse("ignore_post", args=[key])
    return answer_step(request, _step(viewer, watch, REASON, gettext("不处理"), f"ignore:{key}", address, do))


@route(audience="staff", permission="monitor", kind="post")
def screenshot(request: HttpRequest, key: uuid.UUID, file_id: uuid.UUID) -> HttpResponseBase:
    """A screenshot as it was sent, byte for byte; every download is noted."""
    viewer = viewer_of(request)
    _, post = _post(viewer, key)
    found = EvidenceFile.objects.filter(pk=file_id, owner=post.owner, case=None).first()
    if found is None:
        raise NotVisible
    log_access(actor=viewer.person.actor_id, action="download", object=f"evidence:{found.pk}", now=viewer.now)
    return as_attachment(FileResponse(open_evidence(found), content_type="application/octet-stream"), found.name)


def _post(viewer: Viewer, key: uuid.UUID) -> tuple[Watch, FoundPost]:
    post = FoundPost.objects.select_related("desk").filter(pk=key).first()
    if post is None:
        raise NotVisible
    return _watch(viewer, post.desk.code)[0], post


def _list(watch: Watch) -> str:
    return f"{reverse('posts')}?{urlencode({'desk': watch.desk.code})}"


def _step(
    viewer: Viewer, watch: Watch, form: Form, title: str, place: str, address: str, do: Any, fills: dict[str, Any] | None = None
) -> Step:  # fmt: skip
    directory = OrganisationOfDesk(watch.desk, watch.pack, viewer.now)
    actor = actor_on_case(watch.pack, viewer.caller(watch.desk, watch.pack), watch.facts, directory)
    zone: ZoneInfo = zone_of(watch.pack)

    def drawing(drawn: Form) -> Drawing:
        return Drawing(
            pack=watch.pack, facts=watch.facts, now=viewer.now, zone=zone, roles=actor.roles, desk=watch.desk
        )  # fmt: skip

    return Step(
        viewer=viewer, pack=watch.pack, form=form, title=title, place=f"post:{watch.desk.code}:{place}", address=address,
        back=_list(watch), desk=watch.desk.code, version=0, do=do, drawing=drawing,
        context=lambda: {"area": "posts", "about": words(watch.desk.called), "subject": ""}, fills=fills or {},
    )  # fmt: skip
