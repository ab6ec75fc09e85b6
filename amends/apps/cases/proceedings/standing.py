"""The texts of earlier steps that a later step takes on, read only where the policy asks for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from amends.apps.ledger.models import Chain
from amends.apps.ledger.queries import details_of, events_of
from amends.core.policy.lifecycle import Process, Transition
from amends.core.policy.pack import Pack


def texts_taken_on(chain: Chain, pack: Pack, process: Process, *, verb: str, state: str | None) -> dict[str, str]:
    """What earlier steps said in the texts that this verb hands on; nothing, and no query, where it hands on none."""
    wanted = {
        name
        for transition in process.from_state(state)
        if transition.verb == verb
        for name in _handed_on(transition, pack)
    }
    return standing_texts(chain) if wanted else {}


def _handed_on(transition: Transition, pack: Pack) -> Iterator[str]:
    """The facts and rows that what follows from a transition is filled with, as far as its own form does not ask for them."""
    form = pack.forms.get(transition.form or "")
    asked = {f.id for f in form.fields} if form else set()
    starts = list(transition.proceedings())
    names = [start.for_each for start in starts if start.for_each]
    fills: list[Mapping[str, Any]] = [*(s.fills for s in starts), *(step.fills for step in transition.on_case)]
    names += [
        value["fact"] for filled in fills for value in filled.values() if isinstance(value, Mapping) and "fact" in value
    ]
    yield from (name for name in names if name not in asked)


def standing_texts(chain: Chain, *, before: int | None = None) -> dict[str, str]:
    """The latest text of every field over the events of a chain, without what was erased; rows give way as a whole.

    `before` is the number of an event: what stood then, without that event and everything behind it.
    """
    events = [event for event in events_of(chain) if before is None or event.seq < before]
    details = details_of(events)
    found: dict[str, str] = {}
    for event in events:
        for rows in event.data.get("rows", {}):
            found = {name: text for name, text in found.items() if not name.startswith(f"{rows}.")}
        for name, detail in details.get((event.chain_id, event.seq), {}).items():
            if detail.erased_at is None:
                found[name] = detail.text
    return found
