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

    Ways back to a state that was passed are left out, and so are exits such as withdrawal; an archived end is
    preferred to a merely finished one.
    """
    start = first_state(process)
    if start is None:
        return []
    return max((_longest_way(process, start, last_first=flag) for flag in (False, True)), key=len)


def _longest_way(process: Process, start: str, *, last_first: bool) -> list[str]:
    forward = _forward_ways(process, start, last_first=last_first)
    best: dict[str, list[str]] = {start: [start]}
    for state in _in_order(forward, start):
        for target in forward.get(state, ()):
            way = [*best[state], target]
            if len(way) > len(best.get(target, [])):
                best[target] = way
    return _longest_to_rest(process, best)


def _forward_ways(process: Process, start: str, *, last_first: bool) -> dict[str, list[str]]:
    """Where each state leads, followed from the start; a way back to where one came from is none.

    What counts as back depends on which branch is followed first, so both ends of the pack's order are tried.
    """
    forward: dict[str, list[str]] = {}
    stack: list[str] = []

    def follow(state: str) -> None:
        stack.append(state)
        forward[state] = []
        for target in _targets(process, state)[:: -1 if last_first else 1]:
            if target in stack:
                continue
            forward[state].append(target)
            if target not in forward:
                follow(target)
        stack.pop()

    follow(start)
    return forward


def _targets(process: Process, state: str) -> list[str]:
    leading = (t for t in process.from_state(state) if t.verb not in EXITS)
    return [target for target in dict.fromkeys(t.target(state) for t in leading) if target in process.states]


def _in_order(forward: dict[str, list[str]], start: str) -> list[str]:
    """The states so that each stands before every state it leads to."""
    found: list[str] = []

    def visit(state: str) -> None:
        for target in forward[state]:
            if target not in found:
                visit(target)
        found.append(state)

    visit(start)
    return found[::-1]


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
