"""The process of a policy for a narrow screen: the main way from top to bottom, everything beside it folded away."""

from __future__ import annotations

from dataclasses import dataclass, field

from amends.core.policy.lifecycle import RESTING
from amends.core.policy.pack import Pack
from amends.core.process_map import Step, main_line, steps_of
from amends.doors.pack_words import waits_words
from amends.doors.wording import button_of, listed, words


@dataclass(slots=True)
class Stop:
    """One state: how the main way goes on from here, and every other way that leaves it."""

    title: str
    who: str
    is_done: bool
    is_now: bool
    onward: str = ""
    others: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class NarrowChart:
    """The stops of the main way in order, and the states beside it."""

    main: list[Stop]
    beside: list[Stop]


def narrow_chart_of(pack: Pack, *, now_in: str = "") -> NarrowChart:
    """The same process as the drawing shows, as two lists."""
    process, line = pack.lifecycle, main_line(pack.lifecycle)
    steps = steps_of(process)
    found = {name: _stop(pack, name, steps, is_now=name == now_in) for name in process.states}
    return NarrowChart([found[name] for name in line], [stop for name, stop in found.items() if name not in line])


def _stop(pack: Pack, name: str, steps: list[Step], *, is_now: bool) -> Stop:
    state = pack.lifecycle.states[name]
    stop = Stop(
        title=words(state.title),
        who=waits_words(pack, state.waits_for or ""),
        is_done=state.category in RESTING,
        is_now=is_now,
    )
    for step in steps:
        if step.origin != name:
            continue
        verbs = listed(button_of(verb) for verb in step.verbs)
        if step.is_main:
            stop.onward = verbs
        else:
            stop.others.append((verbs, words(pack.lifecycle.states[step.target].title)))
    return stop
