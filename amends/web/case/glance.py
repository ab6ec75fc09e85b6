"""One case at a glance: where it stands, who has the ball, what is due when and why, and what the customer heard."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext

from amends.apps.cases.promise_list import KIND, title_of_kind
from amends.apps.ledger.models import Event
from amends.apps.messaging.models import OutboxMessage
from amends.apps.prepared import Asked, Prepared, given_text
from amends.core.clock_explanations import ExplainedRow, explained_rows, heading
from amends.core.clocks import ClockReading
from amends.core.conversation import STATUS_ENQUIRIES, TELLING_VERBS, customer_spoke_last, waits_for_a_word
from amends.core.facts import CaseFacts
from amends.core.policy.keeping import once_a_pack
from amends.core.policy.pack import Pack
from amends.core.process_map import Way, way_of_case
from amends.doors.pack_words import waits_words
from amends.doors.wording import language, left_words, listed, traditional, words
from amends.web.case.seeing import CaseView

SOON = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the stage bar."""

    title: str
    mark: str


@dataclass(frozen=True, slots=True)
class Clock:
    """One clock of the case."""

    title: str
    reading: ClockReading
    percent: int
    tone: str
    is_running: bool
    late_by: str = ""


@dataclass(frozen=True, slots=True)
class Explained:
    """Why a clock is due when it is: its limit, and every stretch of time."""

    clock: Clock
    why: str
    rows: Sequence[ExplainedRow]


@dataclass(frozen=True, slots=True)
class Heard:
    """How things stand between us and the customer: what they last heard, when the next word is due, who spoke last."""

    verb: str
    at: datetime | None
    message: OutboxMessage | None
    next_at: datetime | None
    is_promised: bool
    promised: str
    last_by_customer: bool
    last_at: datetime | None

    def held_until(self, now: datetime) -> datetime | None:
        """When the latest word leaves, where it is a text that waits for its time: until then nobody has heard it."""
        row = self.message
        if row is None or row.state != OutboxMessage.State.WAITING or row.not_before is None or row.not_before <= now:
            return None
        return row.not_before if self.at is None or self.at <= row.created_at else None


@dataclass(frozen=True, slots=True)
class Flag:
    """Something to bear in mind on this case."""

    icon: str
    text: str
    tone: str = "line"
    address: str = ""


def late_by(reading: ClockReading) -> str:
    """By how much a clock that was stopped too late missed its time, in words; empty for any other."""
    if reading.stopped_at is None or reading.due_at is None or reading.stopped_at <= reading.due_at:
        return ""
    return left_words(reading.due_at, reading.stopped_at)


def stages_of(pack: Pack, facts: CaseFacts, passed: list[str]) -> Sequence[Stage]:
    """The way of the case in the words of its pack: what lies behind, where it stands now, and what lies ahead."""
    return _stages_on(pack, way_of_case(pack, facts, passed), language())


@once_a_pack
def _stages_on(pack: Pack, way: Way, tongue: str) -> Sequence[Stage]:
    marks = [*(("is-past", name) for name in way.behind), ("is-now", way.now), *(("", name) for name in way.ahead)]
    return tuple(Stage(words(pack.lifecycle.states[name].title, tongue=tongue), mark) for mark, name in marks)


def states_passed(seen: CaseView) -> list[str]:
    """The states in which the case stood in its present cycle, in order, as far as its version of the policy has them."""
    stood = [e.data["to"] for e in seen.events if e.data.get("cycle") == seen.case.cycle]
    return [state for state in (*stood, seen.case.state) if state in seen.pack.lifecycle.states]


def clocks_shown(readings: Iterable[ClockReading], now: datetime) -> list[Clock]:
    """The clocks, the most pressing first, those that have stopped last."""
    far = datetime.max.replace(tzinfo=now.tzinfo)
    tongue = language()
    found = [_clock(reading, now, tongue) for reading in readings]
    return sorted(found, key=lambda c: (not c.is_running, c.reading.due_at or far, c.reading.started_at))


def _clock(reading: ClockReading, now: datetime, tongue: str) -> Clock:
    running = reading.stopped_at is None
    return Clock(
        words(reading.rule.title, tongue=tongue),
        reading,
        _percent(reading),
        _tone(reading, now) if running else "is-over",
        running,
        late_by(reading),
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


def explained(seen: CaseView, key: str = "") -> list[Explained]:
    """The clocks with the explanation of every minute: one of them, or all."""
    tongue = "en" if language() == "en" else "zh-Hans"
    readings = [r for r in seen.read_clocks(with_segments=True) if key in ("", r.key)]
    names = names_of_values(seen.pack, language())
    return [_explained(clock, tongue, names) for clock in clocks_shown(readings, seen.viewer.now)]


def _explained(clock: Clock, tongue: str, names: Mapping[str, str]) -> Explained:
    rule = clock.reading.rule
    why = heading(clock.reading, tongue, rule=rule, words=names)
    rows = explained_rows(clock.reading, tongue, rule=rule, words=names)
    if language() == "zh-hant":
        why, rows = traditional(why), [ExplainedRow(traditional(r.when), traditional(r.what)) for r in rows]
    return Explained(clock, why, rows)


@once_a_pack
def names_of_values(pack: Pack, tongue: str) -> Mapping[str, str]:
    """The words for every coded value of the pack that a clock or the order of the queue may speak of, in the reader's language,
    which is `tongue`."""
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
    """The running clock that falls due first; how often the customer hears is shown apart from it."""
    due = (c for c in clocks if c.is_running and c.reading.due_at is not None)
    return next((c for c in due if not c.reading.rule.rhythm), None)


def heard_of(seen: CaseView, clocks: Iterable[Clock]) -> Heard:
    """What the customer last heard, when the next word is due to them, and who spoke last; one query."""
    told, case = _last(seen.readable, TELLING_VERBS), seen.case
    due = _next_word(clocks, seen.pack)
    return Heard(
        verb=told.kind if told else "",
        at=case.last_told_at,
        message=_last_message(seen),
        next_at=due.reading.due_at if due else None,
        is_promised=due is not None and bool(due.reading.rule.limit.promise),
        promised=_promised_in(seen, due.reading.start_seq) if due and due.reading.rule.limit.promise else "",
        last_by_customer=customer_spoke_last(case.last_told_at, case.customer_spoke_at),
        last_at=max((at for at in (case.last_told_at, case.customer_spoke_at) if at), default=None),
    )


def _promised_in(seen: CaseView, seq: int) -> str:
    """What was promised in an event, in the words of the policy; empty where it can not be read."""
    event = next((event for event in reversed(seen.readable) if event.seq == seq), None)
    return words(title_of_kind(seen.pack, event.data.get("set", {}).get(KIND))) if event is not None else ""


def _last(events: Sequence[Event], verbs: frozenset[str]) -> Event | None:
    return next((event for event in reversed(events) if event.kind in verbs), None)


_LAST_MESSAGE = Prepared(
    lambda: (
        OutboxMessage.objects.filter(case_key=given_text("case"))
        .only("channel", "state", "created_at", "sent_at", "not_before")
        .order_by("-created_at", "-pk")[:1]
    )
)


def _last_message(seen: CaseView) -> OutboxMessage | None:
    if seen.actor.accused:
        return None
    return asked_for_last_message(seen).first()


def asked_for_last_message(seen: CaseView) -> Asked[OutboxMessage]:
    """The newest message about the case, sent or waiting, without its words; no row where none was written. To be sent along
    with other questions; whoever is complained about is not shown it, which `heard_of` sees to.
    """
    return _LAST_MESSAGE.given(case=str(seen.case.pk))


def _next_word(clocks: Iterable[Clock], pack: Pack) -> Clock | None:
    """The running clock that a word to the customer would stop."""
    waiting = (c for c in clocks if c.is_running and c.reading.due_at is not None)
    return next((c for c in waiting if waits_for_a_word(c.reading.rule, pack.lifecycle)), None)


@dataclass(frozen=True, slots=True)
class Task:
    """Somebody has to speak with the customer: what about, who, and until when."""

    title: str
    who: str
    due_at: datetime | None
    is_late: bool


def tasks_of(seen: CaseView, clocks: Iterable[Clock]) -> list[Task]:
    """The tasks that clocks of the case stand for now, the most pressing first."""
    now, found = seen.viewer.now, []
    for clock in clocks:
        task, due = clock.reading.rule.task, clock.reading.due_at
        is_late = due is not None and due <= now
        if task is not None and clock.is_running and (task.raised == "at_start" or is_late):
            who = listed(waits_words(seen.pack, role) for role in task.to)
            found.append(Task(words(dict(task.title)), who, due, is_late))
    return found


def flags_of(seen: CaseView) -> list[Flag]:
    """What everybody who works on the case has to bear in mind, calmly."""
    case, facts = seen.case, seen.facts
    found = []
    if case.urgent:
        found.append(Flag("flame", gettext("紧急"), "warn"))
    if case.cycle > 1:
        found.append(Flag("refresh", gettext("第 %(n)s 次办理") % {"n": case.cycle}, "warn"))
    earlier = facts.value("earlier_cases")
    if isinstance(earlier, int) and earlier and not case.hides_reporter:
        found.append(Flag("repeat", gettext("重复投诉人，此前 %(n)s 件") % {"n": earlier}, "warn", "#related-title"))
    if asked_first := len(facts.lists.get(STATUS_ENQUIRIES, ())):
        found.append(Flag("phone-incoming", gettext("客户主动询问进展 %(n)s 次") % {"n": asked_first}, "warn"))
    if case.restricted_to:
        found.append(Flag("lock", gettext("仅限指定人员查看")))
    if case.internal:
        found.append(Flag("building", gettext("内部投诉")))
    if case.hides_reporter:
        found.append(Flag("eye-off", gettext("反映人身份保密")))
    if case.taken_over:
        found.append(Flag("archive", gettext("历史个案，不作时限评判")))
    return found
