"""One case at a glance: where it stands, who is accountable, what is due next and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext

from amends.apps.cases.models import Case
from amends.apps.cases.timeline import Entry, ShownValue
from amends.core.clock_explanations import ExplainedRow, explained_rows, heading
from amends.core.clocks import ClockReading
from amends.core.decide import Action
from amends.core.policy.pack import Pack
from amends.core.process_map import main_line, place_on_line
from amends.core.verbs import EXITS
from amends.doors.wording import button_of, language, listed, traditional, words
from amends.web.queue.rows import waits_words

ROUND_VERBS = ("propose", "approve", "send_back", "tell", "answer", "agree", "refuse", "no_answer", "rate")
SOON = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the stage bar."""

    title: str
    mark: str


@dataclass(frozen=True, slots=True)
class Clock:
    """One clock of the case with its explanation."""

    title: str
    reading: ClockReading
    why: str
    rows: tuple[ExplainedRow, ...]
    percent: int
    tone: str
    is_running: bool


@dataclass(frozen=True, slots=True)
class Button:
    """One verb that is open now; `missing` says why it is not ready."""

    verb: str
    title: str
    missing: str = ""


@dataclass(slots=True)
class Round:
    """One proposal and the customer's answer."""

    number: int
    cycle: int
    entries: list[tuple[Entry, list[ShownValue]]] = field(default_factory=list)


def stages_of(pack: Pack, case: Case, passed: list[str]) -> list[Stage]:
    """The main line of the pack, with what lies behind and where the case stands now."""
    line = main_line(pack.lifecycle)
    place = place_on_line(line, passed)
    is_over = pack.lifecycle.states[case.state].category in ("done", "archived") and case.state not in line
    found = []
    for n, name in enumerate(line):
        mark = "is-past" if n < place or (n == place and is_over) else "is-now" if n == place else ""
        found.append(Stage(words(pack.lifecycle.states[name].title), mark))
    return found


def buttons_of(actions: Iterable[Action]) -> tuple[list[Button], list[Button], list[Button]]:
    """The verbs of the way, those beside it, and the ways out."""
    moves, asides, exits = [], [], []
    for action in actions:
        title = words(action.title) if action.title else button_of(action.verb)
        missing = gettext("还缺：%(missing)s") % {"missing": listed(action.needs_unmet)} if action.needs_unmet else ""
        button = Button(action.verb, title, missing)
        if action.verb in EXITS:
            exits.append(button)
        elif action.is_move:
            moves.append(button)
        else:
            asides.append(button)
    return moves, asides, exits


def clocks_shown(pack: Pack, readings: Iterable[ClockReading], now: datetime) -> list[Clock]:
    """The clocks, the most pressing first, those that have stopped last."""
    rules = {rule.id: rule for rule in pack.clocks}
    names = names_of_values(pack)
    found = [_clock(rules[r.rule_id], r, names, now) for r in readings]
    far = datetime.max.replace(tzinfo=now.tzinfo)
    return sorted(found, key=lambda c: (not c.is_running, c.reading.due_at or far, c.reading.started_at))


def _clock(rule: Any, reading: ClockReading, names: Mapping[str, str], now: datetime) -> Clock:
    tongue = "en" if language() == "en" else "zh-Hans"
    why, rows = (
        heading(reading, tongue, rule=rule, words=names),
        explained_rows(reading, tongue, rule=rule, words=names),
    )
    if language() == "zh-hant":
        why, rows = traditional(why), [ExplainedRow(traditional(r.when), traditional(r.what)) for r in rows]
    running = reading.stopped_at is None
    return Clock(
        title=words(rule.title),
        reading=reading,
        why=why,
        rows=tuple(rows),
        percent=_percent(reading),
        tone=_tone(reading, now) if running else "is-over",
        is_running=running,
    )


def _percent(reading: ClockReading) -> int:
    if reading.left is None:
        return 0
    whole = reading.spent + max(reading.left, 0)
    return min(100, round(100 * reading.spent / whole)) if whole else 100


def _tone(reading: ClockReading, now: datetime) -> str:
    if reading.due_at is None:
        return ""
    if reading.due_at <= now:
        return "is-late"
    return "is-soon" if reading.due_at - now < SOON else ""


def names_of_values(pack: Pack) -> dict[str, str]:
    """The words for every coded value of the pack that a clock may speak of."""
    found = {value.id: words(value.title) for axis in pack.grading.axes for value in axis.values}
    for titles in pack.categories.lists.values():
        found |= {name: words(title) for name, title in titles.items()}
    for f in pack.fields.values():
        found |= {option.id: words(option.title) for option in f.options}
    found |= {name: words(kind.title) for name, kind in pack.channels.kinds.items()}
    found |= {name: words(channel.title) for name, channel in pack.channels.channels.items()}
    for scheme in pack.categories.schemes:
        found |= {path: words(node.title) for path, node in scheme.walk()}
    return found


def nearest(clocks: Iterable[Clock]) -> Clock | None:
    """The running clock that falls due first."""
    return next((c for c in clocks if c.is_running and c.reading.due_at is not None), None)


def rounds_of(entries: Iterable[Entry]) -> list[Round]:
    """What was proposed and answered in each round, oldest first; nothing before a first proposal."""
    found: dict[tuple[int, int], Round] = {}
    for entry in entries:
        if entry.verb not in ROUND_VERBS:
            continue
        key = (entry.cycle, entry.round)
        texts = [v for v in entry.values if v.kind in ("long_text", "text", "choices", "money") and v.value][:3]
        found.setdefault(key, Round(entry.round, entry.cycle)).entries.append((entry, texts))
    verbs = {entry.verb for r in found.values() for entry, _ in r.entries}
    return list(found.values()) if verbs & {"propose", "tell", "answer"} else []


def waits_for(pack: Pack, case: Case) -> str:
    return waits_words(pack, case.waits_for)


def zone_of_case(pack: Pack) -> ZoneInfo:
    return ZoneInfo(pack.head.zone)
