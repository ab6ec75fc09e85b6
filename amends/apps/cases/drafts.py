"""What somebody is typing, kept on the server so that nothing typed is lost."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import QuerySet

from amends.apps.cases.models import Draft
from amends.core.refusals import Refusal

PORTAL = "portal:"
PORTAL_DRAFT_LIVES = timedelta(days=7)
"""How long a device of a customer finds again what was typed on it."""


class WrittenElsewhere(Refusal):
    """Another window of the same person goes on with this draft."""

    code = "draft_written_elsewhere"
    status = 409
    sentence = "这份草稿正在另一个窗口填写，本页内容另存为一份草稿。"


def save_draft(
    *, owner: str, place: str, content: str, now: datetime, writer: str = "", seen: datetime | None = None
) -> Draft:
    """Keep the latest text of a place; one draft for an owner and place.

    A window that names itself as `writer` says when it last saw the draft. Raises WrittenElsewhere when another window
    has saved it since.
    """
    place, writer = place[:120], writer[:64]
    if writer and seen is not None:
        others = Draft.objects.filter(owner=owner, place=place, saved_at__gt=seen).exclude(writer__in=("", writer))
        if others.exists():
            raise WrittenElsewhere
    draft, _ = Draft.objects.update_or_create(
        owner=owner, place=place, defaults={"content": content, "saved_at": now, "writer": writer}
    )
    return draft


def draft_at(*, owner: str, place: str) -> Draft | None:
    """The draft that the owner left at a place."""
    return Draft.objects.filter(owner=owner, place=place[:120]).first()


def portal_drafts() -> QuerySet[Draft]:
    """What customers are typing on their devices."""
    return Draft.objects.filter(owner__startswith=PORTAL)


def drafts_under(*, owner: str, place: str, most: int = 20) -> list[Draft]:
    """The drafts that the owner left at places of that beginning, the newest first."""
    return list(Draft.objects.filter(owner=owner, place__startswith=place).order_by("-saved_at")[:most])


def drop_draft(*, owner: str, place: str) -> None:
    """Forget a draft: it was sent, or is not wanted."""
    Draft.objects.filter(owner=owner, place=place[:120]).delete()
