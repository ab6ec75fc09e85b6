"""Posts that the social-media team finds: recorded, handed over as a case, or ignored with a reason."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import QuerySet

from amends.apps.cases.actions.register import Contact, register_case
from amends.apps.cases.leftovers import remove_upload
from amends.apps.cases.models import Case, EvidenceFile
from amends.apps.cases.post_models import FoundPost
from amends.apps.cases.queries import Viewer
from amends.apps.keyset import behind
from amends.apps.ledger.actions import append_in_turn
from amends.apps.policies.models import Desk
from amends.core.facts import CaseFacts
from amends.core.form_data import Reading, checked_text, read_form
from amends.core.policy.forms import Form
from amends.core.policy.intake import POST_FIELDS, Monitored
from amends.core.policy.pack import Pack
from amends.core.refusals import AlreadyDecided, FieldError, InvalidData, NotPermitted

LONGEST_REASON = 500
SHORTEST_REASON = 2


@dataclass(frozen=True, slots=True)
class Watch:
    """The channel of a desk under which posts are looked for, and how."""

    desk: Desk
    pack: Pack
    channel: str
    monitored: Monitored

    @property
    def form(self) -> Form:
        """The form by which a post becomes a case."""
        return self.pack.forms[self.pack.channels.kinds[self.monitored.kind].form]

    @property
    def post_form(self) -> Form:
        """The part of it that says what was found."""
        fields = tuple(f for f in self.form.fields if f.id in POST_FIELDS)
        return self.form.model_copy(update={"fields": fields, "sections": (), "printed": None})

    @property
    def handing_form(self) -> Form:
        """The rest of it, which whoever hands it over fills in."""
        fields = tuple(f for f in self.form.fields if f.id not in POST_FIELDS)
        return self.form.model_copy(update={"fields": fields})

    @property
    def facts(self) -> CaseFacts:
        """What is known of every post before anything is said."""
        kind, channel = self.pack.channels.kinds[self.monitored.kind], self.pack.channels.channels[self.channel]
        values = {"kind": self.monitored.kind, "channel": self.channel, "channel_group": channel.group}
        values |= {"written": channel.written, "internal": kind.internal, "counts": kind.counts}  # type: ignore[dict-item]
        return CaseFacts(values=values)


def watch_of(desk: Desk, pack: Pack) -> Watch | None:
    """What the policy of a desk says about posts; None where it looks for none."""
    channels = pack.channels.channels.items()
    found = next(((n, c.monitored) for n, c in channels if c.monitored and not c.retired), None)
    return Watch(desk, pack, *found) if found else None


def may_watch(viewer: Viewer, watch: Watch) -> bool:
    """Whether the viewer is one of those who look for posts."""
    held = {holding.role for holding in viewer.caller(watch.desk, watch.pack).holdings}
    scopes = viewer.caller(watch.desk, watch.pack).scopes
    return bool(held & set(watch.monitored.by)) and (scopes is None or bool({"all", "write", "register"} & scopes))


def posts_of(watch: Watch, state: str) -> QuerySet[FoundPost]:
    """The posts of a desk in a state, the latest found first."""
    related = ("desk", "found_by", "decided_by", "case")
    return FoundPost.objects.filter(desk=watch.desk, state=state).select_related(*related).order_by("-found_at", "-id")


def posts_after(watch: Watch, state: str, place: str) -> QuerySet[FoundPost]:
    """The posts behind a place that `FoundPost.place` gave; one that can not be read begins at the start."""
    posts = posts_of(watch, state)
    at_text, _, key_text = place.partition("_")
    try:
        at, key = datetime.fromisoformat(at_text), UUID(key_text)
    except ValueError:
        return posts
    if at.tzinfo is None or not 1900 <= at.year <= 2200:
        return posts
    return posts.filter(behind({"-found_at": at, "-id": key}))


@transaction.atomic
def record_post(
    watch: Watch, data: Mapping[str, Any], *, viewer: Viewer, local_zone: ZoneInfo | None = None
) -> FoundPost:
    """Keep a post as it was found, with its screenshots.

    Raises NotPermitted, and InvalidData with every fault at its field: a time in the future, a link that is none, a post
    that was recorded before.
    """
    if not may_watch(viewer, watch):
        raise NotPermitted(verb="登记帖子")
    entered = read_form(watch.post_form, data, Reading(watch.pack, watch.facts, viewer.now, local_zone))
    if entered.errors:
        raise InvalidData(entered.errors)
    codes, texts = entered.codes, entered.texts
    link_hash = _hash_of(texts["post_link"])
    known = FoundPost.objects.filter(desk=watch.desk, link_hash=link_hash).select_related("found_by").first()
    if known is not None:
        raise InvalidData([FieldError("/post_link", "post_known", {"who": known.found_by.name})])
    post = FoundPost.objects.create(
        desk=watch.desk, channel=watch.channel, platform=codes["post_platform"],
        platform_other=texts.get("post_platform_other", ""), author=texts["post_author"],
        posted_at=datetime.fromisoformat(codes["posted_at"].replace("Z", "+00:00")), link=texts["post_link"],
        link_hash=link_hash, text=texts["post_text"], found_by=viewer.person, found_at=viewer.now,
    )  # fmt: skip
    _give_files(codes.get("post_screenshots", ()), owner=viewer.person.actor_id, to=post.owner)
    _record("found_post", post, viewer)
    return post


def _hash_of(link: str) -> str:
    """The address of a post as it is compared: without its fragment, in lower case up to the path."""
    parts = urlsplit(link)
    plain = urlunsplit((parts.scheme.lower(), parts.netloc.lower(), parts.path.rstrip("/"), parts.query, ""))
    return hashlib.sha256(plain.encode()).hexdigest()


def _give_files(files: Any, *, owner: str, to: str) -> None:
    wanted = list(files)
    found = EvidenceFile.objects.filter(pk__in=wanted, owner=owner, case=None, proceeding=None)
    if found.update(owner=to) != len(wanted):
        raise InvalidData([FieldError("/post_screenshots", "bad_file", {"field": "截图"})])


def _record(kind: str, post: FoundPost, viewer: Viewer, **more: Any) -> None:
    append_in_turn(
        chain_key=f"desk:{post.desk.code}", chain_kind="desk", kind=kind, at=viewer.now, recorded_at=viewer.now,
        actor=viewer.person.actor_id, payload={"desk": post.desk.code, "post": str(post.pk), **more},
    )  # fmt: skip


@transaction.atomic
def ignore_post(watch: Watch, post: FoundPost, *, reason: Any, viewer: Viewer) -> FoundPost:
    """Say why nothing is done about a post. Raises NotPermitted, InvalidData for a missing reason, AlreadyDecided."""
    if not may_watch(viewer, watch):
        raise NotPermitted(verb="不处理帖子")
    text = checked_text(reason or "", pointer="/reason", field="不处理的原因", limit=LONGEST_REASON)
    if len(text) < SHORTEST_REASON:
        raise InvalidData([FieldError("/reason", "required", {"field": "不处理的原因"})])
    _decide(post, FoundPost.State.IGNORED, viewer, reason=text)
    _record("ignored_post", post, viewer)
    return post


@transaction.atomic
def hand_over(
    watch: Watch, post: FoundPost, data: Mapping[str, Any], *, viewer: Viewer, local_zone: ZoneInfo | None = None
) -> Case:
    """Make a case of a post, with its link, text and screenshots; whoever it goes to is told by the policy.

    Raises NotPermitted, AlreadyDecided, and every refusal of `register_case`.
    """
    if not may_watch(viewer, watch):
        raise NotPermitted(verb="转交帖子")
    _decide(post, FoundPost.State.HANDED_OVER, viewer)
    files = EvidenceFile.objects.filter(owner=post.owner, case=None, proceeding=None).order_by("uploaded_at", "pk")
    shots = [str(pk) for pk in files.values_list("pk", flat=True)]
    owner = viewer.person.actor_id
    files.update(owner=owner)
    case = register_case(
        Contact(
            desk=watch.desk,
            kind=watch.monitored.kind,
            channel=watch.channel,
            data={**suggested(watch, post), **data, **as_form(post, shots)},
            caller=viewer.caller(watch.desk, watch.pack),
            now=viewer.now,
            local_zone=local_zone,
            # A post proves nothing about who wrote it, whatever name and number it gives.
            is_vouched=False,
        )  # fmt: skip
    )
    FoundPost.objects.filter(pk=post.pk).update(case=case)
    post.case = case
    _record("handed_over_post", post, viewer, case=case.number)
    return case


def forget_posts_of(desks: Collection[Desk]) -> None:
    """Empty what was captured on these desks; that something was found, and when, stays."""
    FoundPost.objects.filter(desk__in=desks).update(author="", link="", text="", reason="")


def suggested(watch: Watch, post: FoundPost) -> dict[str, Any]:
    """What a post says already of what the form asks: who, what in a line, and the text."""
    lines = [line.strip() for line in post.text.splitlines() if line.strip()]
    subject, form = watch.form.field("subject"), watch.form
    longest = (subject.max_length if subject else None) or 200
    found = {"complainant_name": post.author, "subject": lines[0][:longest] if lines else "", "description": post.text}
    return {name: value for name, value in found.items() if form.field(name) is not None and value}


def as_form(post: FoundPost, screenshots: list[str]) -> dict[str, Any]:
    """A post as its form takes it."""
    found = {
        "post_platform": post.platform, "post_platform_other": post.platform_other, "post_author": post.author,
        "posted_at": post.posted_at.isoformat(), "post_link": post.link, "post_text": post.text,
        "post_screenshots": screenshots,
    }  # fmt: skip
    return {name: value for name, value in found.items() if value}


def _decide(post: FoundPost, state: str, viewer: Viewer, *, reason: str = "") -> None:
    values = {"state": state, "decided_by": viewer.person, "decided_at": viewer.now, "reason": reason}
    if not FoundPost.objects.filter(pk=post.pk, state=FoundPost.State.NEW).update(**values):
        raise AlreadyDecided("这条帖子已经有人处理过了，请刷新页面。")
    for name, value in values.items():
        setattr(post, name, value)


def screenshots_of(posts: list[FoundPost]) -> dict[str, list[EvidenceFile]]:
    """The screenshots of posts that wait or were ignored, by owner; one query."""
    found: dict[str, list[EvidenceFile]] = {}
    owners = [post.owner for post in posts]
    for file in (
        EvidenceFile.objects.filter(owner__in=owners, case=None).order_by("uploaded_at", "pk") if owners else ()
    ):
        found.setdefault(file.owner, []).append(file)
    return found


def forget_ignored_posts(*, before: datetime, most: int = 500) -> int:
    """Empty posts that were ignored before a moment, and drop their screenshots; returns how many. That they were found and why
    they were ignored stays.
    """
    old = FoundPost.objects.filter(state=FoundPost.State.IGNORED, decided_at__lt=before).exclude(
        text="", author="", link=""
    )
    found = list(old.order_by("decided_at", "pk")[:most])
    for post in found:
        for file in EvidenceFile.objects.filter(owner=post.owner, case=None, proceeding=None):
            remove_upload(file)
        FoundPost.objects.filter(pk=post.pk).update(author="", link="", text="")
    return len(found)
