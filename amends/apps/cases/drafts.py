"""What somebody is typing, kept on the server so that nothing typed is lost."""

from __future__ import annotations

from datetime import datetime

from amends.apps.cases.models import Draft


def save_draft(*, owner: str, place: str, content: str, now: datetime) -> Draft:
    """Keep the latest text of a place; one draft for an owner and place."""
    draft, _ = Draft.objects.update_or_create(
        owner=owner, place=place[:120], defaults={"content": content, "saved_at": now}
    )
    return draft


def draft_at(*, owner: str, place: str) -> Draft | None:
    """The draft that the owner left at a place."""
    return Draft.objects.filter(owner=owner, place=place[:120]).first()


def drop_draft(*, owner: str, place: str) -> None:
    """Forget a draft: it was sent, or is not wanted."""
    Draft.objects.filter(owner=owner, place=place[:120]).delete()
