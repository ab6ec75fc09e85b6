"""What is known about a case: a fold over its events. No rule looks anywhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any, NamedTuple

EMPTY: Mapping[str, Any] = MappingProxyType({})

TEXT_GIVEN = {"text": True}
"""Stands in an event where a text was entered; the text itself lies beside the event."""


class Event(NamedTuple):
    """One event as the rules see it. `payload` holds codes, ids, times and amounts, never free text."""

    seq: int
    verb: str
    at: datetime
    recorded_at: datetime
    actor: str
    payload: Mapping[str, Any]


class Doing(NamedTuple):
    """That a verb was done: when, by whom, in which cycle and round."""

    seq: int
    at: datetime
    actor: str
    cycle: int
    round: int

    def as_data(self) -> dict[str, Any]:
        return {"seq": self.seq, "at": self.at, "actor": self.actor, "cycle": self.cycle, "round": self.round}


SATURDAY = 5


def by_week(day: date) -> bool:
    """Whether a day lies between Monday and Friday."""
    return day.weekday() < SATURDAY


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """The facts of one case (or proceeding) after its events so far."""

    state: str | None = None
    cycle: int = 0
    round: int = 0
    version: int = 0
    values: Mapping[str, Any] = field(default_factory=dict)
    lists: Mapping[str, tuple[Mapping[str, Any], ...]] = field(default_factory=dict)
    done: Mapping[str, Doing] = field(default_factory=dict)
    department: int | None = None
    team: int | None = None
    handler: int | None = None
    taken_over: bool = False
    behind: CaseFacts | None = None
    """What a proceeding stands on: the facts of its case or of the proceeding that started it. Never stored with it."""
    over: frozenset[str] = frozenset()
    """The clocks whose time is over at the moment of asking: a reading, never stored."""
    promise_open: bool = False
    """Whether the customer was promised a time that still stands: a reading, never stored."""
    beneath: Mapping[str, int] = field(default_factory=dict)
    """How many proceedings lie under this one, by kind and state (`visit_count`, `visit_open`, `visit_late`, `visit_closed`): a
    reading, never stored.
    """
    is_working: Callable[[date], bool] = field(default=by_week, compare=False)
    """Whether a day is a working day of the desk: a reading, never stored. Without its calendar Monday to Friday."""

    def value(self, name: str) -> Any:
        """The value of a fact: entered, marked, graded, or one of the built-in ones; None when unknown.

        A proceeding answers first; what it does not know is asked of what lies behind it. `case_state`, `case_round` … ask
        the case for what every process has of its own.
        """
        if name in PROCESS_FACTS or name == "promise_open":
            return getattr(self, name)
        found = self._counted(name)
        if found is None:
            found = self.values.get(name)
        if found is None:
            found = self.beneath.get(name)
        if found is None and self.behind is not None:
            if name.startswith("case_") and name[5:] in PROCESS_FACTS:
                return self.case_behind.value(name[5:])
            return self.behind.value(name)
        return found

    def _counted(self, name: str) -> int | None:
        if name.endswith("_open") and name[:-5] in self.lists:
            return sum(1 for item in self.lists[name[:-5]] if item.get("open"))
        if name.endswith("_count") and name[:-6] in self.lists:
            return len(self.lists[name[:-6]])
        return None

    @property
    def case_behind(self) -> CaseFacts:
        """The facts of the case at the bottom; these facts themselves when nothing lies behind them."""
        return self if self.behind is None else self.behind.case_behind

    @property
    def lies_in(self) -> int | None:
        """The department it lies with: its own, else that of what lies behind it."""
        if self.department is not None or self.behind is None:
            return self.department
        return self.behind.lies_in

    @property
    def held_by(self) -> int | None:
        """The accountable person: its own, else that of what lies behind it."""
        if self.handler is not None or self.behind is None:
            return self.handler
        return self.behind.held_by

    def was_done(self, verb: str, *, within: str = "cycle") -> bool:
        """Whether `verb` was performed in the present cycle, or in the present round."""
        doing = self.done.get(verb)
        if doing is None or doing.cycle != self.cycle:
            return False
        return within == "cycle" or doing.round == self.round

    def with_values(self, values: Mapping[str, Any]) -> CaseFacts:
        """These facts as they would be with `values` entered on top."""
        # Spelled out: `replace` costs several times as much, and this is done for every step of every decision.
        return CaseFacts(
            self.state, self.cycle, self.round, self.version, {**self.values, **values}, self.lists, self.done,
            self.department, self.team, self.handler, self.taken_over, self.behind, self.over, self.promise_open,
            self.beneath, self.is_working,
        )  # fmt: skip

    def open_items(self, name: str) -> list[Mapping[str, Any]]:
        return [item for item in self.lists.get(name, ()) if item.get("open")]

    def as_data(self) -> dict[str, Any]:
        """Plain data for storing; `facts_from_data` reads it back equal."""
        return {
            "state": self.state, "cycle": self.cycle, "round": self.round, "version": self.version,
            "values": dict(self.values), "lists": {k: [dict(i) for i in v] for k, v in self.lists.items()},
            "done": {verb: doing.as_data() for verb, doing in self.done.items()},
            "department": self.department, "team": self.team, "handler": self.handler, "taken_over": self.taken_over,
        }  # fmt: skip


PROCESS_FACTS = frozenset({"state", "cycle", "round", "department", "team", "handler", "taken_over"})
"""Facts that every process has of its own; a proceeding asks the case for its own with `case_` before the name."""

BUILT_IN_FACTS = PROCESS_FACTS | {
    "kind", "channel", "channel_group", "written", "internal", "counts", "urgent", "priority", "outcome",
    "earlier_cases", "linked_cases", "received_at", "complainant_kind", "has_contact", "function", "evidence_count",
    "first_level", "first_category", "is_late", "is_due_soon",
    "similar_before", "similar_after", "concerned", "sample_seed", "sample_population", "sampled", "due_before", "out_of_hours", "promise_open",
    "customer_told_at", "customer_contacted_at", "customer_spoke_at", "document_due_on",
}  # fmt: skip
"""Facts that every case has without a form: what `pack check` accepts beside the fields of the pack."""


def facts_from_data(data: Mapping[str, Any]) -> CaseFacts:
    """The facts that `CaseFacts.as_data` wrote (times may have become ISO text on the way)."""
    done = {verb: Doing(**{**doing, "at": _moment(doing["at"])}) for verb, doing in data["done"].items()}
    lists = {name: tuple(items) for name, items in data["lists"].items()}
    return CaseFacts(**{**data, "done": done, "lists": lists})


def _moment(value: datetime | str) -> datetime:
    return (
        value if isinstance(value, datetime) else datetime.fromisoformat(value.replace("Z", "+00:00")).astimezone(UTC)
    )


def evolve(facts: CaseFacts, event: Event) -> CaseFacts:
    """The facts after one more event."""
    payload = event.payload
    cycle = payload.get("cycle", facts.cycle)
    round_ = payload.get("round", facts.round)
    values = {**facts.values, **payload.get("set", EMPTY)}
    for name in payload.get("clear", ()):
        values.pop(name, None)
    assign = payload.get("assign", EMPTY)
    return CaseFacts(
        state=payload.get("to", facts.state),
        cycle=cycle,
        round=round_,
        version=event.seq,
        values=values,
        lists=_lists_after(facts.lists, payload),
        done={
            **facts.done,
            event.verb: Doing(event.seq, event.at, event.actor, facts.cycle or cycle, facts.round or round_),
        },
        department=assign.get("department", facts.department),
        team=assign.get("team", facts.team),
        handler=assign.get("handler", facts.handler),
        taken_over=facts.taken_over or event.verb == "take_over",
        behind=facts.behind,
    )


class GrowingFacts(CaseFacts):
    """Facts that are changed in place, event by event: for folds that keep no earlier facts. Nobody else may hold their dictionaries."""

    __slots__ = ()
    __setattr__ = object.__setattr__
    # Only where both are the plain ones does Python set an attribute without a call.
    __delattr__ = object.__delattr__

    def take_in(self, event: Event) -> None:
        """Become what `evolve` would return."""
        me: Any = self  # Its fields are read-only to everybody else.
        payload = event.payload
        cycle, round_ = payload.get("cycle", self.cycle), payload.get("round", self.round)
        me.done[event.verb] = Doing(event.seq, event.at, event.actor, self.cycle or cycle, self.round or round_)
        if entered := payload.get("set"):
            me.values.update(entered)
        for name in payload.get("clear", ()):
            me.values.pop(name, None)
        if not payload.keys().isdisjoint(CHANGE_LISTS):
            me.lists = _lists_after(self.lists, payload)
        if assign := payload.get("assign"):
            me.department = assign.get("department", self.department)
            me.team = assign.get("team", self.team)
            me.handler = assign.get("handler", self.handler)
        me.state = payload.get("to", self.state)
        me.cycle, me.round, me.version = cycle, round_, event.seq
        me.taken_over = self.taken_over or event.verb == "take_over"


CHANGE_LISTS = frozenset({"rows", "add", "opens", "answered", "settle", "put", "clear"})
"""The parts of an event by which its lists change."""


def _lists_after(
    lists: Mapping[str, tuple[Mapping[str, Any], ...]], payload: Mapping[str, Any]
) -> Mapping[str, tuple[Mapping[str, Any], ...]]:
    changed: dict[str, tuple[Mapping[str, Any], ...]] = dict(lists)
    for name, rows in payload.get("rows", EMPTY).items():
        changed[name] = tuple({**row, "no": n, "open": True} for n, row in enumerate(rows, start=1))
    if added := payload.get("add"):
        present = changed.get(added["list"], ())
        changed[added["list"]] = (*present, {**added["item"], "no": len(present) + 1, "open": True})
    for opened in payload.get("opens", ()):
        present = changed.get(opened["list"], ())
        changed[opened["list"]] = (*present, {**opened["item"], "no": len(present) + 1, "open": True})
    if answered := payload.get("answered"):
        changed[answered["list"]] = tuple(
            {**item, "open": False} if item["no"] in answered["nos"] else item
            for item in changed.get(answered["list"], ())
        )
    if settled := payload.get("settle"):
        changed[settled["list"]] = tuple(
            {**item, "open": False} if item["no"] == settled["no"] else item
            for item in changed.get(settled["list"], ())
        )
    if put := payload.get("put"):
        changed[put["list"]] = _with_item(changed.get(put["list"], ()), put["item"])
    for name in payload.get("clear", ()):
        changed.pop(name, None)
    return changed


def _with_item(items: tuple[Mapping[str, Any], ...], item: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """The items with this one in the place of the one that has its id, or behind them all."""
    if any(present.get("id") == item["id"] for present in items):
        return tuple({**item, "no": p["no"]} if p.get("id") == item["id"] else p for p in items)
    return (*items, {**item, "no": len(items) + 1})


def facts_after(events: Iterable[Event], start: CaseFacts | None = None) -> CaseFacts:
    """The facts after all `events`, in order."""
    facts = start or CaseFacts()
    for event in events:
        facts = evolve(facts, event)
    return facts
