"""What the rules may ask about the organisation. The people app answers from its tables; tests from a dictionary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from amends.core.policy.base import Title


class Directory(Protocol):
    """The organisation of one desk at one moment. Departments and people are known by their ids."""

    def department_for(self, function: str) -> int | None:
        """The department that the desk binds to a function of its pack."""
        ...

    def function_of(self, department: int) -> str | None: ...

    def name_of_department(self, department: int) -> Title | str: ...

    def department_exists(self, department: int) -> bool: ...

    def person_is_active(self, person: int) -> bool: ...

    def is_present(self, person: int) -> bool:
        """Whether the person is at work now: active and not away."""
        ...

    def deputy_of(self, person: int) -> int | None:
        """Who stands in for an absent person now."""
        ...

    def name_of_person(self, person: int) -> str: ...

    def head_of(self, department: int) -> int | None:
        """The person who leads the department, present or not."""
        ...

    def department_of(self, person: int) -> int | None:
        """The department in which somebody works."""

    def is_member(self, person: int, department: int) -> bool:
        """Whether the person belongs to the department or one below it."""
        ...

    def holds_one_of(self, person: int, roles: Sequence[str]) -> bool:
        """Whether the person holds one of the roles on the desk now, on the desk as a whole or in any department."""
        ...

    def least_loaded(
        self, department: int, roles: Sequence[str], skills: Sequence[str], *, apart_from: int | None = None
    ) -> int | None:
        """Who of the department holds one of the roles, is at work, has every skill, and has the fewest open cases.

        Of several the one who comes first by name; None when nobody is able.
        """
        ...

    def lies_within(self, department: int, ancestor: int) -> bool:
        """Whether `department` is `ancestor` or lies below it."""
        ...

    def partner_exists(self, partner: int) -> bool: ...

    def partner_kind(self, partner: int) -> str | None:
        """As what kind of partner it is registered."""
        ...


@dataclass(frozen=True, slots=True)
class Holding:
    """A role that somebody holds: on the desk, or in a department. `deputy_for` names whom they stand in for."""

    role: str
    department: int | None = None
    deputy_for: int | None = None


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, before any case is looked at."""

    id: str
    person: int | None = None
    complainant: int | None = None
    partner: int | None = None
    holdings: Sequence[Holding] = field(default_factory=tuple)
    is_system: bool = False
    scopes: frozenset[str] | None = None
    """Verbs and rights a token is limited to; None is no limit."""
    desks: frozenset[int] | None = None
    """Desks a token is limited to; None is no limit."""


SYSTEM = Caller(id="system", is_system=True)
"""What the product does by itself."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks, as the rules of one case see them: the roles that count here, and whether they are complained about."""

    id: str
    person: int | None
    roles: frozenset[str]
    accused: bool = False
    deputising: tuple[tuple[str, int], ...] = ()
    scopes: frozenset[str] | None = None

    def deputy_for(self, role: str) -> int | None:
        return next((person for held, person in self.deputising if held == role), None)
