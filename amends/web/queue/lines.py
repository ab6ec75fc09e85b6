"""The lines of the queue as they are shown: every word worked out beforehand, so that the page only puts them in place."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypedDict
from urllib.parse import quote

from django.urls import reverse
from django.utils.translation import gettext

from amends.apps.policies.queries import read_version
from amends.core.conversation import customer_spoke_last
from amends.core.policy.lifecycle import RESTING
from amends.doors.pack_words import PackWords, words_of
from amends.doors.wording import begun, due_words, left_words, moment_words, traditional_of_reader

SOON = timedelta(hours=24)
DOT = " · "


class Line(TypedDict):
    """One line. Empty texts are not shown. A dictionary, because templates read those fastest."""

    number: str
    address: str
    tone: str
    what: str
    second: str
    level: str
    rank: int
    urgent: bool
    state: str
    state_tone: str
    waits: str
    department: str
    handler: str
    desk: str
    category: str
    kind: str
    channel: str
    partner: str
    due: str
    due_at: datetime | None
    due_iso: str
    due_tone: str
    due_clock: str
    due_when: str
    is_provisional: bool
    told: str
    held: str
    department_told: str
    spoke: str
    word: str
    word_tone: str
    word_clock: str
    word_when: str
    asks: str
    received: str
    says_way: bool
    changed: str
    archived: str
    is_open: bool
    is_late: bool
    is_changed: bool


@dataclass(frozen=True, slots=True)
class Look:
    """Who looks, at which columns, since when things count as new, and whether cases of several desks stand together."""

    now: datetime
    columns: Collection[str]
    reader: str
    seen_at: datetime | None = None
    desks: Mapping[int, str] = field(default_factory=dict)
    """The names of the desks by their keys."""
    several_desks: bool = False
    held: Mapping[str, datetime] = field(default_factory=dict)
    """Until when quiet hours hold back the latest text of a case, by its key."""


def lines_of(rows: Iterable[Any], look: Look) -> list[Line]:
    """The lines of a page; packs and their words are kept in memory, so this asks the database nothing."""
    sentences, found = _Said(), list(rows)
    said = {pack: words_of(read_version(pack)) for pack in {row.pack_id for row in found}}
    return [_line(row, said[row.pack_id], look, sentences) for row in found]


class _Said:
    """What stands in many lines."""

    __slots__ = ("asks", "before", "no_subject", "waits")

    def __init__(self) -> None:
        self.no_subject, self.waits = gettext("（无事项说明）"), gettext("等待%(who)s")
        self.asks = gettext("%(n)s 个提问未答")
        self.before = reverse("case", args=["x"]).removesuffix("x/")

    def address_of(self, number: str) -> str:
        """Where a case is; the way there is looked up once a page."""
        return f"{self.before}{quote(number, safe='')}/"


def _line(row: Any, said: PackWords, look: Look, sentences: _Said) -> Line:
    now, zone, columns = look.now, said.zone, look.columns
    is_open = row.state_category not in RESTING
    due = row.due_at if is_open else None
    is_late = is_open and (row.is_late or (due is not None and due <= now))
    is_changed = look.seen_at is not None and row.changed_at > look.seen_at and row.changed_by != look.reader
    level, rank = said.level(row.level)
    desk, category, waits = (
        look.desks.get(row.desk_id, ""),
        said.category(row.category),
        said.waits_within(row.waits_for),
    )
    kind, channel = said.kind(row.kind), said.channel(row.channel)
    word_due = _next_word(row, look)
    beside = [
        row.number,
        desk if look.several_desks and "desk" not in columns else "",
        "" if "category" in columns else category,
    ]
    return Line(
        number=row.number,
        address=sentences.address_of(row.number),
        tone=" ".join(
            name
            for name, holds in (("is-late", is_late), ("is-urgent", row.urgent), ("is-changed", is_changed))
            if holds
        ),
        what=row.subject or sentences.no_subject,
        second=DOT.join(filter(None, beside)),
        level=level,
        rank=rank,
        urgent=row.urgent,
        state=said.state(row.state),
        state_tone="chip-warn" if row.state_category == "waiting" else "chip-accent" if is_open else "",
        waits=sentences.waits % {"who": waits} if waits else "",
        department=_named(row.department__title, row.department__title_en, said.tongue),
        handler=row.handler__name or "",
        desk=desk,
        category=category,
        kind=kind,
        channel=channel,
        partner=row.partner__name or "",
        due=left_words(due, now, tongue=said.tongue) if due else "",
        due_at=due,
        due_iso=due.isoformat() if due else "",
        due_tone="late" if is_late else "soon" if due and due - now < SOON else "",
        due_clock=said.clock(row.due_clock) if due else "",
        due_when=due_words(due, zone, now=now, tongue=said.tongue) if due else "",
        is_provisional=row.due_is_provisional,
        told=_past(row.last_told_at, said, look) if "told" in columns else "",
        held=_past(held, said, look) if (held := look.held.get(str(row.id))) and "told" in columns else "",
        department_told=_past(row.department_told_at, said, look) if "told" in columns else "",
        spoke=_spoke(row, said, look),
        word=left_words(word_due, now, tongue=said.tongue) if word_due else "",
        word_tone="late" if word_due and word_due <= now else "soon" if word_due and word_due - now < SOON else "",
        word_clock=said.clock(row.word_clock) if word_due else "",
        word_when=due_words(word_due, zone, now=now, tongue=said.tongue) if word_due else "",
        asks=sentences.asks % {"n": row.questions_open} if row.questions_open and "word" in columns else "",
        received=_past(row.received_at, said, look) if "received" in columns else "",
        says_way="kind" not in columns and "channel" not in columns,
        changed=_past(row.changed_at, said, look) if "changed" in columns else "",
        archived=_past(row.archived_at, said, look) if "archived" in columns else "",
        is_open=is_open,
        is_late=is_late,
        is_changed=is_changed,
    )


def _spoke(row: Any, said: PackWords, look: Look) -> str:
    """When the customer spoke, where nobody of the house has spoken since and a column shows it."""
    if "told" not in look.columns or not customer_spoke_last(row.last_told_at, row.customer_spoke_at):
        return ""
    return _past(row.customer_spoke_at, said, look)


def _past(moment: datetime | None, said: PackWords, look: Look) -> str:
    """When something was; the weekday is told of what is still to come only, or lines grow twice as high."""
    return moment_words(moment, said.zone, now=look.now, weekday=False, tongue=said.tongue) if moment else ""


def _next_word(row: Any, look: Look) -> datetime | None:
    """When the customer has to hear from the house next, where a column shows it."""
    is_open = row.state_category not in RESTING
    due: datetime | None = row.word_due_at if is_open and "word" in look.columns else None
    return due


def _named(title: str | None, title_en: str | None, tongue: str) -> str:
    """The name of a department or desk in the reader's language."""
    if not title or tongue == "zh-hans":
        return title or ""
    return begun(title_en) if title_en and tongue == "en" else traditional_of_reader(title)
