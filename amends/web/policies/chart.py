"""The process of a policy as a drawing: the main line from top to bottom, the rest beside it. Only numbers and words."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from amends.core.policy.lifecycle import RESTING
from amends.core.policy.pack import Pack
from amends.core.process_map import Step, main_line, steps_of
from amends.doors.pack_words import waits_words
from amends.doors.wording import button_of, listed, words

BOX_WIDTH, BOX_HEIGHT, ROW, TOP = 168, 46, 92, 24
LANE, SIDE_GAP = 30, 150
MANY = 3
"""From this many states on, a way to one and the same end is written in its box instead of drawn."""


@dataclass(slots=True)
class Box:
    """One state: where it is drawn, its words, who has the ball, and how it looks."""

    name: str
    title: str
    who: str
    x: int
    y: int
    row: int
    is_main: bool = False
    is_done: bool = False
    is_now: bool = False
    note: str = ""

    @property
    def middle(self) -> int:
        return self.y + BOX_HEIGHT // 2

    @property
    def center(self) -> int:
        return self.x + BOX_WIDTH // 2

    @property
    def right(self) -> int:
        return self.x + BOX_WIDTH

    @property
    def bottom(self) -> int:
        return self.y + BOX_HEIGHT

    @property
    def text_y(self) -> int:
        return self.y + (20 if self.who or self.note else 28)


@dataclass(frozen=True, slots=True)
class Way:
    """One way between two states: the line, and its words at a place."""

    path: str
    label: str
    x: int
    y: int
    anchor: str
    is_main: bool = False


@dataclass(slots=True)
class Chart:
    """The drawing with its size."""

    width: int
    height: int
    boxes: list[Box]
    ways: list[Way]
    box_width: int = BOX_WIDTH
    box_height: int = BOX_HEIGHT
    unseen: list[str] = field(default_factory=list)


def chart_of(pack: Pack, *, now_in: str = "") -> Chart:
    """The chart of the pack's process, with the state of a case marked."""
    return _Painter(pack, now_in).chart()


class _Painter:
    def __init__(self, pack: Pack, now_in: str) -> None:
        self.pack, self.now_in = pack, now_in
        self.process = pack.lifecycle
        self.line = main_line(self.process)
        self.steps = steps_of(self.process)
        self.place = {name: n for n, name in enumerate(self.line)}
        self.written = self._written_in_boxes()
        self.lanes = self._lanes()
        self.left = LANE * (max([lane for lane, _ in self.lanes.values()], default=0) + 2) + 90
        self.boxes = {name: self._box(name, n, self.left, is_main=True) for name, n in self.place.items()}
        for name, box in self.boxes.items():
            if box.is_done and name == self.line[-1]:
                box.who = self._after_the_end(name)
        self._place_the_rest()

    def _written_in_boxes(self) -> dict[str, list[Step]]:
        """Ways to ends that many states share."""
        by_target: dict[str, list[Step]] = defaultdict(list)
        for step in self.steps:
            if step.target not in self.place:
                by_target[step.target].append(step)
        return {target: steps for target, steps in by_target.items() if len(steps) >= MANY}

    def _lanes(self) -> dict[tuple[str, str], tuple[int, bool]]:
        """The lane beside the main line for each way on it that is not to the next state: shortest nearest."""
        jumps = [
            s
            for s in self.steps
            if s.origin in self.place and s.target in self.place and not s.is_main and not self._is_written_at(s)
        ]
        jumps.sort(key=lambda s: abs(self.place[s.origin] - self.place[s.target]))
        taken: list[list[tuple[int, int]]] = []
        found = {}
        for step in jumps:
            span = sorted((self.place[step.origin], self.place[step.target]))
            lane = next(
                (n for n, used in enumerate(taken) if all(span[1] <= a or span[0] >= b for a, b in used)), len(taken)
            )
            if lane == len(taken):
                taken.append([])
            taken[lane].append((span[0], span[1]))
            found[step.origin, step.target] = (lane, self.place[step.target] < self.place[step.origin])
        return found

    def _box(self, name: str, row: int, x: int, *, is_main: bool = False) -> Box:
        state = self.process.states[name]
        return Box(
            name=name,
            title=words(state.title),
            who=waits_words(self.pack, state.waits_for or ""),
            x=x,
            y=TOP + row * ROW,
            row=row,
            is_main=is_main,
            is_done=state.category in RESTING,
            is_now=name == self.now_in,
        )

    def _place_the_rest(self) -> None:
        """Every other state, at the height of the first state that leads there, each on a row of its own."""
        column = self.left + BOX_WIDTH + SIDE_GAP
        taken: set[int] = set()
        for name in self.process.states:
            if name in self.place:
                continue
            origins = [self.place[s.origin] for s in self.steps if s.target == name and s.origin in self.place]
            row = min(origins, default=len(self.line) - 1)
            while row in taken:
                row += 1
            taken.add(row)
            box = self._box(name, row, column)
            if box.is_done:
                box.who = self._after_the_end(name)
            if name in self.written:
                verbs = dict.fromkeys(verb for step in self.written[name] for verb in step.verbs)
                box.note = "← " + listed([button_of(verb) for verb in verbs])
            self.boxes[name] = box

    def _after_the_end(self, name: str) -> str:
        verbs = dict.fromkeys(verb for step in self.steps if step.origin == name for verb in step.verbs)
        return "→ " + listed([button_of(verb) for verb in verbs]) if verbs else ""

    def chart(self) -> Chart:
        ways = [way for step in self.steps if (way := self._way(step)) is not None]
        ways.sort(key=lambda way: way.is_main)
        rows = max(box.row for box in self.boxes.values()) + 1
        has_side = any(not box.is_main for box in self.boxes.values())
        width = self.left + BOX_WIDTH + (SIDE_GAP + BOX_WIDTH if has_side else 0) + 40
        return Chart(width, TOP * 2 + rows * ROW, list(self.boxes.values()), ways)

    def _way(self, step: Step) -> Way | None:
        a, b = self.boxes.get(step.origin), self.boxes.get(step.target)
        if a is None or b is None or step.target in self.written or self._is_written_at(step):
            return None
        label = listed([button_of(verb) for verb in step.verbs])
        if step.is_main:
            return Way(_down(a, b), label, a.center + 10, (a.bottom + b.y) // 2 + 4, "start", is_main=True)
        if (step.origin, step.target) in self.lanes:
            return self._beside(step, a, b, label)
        if a.is_main:
            return _outwards(a, b, label)
        return _back(a, b, label)

    def _is_written_at(self, step: Step) -> bool:
        """What can follow an end, such as reopening, stands in its box: drawn, it would cross everything."""
        ended = self.process.states[step.origin].category in RESTING
        return ended and not step.is_main

    def _beside(self, step: Step, a: Box, b: Box, label: str) -> Way:
        lane, is_back = self.lanes[step.origin, step.target]
        x = self.left - LANE * (lane + 1)
        start, end = a.middle + (8 if is_back else -8), b.middle + (-8 if is_back else 8)
        path = f"M{a.x} {start} H{x + 8} Q{x} {start} {x} {start + (-8 if is_back else 8)} "
        path += f"V{end + (8 if is_back else -8)} Q{x} {end} {x + 8} {end} H{b.x - 6}"
        return Way(path, label, x - 5, start + (-18 if is_back else 26), "end")


def _down(a: Box, b: Box) -> str:
    return f"M{a.center} {a.bottom} V{b.y - 6}"


def _outwards(a: Box, b: Box, label: str) -> Way:
    """From the main line to a state on its right."""
    if a.row == b.row:
        return Way(f"M{a.right} {a.middle - 8} H{b.x - 6}", label, (a.right + b.x) // 2, a.middle - 14, "middle")
    bend = b.x - 44
    path = f"M{a.right} {a.middle + 7} H{bend} V{b.middle} H{b.x - 6}"
    return Way(path, label, bend - 5, b.middle - 6, "end")


def _back(a: Box, b: Box, label: str) -> Way:
    """From a state on the right back to the main line, or to another one beside it."""
    if not b.is_main:
        return Way(f"M{a.center} {a.bottom} V{b.y - 6}", label, a.center + 8, a.bottom + 18, "start")
    bend = a.x - 24
    path = f"M{a.x} {a.middle + 10} H{bend} V{b.middle - 9} H{b.right + 6}"
    if a.row == b.row:
        path = f"M{a.x} {a.middle + 8} H{b.right + 6}"
        return Way(path, label, (a.x + b.right) // 2, a.middle + 22, "middle")
    return Way(path, label, b.right + 14, b.middle - 14, "start")
