"""A step that nobody could send now: what stands in place of its form."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from amends.core.clocks import ClockReading
from amends.core.policy.lifecycle import Transition


@dataclass(frozen=True, slots=True)
class Way:
    """Something else that can be done, and where."""

    title: str
    address: str


@dataclass(frozen=True, slots=True)
class Closed:
    """`why` the step can not be taken, the clock that it is `bound` to, `instead` what the reader can do, and else whom it waits for."""

    why: str
    bound: ClockReading | None = None
    instead: Sequence[Way] = ()
    waits: str = ""


def clock_that_binds(transition: Transition, readings: Iterable[ClockReading]) -> ClockReading | None:
    """The clock within or after which alone the step can be taken, as it ran last; None where there is none, or no end to it."""
    bound = transition.until or transition.after
    found = [reading for reading in readings if reading.rule_id == bound and reading.due_at is not None]
    return found[-1] if found else None
