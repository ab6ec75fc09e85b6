"""Forms that somebody left without sending them: what they are about, and how old they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from amends.apps.cases.drafts import drafts_under
from amends.apps.cases.queries import Viewer
from amends.doors.wording import span_words
from amends.web.drafts.views import content_of, place_of_intake

MINUTE = timedelta(minutes=1)
ABOUT = ("subject", "description", "complainant_name", "complainant_phone")


@dataclass(frozen=True, slots=True)
class Left:
    """A form that was left: its key, where it is kept, the first words of it, when it was saved and how long ago; that is left out within
    the first minute."""

    token: str
    place: str
    about: str
    saved_at: datetime
    age: str


def drafts_left(viewer: Viewer, *, apart_from: str = "") -> list[Left]:
    """The intake forms that the viewer left, newest first; one query."""
    beginning = place_of_intake("")
    found = []
    for draft in drafts_under(owner=viewer.person.actor_id, place=beginning):
        token, typed = draft.place.removeprefix(beginning), content_of(draft)
        if token == apart_from:
            continue
        about = next((typed.get(name, "").strip()[:40] for name in ABOUT if typed.get(name, "").strip()), "")
        age = viewer.now - draft.saved_at
        found.append(Left(token, draft.place, about, draft.saved_at, span_words(age) if age >= MINUTE else ""))
    return found
