"""What is known about a case: a fold over its events. No rule looks anywhere else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

EMPTY: Mapping[str, Any] = MappingProxyType({})

TEXT_GIVEN = {"text": True}
"""Stands in an event where a text was entered; the text itself lies beside the event."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event as the rules see it. `payload` holds codes, ids, times and amounts, never free text."""

    seq: int
    verb: str
    at: datetime
    recorded_at: datetime
    actor: str
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Doing:
    """That a verb was done: when, by whom, in which cycle and round."""

    seq: int
    at: datetime
    actor: str
    cycle: int
    round: int

    def as_data(self) -> dict[str, Any]:
        return {"seq": self.seq, "at": self.at, "actor": self.actor, "cycle": self.cycle, "round": self.round}


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

    def value(self, name: str) -> Any:
        """The value of a fact: entered, marked, graded, or one of the built-in ones; None when unknown."""
        if name.endswith("_open") and name[:-5] in self.lists:
            return sum(1 for item in self.lists[name[:-5]] if item.get("open"))
        if name.endswith("_count") and name[:-6] in self.lists:
            return len(self.lists[name[:-6]])
        if name in _BUILT_IN:
            return getattr(self, name)
        return self.values.get(name)

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
            self.department, self.team, self.handler, self.taken_over,
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


_BUILT_IN = frozenset({"state", "cycle", "round", "department", "team", "handler", "taken_over"})
BUILT_IN_FACTS = _BUILT_IN | {
    "kind", "channel", "channel_group", "written", "internal", "counts", "urgent", "priority", "outcome",
    "earlier_cases", "linked_cases", "received_at", "complainant_kind", "has_contact", "function", "evidence_count",
    "first_level", "first_category",
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
    )


def _lists_after(
    lists: Mapping[str, tuple[Mapping[str, Any], ...]], payload: Mapping[str, Any]
) -> Mapping[str, tuple[Mapping[str, Any], ...]]:
    changed: dict[str, tuple[Mapping[str, Any], ...]] = dict(lists)
    for name, rows in payload.get("rows", EMPTY).items():
        changed[name] = tuple({**row, "no": n, "open": True} for n, row in enumerate(rows, start=1))
    if added := payload.get("add"):
        present = changed.get(added["list"], ())
        changed[added["list"]] = (*present, {**added["item"], "no": len(present) + 1, "open": True})
    if settled := payload.get("settle"):
        changed[settled["list"]] = tuple(
            {**item, "open": False} if item["no"] == settled["no"] else item
            for item in changed.get(settled["list"], ())
        )
    for name in payload.get("clear", ()):
        changed.pop(name, None)
    return changed


def facts_after(events: Iterable[Event], start: CaseFacts | None = None) -> CaseFacts:
    """The facts after all `events`, in order."""
    facts = start or CaseFacts()
    for event in events:
        facts = evolve(facts, event)
    return facts
