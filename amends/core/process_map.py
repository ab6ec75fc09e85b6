"""The shape of a process: its main line from first contact to archive, the way one case takes, and what lies beside."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from amends.core.facts import CaseFacts
from amends.core.policy.conditions import Known, verdict
from amends.core.policy.keeping import once_a_pack
from amends.core.policy.lifecycle import Process, Transition
from amends.core.policy.pack import Pack
from amends.core.verbs import EXITS

Targets = Callable[[str], list[str]]
"""Where a state leads, in the order of the pack."""


@dataclass(frozen=True, slots=True)
class Step:
    """One way from a state to another, with every verb that leads there."""

    origin: str
    target: str
    verbs: tuple[str, ...]
    is_main: bool = False


@dataclass(frozen=True, slots=True)
class Way:
    """The way of one case: where it stood, where it stands, and what most likely lies ahead."""

    behind: tuple[str, ...]
    now: str
    ahead: tuple[str, ...]


def main_line(process: Process) -> list[str]:
    """The states of the ordinary way, in order: the longest way forward from registration to a state of rest.

    Ways back to a state that was passed are left out, and so are exits such as withdrawal and the states that the pack
    calls a branch; an archived end is preferred to a merely finished one.
    """
    start = first_state(process)
    if start is None:
        return []
    return _longest_way(process, start, lambda state: _main_targets(process, process.from_state(state), state))


def way_of_case(pack: Pack, facts: CaseFacts, passed: Sequence[str]) -> Way:
    """The way that a case takes, given the states it stood in during its present cycle, in order, the last one being now.

    A state to which it came back, or will, counts once: what was done since then lies ahead again. Ahead is the longest
    way to a state of rest that the facts do not exclude; a way that they point at goes before the others.
    """
    # What is merely counted leaves a way open, as what is not known does.
    counted = {f"{name}_{what}" for name in facts.lists for what in ("open", "count")} | {"round", "cycle"}
    values = [None if name in counted else facts.value(name) for name in _asked_of_facts(pack)]
    return _way_given(pack, tuple(_without_loops(passed)), json.dumps(values))


@once_a_pack
def _asked_of_facts(pack: Pack) -> tuple[str, ...]:
    """The facts that lead a case one way or another."""
    conditions = (c for way in pack.lifecycle.transitions if way.verb not in EXITS for c in way.conditions)
    return tuple(sorted({name for c in conditions for kind, name in c.names() if kind == "fact"}))


@once_a_pack
def _way_given(pack: Pack, walked: tuple[str, ...], values: str) -> Way:
    """The way of every case that came by these states and of which the same is known: `values` as JSON, in their order."""
    process, known = pack.lifecycle, _Values(zip(_asked_of_facts(pack), json.loads(values), strict=True))
    now, begun = walked[-1], {*walked, first_state(process)}

    def targets(state: str) -> list[str]:
        ways = process.from_state(state)
        behind = {*begun, state}
        onward = [way for way in ways if way.target(state) not in behind]
        found = _main_targets(process, _open_ways(onward, known, pack), state)
        return found or _main_targets(process, ways, state)

    ahead = _longest_way(process, now, targets)[1:]
    return Way(tuple(state for state in walked[:-1] if state not in ahead), now, tuple(ahead))


class _Values(dict[str, Any]):
    """Values of facts, of which conditions may ask; what was done leaves every way open."""

    def value(self, name: str) -> Any:
        return self.get(name)

    def was_done(self, verb: str, *, within: str) -> bool:
        return False


def _without_loops(passed: Sequence[str]) -> list[str]:
    walked: list[str] = []
    for state in passed:
        if state in walked:
            del walked[walked.index(state) + 1 :]
        else:
            walked.append(state)
    return walked


def _open_ways(ways: Sequence[Transition], known: Known, pack: Pack) -> Sequence[Transition]:
    """The ways that the facts point at, else those that they leave open, else all."""
    verdicts = [(way, _verdict_on(way, known, pack)) for way in ways if way.verb not in EXITS]
    pointed_at = [way for way, says in verdicts if says]
    return pointed_at or [way for way, says in verdicts if says is None] or ways


def _verdict_on(way: Transition, known: Known, pack: Pack) -> bool | None:
    """Whether what is known and lasts points at a transition (True), excludes it (False), or leaves it open; what its form
    itself asks leaves it open."""
    if not way.conditions:
        return None
    form = pack.forms.get(way.form or "")
    said = [verdict(condition, known, apart_from=form.names if form else ()) for condition in way.conditions]
    if False in said:
        return False
    return True if True in said else None


def _main_targets(process: Process, ways: Sequence[Transition], state: str) -> list[str]:
    """Where the ways lead without exits; branches only where nothing else leads on."""
    leading = dict.fromkeys(way.target(state) for way in ways if way.verb not in EXITS)
    found = [target for target in leading if target in process.states and target != state]
    return [target for target in found if not process.states[target].branch] or found


def _longest_way(process: Process, start: str, targets: Targets) -> list[str]:
    """The longest way to a state of rest. What counts as back depends on which branch is followed first, so both ends
    of the pack's order are tried."""
    known = cache(targets)
    ways = (_longest_in_order(process, start, known, last_first=flag) for flag in (False, True))
    return max(ways, key=len)


def _longest_in_order(process: Process, start: str, targets: Targets, *, last_first: bool) -> list[str]:
    forward = _forward_ways(start, targets, last_first=last_first)
    best: dict[str, list[str]] = {start: [start]}
    for state in _in_order(forward, start):
        for target in forward.get(state, ()):
            way = [*best[state], target]
            if len(way) > len(best.get(target, [])):
                best[target] = way
    return _longest_to_rest(process, best)


def _forward_ways(start: str, targets: Targets, *, last_first: bool) -> dict[str, list[str]]:
    """Where each state leads, followed from the start; a way back to where one came from is none."""
    forward: dict[str, list[str]] = {}
    stack: list[str] = []

    def follow(state: str) -> None:
        stack.append(state)
        forward[state] = []
        for target in targets(state)[:: -1 if last_first else 1]:
            if target in stack:
                continue
            forward[state].append(target)
            if target not in forward:
                follow(target)
        stack.pop()

    follow(start)
    return forward


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
    """Where a new case begins; one that is settled as it is registered skips the beginning."""
    entered = [t.to for t in process.from_state(None) if t.verb == "register" and t.to in process.states]
    return next((state for state in entered if process.states[state].category == "initial"), next(iter(entered), None))


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
