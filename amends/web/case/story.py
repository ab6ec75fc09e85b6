"""What happened on a case as people read it: the newest first, long and quiet stretches folded, rounds side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from django.utils.translation import gettext

from amends.apps.cases.timeline import Entry, ShownValue
from amends.apps.ledger.models import Event
from amends.core.clocks import ClockReading
from amends.core.conversation import TELLING_VERBS
from amends.core.verbs import NOTE_PROCEEDING, SPOKEN_BY_CUSTOMER
from amends.doors.wording import happened, listed, words
from amends.web.case.seeing import CaseView
from amends.web.case.writing import Sent, sent_with

FOLDS_FROM = 14
NEWEST, OLDEST = 8, 3
QUIET_RUN = 3
OPEN_RECORDS = 2
GIST = 90
SHOWS = ("", "all", "contacts", "decisions", "clock")
CONTACTS = TELLING_VERBS | SPOKEN_BY_CUSTOMER | {"follow_up", "no_answer"}
OF_TIME = frozenset({"promise", "pause", "resume", "extend", "urge", "acknowledge", "record_exception"})
OUR_WORD = frozenset({"propose", "approve", "disapprove", "send_back", "tell", "answer"})
THEIR_WORD = frozenset({"agree", "refuse", "no_answer", "rate", "follow_up"})
PROPOSING = frozenset({"propose", "tell"})
SHOWN_IN_ROUNDS = ("long_text", "text", "choices", "money", "yes_no")


@dataclass(frozen=True, slots=True)
class Told:
    """One event in words: with its record open, or with the gist of it; and what became of what was sent with it."""

    entry: Entry
    is_open: bool = False
    gist: str = ""
    sent: Sent | None = None


@dataclass(frozen=True, slots=True)
class Fold:
    """A stretch of events that is folded away: from which to which, and what lies in it."""

    first: int
    last: int
    count: int
    contents: str
    begun_at: datetime
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that a clock did."""

    at: datetime
    title: str
    what: str
    is_late: bool = False


@dataclass(frozen=True, slots=True)
class Story:
    """The timeline as it is shown; `show` is the filter."""

    show: str
    lines: Sequence[Told | Fold | Mark]
    total: int


@dataclass(slots=True)
class Round:
    """One proposal and the customer's answer."""

    number: int
    cycle: int
    ours: list[tuple[Entry, list[ShownValue]]] = field(default_factory=list)
    theirs: list[tuple[Entry, list[ShownValue]]] = field(default_factory=list)


def story_of(seen: CaseView, show: str, readings: Iterable[ClockReading]) -> tuple[Story, list[Round]]:
    """The timeline under a filter, and the rounds; only what is shown is put into words, all of it at once."""
    events = seen.readable
    pieces = _folded(events[::-1]) if not show else [[event] for event in _chosen(events, show)[::-1]]
    wanted = {piece[0].seq for piece in pieces if len(piece) == 1}
    in_rounds = {event.seq for event in events if event.kind in OUR_WORD | THEIR_WORD}
    told = {e.seq: e for e in seen.told([event for event in events if event.seq in wanted | in_rounds])}
    sent = sent_with(seen, events)
    lines: list[Told | Fold | Mark] = []
    for piece in pieces:
        lines.append(_told(told[piece[0].seq], show, len(lines), sent) if len(piece) == 1 else _fold(piece))
    if show == "clock":
        lines = _by_time([*lines, *clock_marks(readings)])
    return Story(show, lines, len(events)), rounds_of(told[seq] for seq in sorted(in_rounds))


def stretch_of(seen: CaseView, first: int, last: int) -> list[Told]:
    """What was folded away between two events, the newest first."""
    events = [event for event in seen.readable if first <= event.seq <= last]
    sent = sent_with(seen, events)
    return [_told(entry, "", OPEN_RECORDS, sent) for entry in reversed(seen.told(events))]


def _folded(events: Sequence[Event]) -> list[Sequence[Event]]:
    """The events, newest first, with the middle of a long story and each quiet run taken together."""
    if len(events) <= FOLDS_FROM:
        return _quiet_runs(events)
    middle = events[NEWEST:-OLDEST]
    return [*_quiet_runs(events[:NEWEST]), middle, *_quiet_runs(events[-OLDEST:])]


def _quiet_runs(events: Sequence[Event]) -> list[Sequence[Event]]:
    found: list[Sequence[Event]] = []
    for quiet, run in groupby(events, key=_is_quiet):
        together = list(run)
        found += [together] if quiet and len(together) >= QUIET_RUN else [[event] for event in together]
    return found


def _is_quiet(event: Event) -> bool:
    """Neither a step of the way, nor a decision, nor a word from or to the customer."""
    return not _decides(event) and event.kind not in CONTACTS


def _decides(event: Event) -> bool:
    data = event.data
    return data.get("to") != data.get("from") or bool(data.get("graded") or data.get("assign"))


def _chosen(events: Sequence[Event], show: str) -> Sequence[Event]:
    if show == "contacts":
        return [event for event in events if event.kind in CONTACTS]
    if show == "decisions":
        return [event for event in events if _decides(event)]
    if show == "clock":
        return [event for event in events if event.kind in OF_TIME]
    return events


def _told(entry: Entry, show: str, place: int, sent: Mapping[int, Sent]) -> Told:
    is_open = bool(entry.values) and (show != "" or place < OPEN_RECORDS)
    return Told(entry, is_open, "" if is_open else gist_of(entry), sent.get(entry.seq))


def gist_of(entry: Entry) -> str:
    """The first thing that was written, short; what is masked or erased says nothing. Of a proceeding: which, and how it stands."""
    if entry.verb == NOTE_PROCEEDING:
        return gettext("：").join(_of_proceeding(entry.values))
    texts = (v for v in entry.values if v.kind == "long_text" and v.value and not v.is_masked)
    text = " ".join(str(next((words(v.value) for v in texts), "")).split())
    return text if len(text) <= GIST else text[:GIST].rstrip() + "…"


def _of_proceeding(values: Iterable[ShownValue]) -> list[str]:
    """Its name with its number, and its state."""
    return [f"{words(v.title)} {v.value}" if v.id == "proceeding" else listed(map(words, v.value)) for v in values]


def _fold(events: Sequence[Event]) -> Fold:
    counted = Counter(event.kind for event in reversed(events))
    parts = [f"{happened(verb)} ×{n}" if n > 1 else happened(verb) for verb, n in counted.most_common(4)]
    contents = listed(parts) + (gettext("等") if len(counted) > len(parts) else "")
    newest, oldest = events[0], events[-1]
    return Fold(oldest.seq, newest.seq, len(events), contents, oldest.at, newest.at)


def clock_marks(readings: Iterable[ClockReading]) -> list[Mark]:
    """When each clock began, ran out and stopped."""
    found = []
    for r in readings:
        title = words(r.rule.title)
        found.append(Mark(r.started_at, title, gettext("开始计时")))
        if r.breached_at is not None:
            found.append(Mark(r.breached_at, title, gettext("到期未完成"), is_late=True))
        if r.stopped_at is not None:
            late = r.breached_at is not None
            what = gettext("超时完成") if late else gettext("按时完成") if r.due_at else gettext("计时结束")
            found.append(Mark(r.stopped_at, title, what, is_late=late))
    return found


def _by_time(lines: Iterable[Told | Fold | Mark]) -> list[Told | Fold | Mark]:
    return sorted(lines, key=lambda line: _time_of(line), reverse=True)


def _time_of(line: Any) -> datetime:
    moment: datetime = line.entry.at if isinstance(line, Told) else line.at
    return moment


def rounds_of(entries: Iterable[Entry]) -> list[Round]:
    """What was proposed and answered in each round, oldest first; nothing before a first proposal.

    A refusal opens the next round and answers the one before: the customer's word stands beside the latest of ours.
    """
    found: dict[tuple[int, int], Round] = {}
    for entry in entries:
        texts = [v for v in entry.values if v.kind in SHOWN_IN_ROUNDS and v.value not in (None, "", [])][:3]
        if entry.verb in THEIR_WORD and found:
            next(reversed(found.values())).theirs.append((entry, texts))
        elif entry.verb in OUR_WORD:
            here = found.setdefault((entry.cycle, entry.round), Round(entry.round, entry.cycle))
            here.ours.append((entry, texts))
    return [r for r in found.values() if r.theirs or any(e.verb in PROPOSING for e, _ in r.ours)]
