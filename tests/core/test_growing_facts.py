"""Facts that are changed in place become what `evolve` returns."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from amends.core.facts import CaseFacts, Event, GrowingFacts, facts_after

NAMES = st.sampled_from(["outcome", "level", "measures"])
NUMBERS = st.none() | st.integers(1, 3)
ITEMS = st.fixed_dictionaries({"what": st.sampled_from("ab")}, optional={"id": st.integers(1, 2)})
PAYLOADS = st.fixed_dictionaries(
    {},
    optional={
        "to": st.sampled_from(["new", "open", "closed"]),
        "cycle": st.integers(1, 2),
        "round": st.integers(1, 3),
        "set": st.dictionaries(NAMES, st.integers(0, 2), max_size=2),
        "clear": st.lists(NAMES, max_size=1),
        "assign": st.fixed_dictionaries({}, optional={"department": NUMBERS, "team": NUMBERS, "handler": NUMBERS}),
        "rows": st.dictionaries(NAMES, st.lists(ITEMS, max_size=2), max_size=1),
        "add": st.fixed_dictionaries({"list": NAMES, "item": ITEMS}),
        "settle": st.fixed_dictionaries({"list": NAMES, "no": st.integers(1, 2)}),
    },
)
VERBS = st.sampled_from(["register", "dispatch", "take_over", "reopen"])


@given(st.lists(st.tuples(VERBS, PAYLOADS), max_size=8))
def test_facts_that_grow_are_those_of_a_fold(done: list[tuple[str, dict[str, Any]]]) -> None:
    begun = datetime(2026, 3, 2, 9, tzinfo=UTC)
    events = [
        Event(seq, verb, begun + timedelta(hours=seq), begun, "person:1", payload)
        for seq, (verb, payload) in enumerate(done, start=1)
    ]
    growing = GrowingFacts()
    for event in events:
        growing.take_in(event)

    folded = facts_after(events)
    assert {f.name: getattr(growing, f.name) for f in fields(CaseFacts)} == {
        f.name: getattr(folded, f.name) for f in fields(CaseFacts)
    }
