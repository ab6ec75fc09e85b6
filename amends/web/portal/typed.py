"""What a customer has typed so far, page by page, kept on the server until it is sent."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from django.http import QueryDict

from amends.apps.cases.actions.portal import portal_limit
from amends.apps.cases.drafts import PORTAL_DRAFT_LIVES, draft_at, drop_draft, save_draft
from amends.apps.messaging.allowances import Allowance, spend
from amends.core.policy.forms import Form
from amends.web.forms.posted import KEPT, ROW_NAME

TOKEN, DONE, ENTRANCE = "_token", "_done", "_from"
OWN_NAMES = (TOKEN, DONE, ENTRANCE)


def drafts_from_a_network() -> Allowance:
    """How many devices of one network may begin to write in an hour."""
    return Allowance("portal-drafts", portal_limit("PORTAL_DRAFTS_AN_HOUR", 300), timedelta(hours=1))


def typed_before(owner: str, place: str, *, now: datetime) -> QueryDict:
    """What the device typed at a place within the last seven days; empty when it is new or was sent."""
    draft = draft_at(owner=owner, place=place)
    if draft is None or draft.saved_at < now - PORTAL_DRAFT_LIVES:
        return QueryDict(mutable=True)
    return QueryDict(draft.content, mutable=True)


def with_page(typed: QueryDict, form: Form, post: QueryDict) -> QueryDict:
    """What was typed, with the fields of one page as they stand on it now."""
    own = re.compile(rf"(?:{re.escape(KEPT)})?(?:{'|'.join(re.escape(f.id) for f in form.fields) or '(?!)'})")
    found = QueryDict(mutable=True)
    for name, values in typed.lists():
        if not _belongs(own, name):
            found.setlist(name, values)
    for name, values in post.lists():
        if _belongs(own, name) or name in ("_add", "_remove"):
            found.setlist(name, [value for value in values if isinstance(value, str)])
    return found


def _belongs(own: re.Pattern[str], name: str) -> bool:
    row = ROW_NAME.fullmatch(name)
    return own.fullmatch(row.group(1) if row else name) is not None


def keep(typed: QueryDict, owner: str, place: str, *, network: str, now: datetime) -> None:
    """Keep what was typed. Raises TooMany when a network begins more drafts than it may; those begun go on."""
    if draft_at(owner=owner, place=place) is None:
        spend([drafts_from_a_network()], subject=network, now=now)
    content = typed.copy()
    for name in ("_add", "_remove"):
        content.pop(name, None)
    save_draft(owner=owner, place=place, content=content.urlencode(), now=now)


def wipe(owner: str, place: str) -> None:
    """Forget what was typed: it was sent, or is not wanted."""
    drop_draft(owner=owner, place=place)
