"""Who may: roles in the pack's own words, where they count, what they see; departments by function; routes."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from amends.core.policy.base import Name, Piece, Ruled, Title
from amends.core.policy.conditions import Condition

Counts = Literal[
    "desk", "department", "superior", "handler", "asked", "named", "complainant", "employee", "partner", "system"
]
Sees = Literal["desk", "department", "handled", "asked", "own", "none"]
Right = Literal[
    "register", "backdate", "reveal", "export", "take_over", "evidence", "print", "manage_people", "manage_pack",
    "audit", "search_archive", "see_restricted", "see_reporter", "reassign_any", "share_views", "export_full", "set_separation_aside",
    "surveys", "warnings", "training", "performance", "scores", "scores_of_people", "overview",
    "address_book", "approve_entries", "release_texts", "sent_messages", "propose_wordings", "approve_wordings",
    "personal_data",
]  # fmt: skip


class Role(Ruled):
    """A role under the company's own title.

    `counts` says on which cases a holder has it: `desk` on every case of the desk; `department` where the responsible
    department is theirs or lies below it; `superior` where theirs lies above the responsible one; `asked` where their
    department was asked for an enquiry or help that is open; `handler` for the accountable person; `named` for people whom
    a form of the case or proceeding names, in the fields `named_in` (`leader`, or `members.person` in the rows of another);
    `complainant`, `partner` (the one of the case or proceeding, or those in the fields `named_in`) and `system` as such; `employee` is every active person of the company. `sees` is the scope in lists.
    `heads` marks the role that leads its department. `function` is the department that usually holds the role.
    `deputised` allows a deputy between dates. `authority` is the amount that a holder may grant alone, in the currency of the
    field; left out, the role grants nothing by itself.
    """

    title: Title
    counts: Counts
    sees: Sees = "none"
    heads: bool = False
    may: tuple[Right, ...] = ()
    named_in: tuple[str, ...] = ()
    function: Name | None = None
    deputised: bool = True
    authority: str | None = Field(default=None, pattern=r"^\d{1,9}(\.\d{1,2})?$")


class Restriction(Ruled):
    """Cases that only the named roles see, whatever their usual scope; `hides_from_accused` shuts out the accused department."""

    when: Condition
    only: tuple[Name, ...] = ()
    hides_from_accused: bool = False
    hides_reporter: bool = False
    notifies: tuple[Name, ...] = ()


class Accused(Ruled):
    """What the party complained about may do on its own case; everything not named is refused."""

    may: tuple[Name, ...] = ()
    sees: Literal["case", "task", "none"] = "none"
    department_counts: bool = False


class Function(Piece):
    """A department by its function; desks bind functions to their real departments."""

    title: Title
    parent: Name | None = None
    partner: bool = False


class Skill(Ruled):
    """What somebody can do for cases of which `when` holds; people have it by an entry of whoever manages them."""

    title: Title
    when: Condition | None = None


class Team(Piece):
    """Who of a department takes a case when nobody is chosen: of the holders of `roles` who are at work and have every skill that
    the case needs, the one with the fewest open cases.
    """

    roles: tuple[Name, ...] = Field(min_length=1)


class Route(Ruled):
    """Where a case goes. `owner` says who becomes accountable there; `team` demands that a team is chosen. `assigns` is a team of
    the routing that takes it by skill and workload when nobody is chosen; its head does where nobody is able.
    """

    when: Condition | None = None
    to: Name
    owner: Literal["head", "member", "team_member", "agent"] = "member"
    assigns: Name | None = None
    title: Title | None = None


class Duty(Ruled):
    """One line of the published matrix: duty and authority of a function in a state; without `function`, of the department responsible for the case."""

    function: Name | None = None
    state: Name
    duty: Title
    authority: Title | None = None


class Roles(Piece):
    """roles.yaml."""

    roles: dict[Name, Role]
    accused: Accused = Accused()
    restrictions: tuple[Restriction, ...] = ()
    contact_roles: tuple[Name, ...] = ()


class Routing(Piece):
    """routing.yaml: functions, routes in order (the first that holds is proposed), and who decides on returned cases."""

    functions: dict[Name, Function]
    routes: tuple[Route, ...]
    owner_only: dict[Name, Literal["head"]] = {}
    arbitrated_by: Name | None = None
    duties: tuple[Duty, ...] = ()
    skills: dict[Name, Skill] = {}
    teams: dict[Name, Team] = {}
    reason_for_other_department: bool = Field(default=True)
