"""A process: its states, and which verb leads where, by whom, with which form and what effect."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any, Literal

from pydantic import Field, model_validator

from amends.core.policy.base import Name, Piece, Ruled, Title
from amends.core.policy.conditions import Condition
from amends.core.verbs import PACK_VERBS

Category = Literal["initial", "active", "waiting", "done", "archived"]
RESTING = ("done", "archived")
"""Where there is nothing left to do: a case or proceeding in a state of any other category is open."""


class State(Ruled):
    """Where a case can stand. `stage` is the clause of ISO 10002 it belongs to; `waits_for` says who has the ball.

    A `branch` lies beside the main way: it is drawn as part of the way of those cases alone that go there.

    An `optional` state may be switched off: a version in which it is `skipped` sends every step that led there on to `skipped_to`.

    `told_as` is the step under which customers see it; states that follow each other under one step look like one.
    """

    title: Title
    told_as: Title | None = None
    category: Category
    stage: str
    waits_for: Name | None = None
    hint: Title | None = None
    branch: bool = False
    optional: bool = False
    skipped_to: Name | None = None
    skipped: bool = False


class Need(Piece):
    """Something that must be true before the verb; `say` names what is missing in the user's words."""

    that: Condition
    say: Title


class Notice(Piece):
    """Staff who are told, by role, with the message of the pack; only when `when` holds."""

    to: tuple[Name, ...]
    message: Name
    when: Condition | None = None


class Told(Piece):
    """A message that leaves for the complainant; only when `when` holds."""

    message: Name
    when: Condition | None = None


WrittenBy = Literal["email", "sms"]
"""The channels by which staff write to a complainant."""


class Sends(Piece):
    """That what somebody writes in the step's form leaves for the complainant, framed by a message of the pack.

    `by` is the field in which the channel is chosen; `to` names for each channel the field with another address than the one on
    file; `subject` (of a mail) and `text` are the fields whose words fill `{{written_subject}}` and `{{written_text}}` of the
    `message`, so that a carrier can vet the frame and a desk word it.
    """

    message: Name
    by: Name
    to: dict[WrittenBy, Name] = {}
    subject: Name | None = None
    text: Name


class Start(Piece):
    """A proceeding that a verb starts; with `for_each`, one for every row of that field, filled with the row's values.

    `when` is asked of each row then. `fills` gives fields of the new proceeding's form: the value itself, `{fact: name}` for a
    fact or text of this one, or `{function: name}` for the department that does a function. `share` starts it on so many of
    a hundred cases only, drawn by the case's own key, so that the draw can be repeated.
    """

    proceeding: Name
    for_each: Name | None = None
    share: int = Field(default=100, ge=1, le=100)
    when: Condition | None = None
    fills: dict[Name, Any] = {}


class OnCase(Piece):
    """A verb that a step of a proceeding performs on its case, within the same transaction; `fills` as in `Start`."""

    verb: Name
    when: Condition | None = None
    fills: dict[Name, Any] = {}


class Registers(Piece):
    """The kind of case that a step founds. `fills` gives fields of its form, before what was entered so far: the value itself, or
    `{fact: name}` for what the step's own form says.
    """

    kind: Name
    fills: dict[Name, Any] = {}


class Transition(Ruled):
    """One verb out of one or several states.

    `to` is a state, or `same`. Several transitions may share verb and state: the first whose `when` holds of the case
    and of what was entered is taken, and they must share their form. `by` names roles. `apart_from` refuses whoever
    last did one of the named verbs in this cycle (separation of duties), `apart_from_handler` whoever handles the case. `open_to_accused` lets the party complained
    about act; by default it may not.

    Effects: `grades` writes the named axes (the proposal unless the form says otherwise, then with a reason);
    `routes` hands the case to a department; `assigns` makes a person accountable; `opens` a round or a cycle; `marks`
    sets facts; `clears` forgets facts and lists; `adds` appends the form as an item to a list of the case, `settles`
    ticks one off; `tells` the complainant, `notifies` staff; `starts` proceedings; `registers`
    a new case of the named kind with everything entered so far, both linked; it came in through the channel `via`, or through that of the case.

    `approves` makes the verb a decision of an approval chain: it leads on once the chain is complete. A transition of a
    proceeding may also perform verbs `on_case`, mark facts of the case (`marks_case`) and write to its partners by private
    link (`tells_partner`). It may be bound to a clock of the proceeding: only `until` its time is over, or only `after`.
    `once_each` lets everybody do it once, for as long as the list that it `adds` to is not cleared.

    `sends` makes what is written in its form leave for the complainant; only verbs of a case do so.

    `extends` gives a clock more time: until the day that the field `extended_until` names, as its rule allows. The first step of a
    proceeding names a clock of its case so: it applies for the time, and is refused once the clock is due.
    """

    verb: Name
    from_: tuple[Name, ...] = ()
    to: Name
    by: tuple[Name, ...]
    title: Title | None = None
    when: Condition | None = None
    form: Name | None = None
    needs: tuple[Need, ...] = ()
    apart_from: tuple[Name, ...] = ()
    apart_from_handler: bool = False
    open_to_accused: bool = False
    grades: tuple[Name, ...] = ()
    routes: bool = False
    assigns: Literal["actor", "head", "chosen", "keep", "none"] = "keep"
    opens: Literal["round", "cycle"] | None = None
    marks: dict[Name, Any] = {}
    clears: tuple[Name, ...] = ()
    adds: Name | None = None
    settles: Name | None = None
    tells: tuple[Name | Told, ...] = ()
    sends: Sends | None = None
    notifies: tuple[Notice, ...] = ()
    starts: tuple[Name | Start, ...] = ()
    registers: Name | Registers | None = None
    via: Name | None = None
    approves: Name | None = None
    on_case: tuple[OnCase, ...] = ()
    marks_case: dict[Name, Any] = {}
    extends: Name | None = None
    tells_partner: tuple[Name, ...] = ()
    until: Name | None = None
    after: Name | None = None
    once_each: bool = False

    @model_validator(mode="before")
    @classmethod
    def _read_from(cls, raw: Any) -> Any:
        if isinstance(raw, dict) and "from" in raw:
            raw = dict(raw)
            origin = raw.pop("from")
            raw["from_"] = (origin,) if isinstance(origin, str) else origin
        return raw

    @model_validator(mode="after")
    def _keeps_who_did_it(self) -> Transition:
        if self.once_each and not self.adds:
            raise ValueError("once_each needs adds: the list in which it is kept who did it")
        return self

    @model_validator(mode="after")
    def _uses_a_known_verb(self) -> Transition:
        if self.verb not in PACK_VERBS:
            raise ValueError(f"“{self.verb}” is not a verb of the product; known are: {', '.join(sorted(PACK_VERBS))}")
        return self

    @cached_property
    def conditions(self) -> tuple[Condition, ...]:
        """What is asked of a case before the step is open to it: when it holds at all, and what it needs."""
        return tuple(c for c in (self.when, *(need.that for need in self.needs)) if c is not None)

    def messages(self) -> Iterator[Told]:
        for told in self.tells:
            yield told if isinstance(told, Told) else Told(message=told)

    def founds(self) -> Registers | None:
        """The case that follows from the step."""
        return Registers(kind=self.registers) if isinstance(self.registers, str) else self.registers

    def proceedings(self) -> Iterator[Start]:
        for start in self.starts:
            yield start if isinstance(start, Start) else Start(proceeding=start)

    def target(self, state: str | None) -> str:
        return (state or "") if self.to == "same" else self.to


def _led_around(transition: Any, around: dict[str, str]) -> Any:
    """The transition past every state that is skipped; one that leads in a circle of them is left as it is."""
    if not isinstance(transition, dict):
        return transition
    target, seen = transition.get("to"), set[str]()
    while target in around and target not in seen:
        seen.add(target)
        target = around[target]
    return transition if target in seen else {**transition, "to": target}


class Process(Ruled):
    """A lifecycle: of a case, or of a proceeding. The transition from nothing (`from: []`) creates it."""

    title: Title | None = None
    states: dict[Name, State]
    transitions: tuple[Transition, ...]

    @model_validator(mode="before")
    @classmethod
    def _goes_round_what_is_skipped(cls, raw: Any) -> Any:
        states = raw.get("states") if isinstance(raw, dict) else None
        if not isinstance(states, dict) or not isinstance(raw.get("transitions"), list | tuple):
            return raw
        around = {
            name: state["skipped_to"]
            for name, state in states.items()
            if isinstance(state, dict) and state.get("skipped") and state.get("skipped_to")
        }
        if not around:
            return raw
        return {**raw, "transitions": [_led_around(transition, around) for transition in raw["transitions"]]}

    def from_state(self, state: str | None) -> list[Transition]:
        """The transitions that leave `state`; None stands for a case that does not exist yet."""
        return list(self._leaving.get(state, ()))

    @cached_property
    def _leaving(self) -> dict[str | None, list[Transition]]:
        found: dict[str | None, list[Transition]] = {}
        for t in self.transitions:
            for state in dict.fromkeys(t.from_ or (None,)):
                found.setdefault(state, []).append(t)
        return found

    @cached_property
    def limits(self) -> frozenset[str]:
        """The clocks that some transition is bound to."""
        return frozenset(name for t in self.transitions for name in (t.until, t.after) if name)

    def with_verb(self, verb: str) -> list[Transition]:
        return [t for t in self.transitions if t.verb == verb]

    @cached_property
    def _verbs_into(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for t in self.transitions:
            if t.to in self.states:
                found.setdefault(self.states[t.to].category, set()).add(t.verb)
        return found

    def verbs_into(self, categories: Iterable[str]) -> set[str]:
        """The verbs that lead into a state of one of the categories."""
        return set().union(*(self._verbs_into.get(category, set()) for category in categories))
