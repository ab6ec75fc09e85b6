"""What the customer asked and nobody has answered yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from amends.apps.cases.timeline import labels_of
from amends.core.conversation import QUESTIONS
from amends.core.roles import sees_task_only
from amends.web.case.seeing import CaseView


@dataclass(frozen=True, slots=True)
class Question:
    """A question of the customer that is open; `text` is empty where the viewer may not read it."""

    number: int
    text: str
    asked_at: datetime | None


def open_questions(seen: CaseView) -> Sequence[Question]:
    """The open questions of the customer, the oldest first; asks the database only where there are any."""
    still_open = seen.facts.open_items(QUESTIONS)
    if not still_open or sees_task_only(seen.pack, seen.actor):
        return ()
    texts = labels_of(seen.case, [QUESTIONS], pack=seen.pack, actor=seen.actor)[QUESTIONS]
    return [Question(i["no"], texts.get(i["no"], ""), _moment(i.get("at"))) for i in still_open]


def _moment(text: object) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) else None
