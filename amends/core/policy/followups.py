"""followups.yaml: which customers are called back, when a case or a proceeding of its own is due for it, and what is said."""

from __future__ import annotations

from pydantic import Field, model_validator

from amends.core.policy.base import Name, Piece, Ruled, Title


class Call(Ruled):
    """One kind of call to customers; it stands on the call list while it is due.

    `clocks` name clocks of cases: while one of them runs, the case is to be called by its due date. `again` names the clock that a call in vain
    starts: while it runs, the customer is called by its due date instead, so that whoever was not reached does not stay on top. `proceeding` names a kind instead whose open
    proceedings are calls, each due by its own clock. `reached`, `missed` and `given_up` are the verbs that record how it went; `missed` adds
    to the list `attempts`, and after `times` of them the call may be given up. `converts` makes a case of a problem that was told. `name` and
    `phone` are the fields of a proceeding that say who is called, where there is no case. `script` is read out line by line.
    """

    title: Title
    clocks: tuple[Name, ...] = ()
    again: Name | None = None
    proceeding: Name | None = None
    reached: Name = "follow_up"
    missed: Name | None = None
    given_up: Name | None = None
    converts: Name | None = None
    attempts: Name | None = None
    times: int | None = Field(default=None, ge=1, le=20)
    name: Name | None = None
    phone: Name | None = None
    script: tuple[Title, ...] = ()

    @model_validator(mode="after")
    def _is_due_by_one_thing(self) -> Call:
        if bool(self.clocks) == (self.proceeding is not None):
            raise ValueError("a call is due by exactly one of clocks and proceeding")
        if self.again and self.proceeding:
            raise ValueError("a proceeding is called again by its own clocks")
        return self

    def due_by(self) -> tuple[str, ...]:
        """The clocks of a case by which it is due, after a call in vain as well."""
        return (*self.clocks, self.again) if self.again else self.clocks

    def verbs(self) -> tuple[str, ...]:
        """The verbs that record how the call went."""
        return tuple(verb for verb in (self.reached, self.missed, self.given_up, self.converts) if verb)


class FollowUps(Piece):
    """followups.yaml as a whole."""

    calls: dict[Name, Call] = {}
