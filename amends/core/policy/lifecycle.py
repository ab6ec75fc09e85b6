"""A process: its states, and which verb leads where, by whom, with which form and what effect."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any, Literal

from pydantic import model_validator

from amends.core.policy.base import Name, Piece, Ruled, Title
from amends.core.policy.conditions import Condition
from amends.core.verbs import VERBS

Category = Literal["initial", "active", "waiting", "done", "archived"]


class State(Ruled):
    """Where a case can stand. `stage` is the clause of ISO 10002 it belongs to; `waits_for` says who has the ball."""

    title: Title
    category: Category
    stage: str
    waits_for: Name | None = None
    hint: Title | None = None


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


class Transition(Ruled):
    """One verb out of one or several states.

    `to` is a state, or `same`. Several transitions may share verb and state: the first whose `when` holds of the case
    and of what was entered is taken, and they must share their form. `by` names roles. `apart_from` refuses whoever
    last did one of the named verbs in this cycle (separation of duties). `open_to_accused` lets the party complained
    about act; by default it may not.

    Effects: `grades` writes the named axes (the proposal unless the form says otherwise, then with a reason);
    `routes` hands the case to a department; `assigns` makes a person accountable; `opens` a round or a cycle; `marks`
    sets facts; `clears` forgets facts and lists; `adds` appends the form as an item to a list of the case, `settles`
    ticks one off; `tells` the complainant, `notifies` staff; `starts` proceedings by name; `registers`
    a new case of the named kind with everything entered so far, both linked.
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
    notifies: tuple[Notice, ...] = ()
    starts: tuple[Name, ...] = ()
    registers: Name | None = None

    @model_validator(mode="before")
    @classmethod
    def _read_from(cls, raw: Any) -> Any:
        if isinstance(raw, dict) and "from" in raw:
            raw = dict(raw)
            origin = raw.pop("from")
            raw["from_"] = (origin,) if isinstance(origin, str) else origin
        return raw

    @model_validator(mode="after")
    def _uses_a_known_verb(self) -> Transition:
        if self.verb not in VERBS:
            raise ValueError(f"“{self.verb}” is not a verb of the product; known are: {', '.join(sorted(VERBS))}")
        return self

    def messages(self) -> Iterator[Told]:
        for told in self.tells:
            yield told if isinstance(told, Told) else Told(message=told)

    def target(self, state: str | None) -> str:
        return (state or "") if self.to == "same" else self.to


class Process(Ruled):
    """A lifecycle: of a case, or of a proceeding. The transition from nothing (`from: []`) creates it."""

    title: Title | None = None
    states: dict[Name, State]
    transitions: tuple[Transition, ...]

    def from_state(self, state: str | None) -> list[Transition]:
        """The transitions that leave `state`; None stands for a case that does not exist yet."""
        if state is None:
            return [t for t in self.transitions if not t.from_]
        return [t for t in self.transitions if state in t.from_]

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
