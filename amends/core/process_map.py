"""The shape of a process: its main line from first contact to archive, and what lies beside it."""

from __future__ import annotations

from dataclasses import dataclass

from amends.core.policy.lifecycle import Process, Transition
from amends.core.verbs import EXITS


@dataclass(frozen=True, slots=True)
class Step:
    """One way from a state to another, with every verb that leads there."""

    origin: str
    target: str
    verbs: tuple[str, ...]
    is_main: bool = False


def main_line(process: Process) -> list[str]:
    """The states of the ordinary way, in order: the longest way forward from registration to a state of rest.

    Forward means the order in which the pack lists its states; exits such as withdrawal are no part of it; an archived
    end is preferred to a merely finished one.
    """
    order = {state: place for place, state in enumerate(process.states)}
    start = first_state(process)
    if start is None:
        return []
    best: dict[str, list[str]] = {start: [start]}
    for state in sorted(order, key=lambda name: order[name]):
        if state not in best:
            continue
        for target in _forward_targets(process, state, order):
            way = [*best[state], target]
            if len(way) > len(best.get(target, [])):
                best[target] = way
    return _longest_to_rest(process, best)


def _forward_targets(process: Process, state: str, order: dict[str, int]) -> list[str]:
    found = []
    for transition in process.from_state(state):
        target = transition.target(state)
        if transition.verb not in EXITS and order.get(target, -1) > order[state]:
            found.append(target)
    return found


def _longest_to_rest(process: Process, best: dict[str, list[str]]) -> list[str]:
    for category in ("archived", "done"):
        ways = [way for state, way in best.items() if process.states[state].category == category]
        if ways:
            return max(ways, key=len)
    return max(best.values(), key=len)


def first_state(process: Process) -> str | None:
    """Where a new case begins."""
    return next((t.to for t in process.from_state(None) if t.verb == "register" and t.to in process.states), None)


def steps_of(process: Process) -> list[Step]:
    """Every way between two different states, once, in the order of the pack."""
    line = main_line(process)
    main = set(zip(line, line[1:], strict=False))
    found: dict[tuple[str, str], list[str]] = {}
    for transition in process.transitions:
        for origin, target in _pairs(transition):
            verbs = found.setdefault((origin, target), [])
            if transition.verb not in verbs:
                verbs.append(transition.verb)
    return [Step(a, b, tuple(verbs), (a, b) in main) for (a, b), verbs in found.items()]


def _pairs(transition: Transition) -> list[tuple[str, str]]:
    return [(o, t) for o in transition.from_ if (t := transition.target(o)) != o]


def place_on_line(line: list[str], passed: list[str]) -> int:
    """How far along the main line a case has come: the place of the last state it stood in that belongs to the line."""
    for state in reversed(passed):
        if state in line:
            return line.index(state)
    return 0
