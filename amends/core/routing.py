"""Where a case goes, who becomes accountable there, and what keeps somebody from taking it."""

from __future__ import annotations

from dataclasses import dataclass

from amends.core.directory import Directory
from amends.core.facts import CaseFacts
from amends.core.policy.conditions import holds
from amends.core.policy.pack import Pack
from amends.core.policy.people import Route


@dataclass(frozen=True, slots=True)
class RouteProposal:
    """The route whose condition held, and the department it names on this desk."""

    index: int
    route: Route
    department: int | None


def propose_route(pack: Pack, known: CaseFacts, directory: Directory | None) -> RouteProposal | None:
    """The first route of the pack that holds for the facts; None when the pack names none."""
    for index, route in enumerate(pack.routing.routes):
        if holds(route.when, known):
            return RouteProposal(index, route, directory.department_for(route.to) if directory else None)
    return None


def present_head(department: int, directory: Directory) -> int | None:
    """Who leads the department now: its head, or the head's deputy while the head is away."""
    head = directory.head_of(department)
    if head is None or directory.is_present(head):
        return head
    return directory.deputy_of(head)


def owner_rank(pack: Pack, known: CaseFacts, route: Route | None) -> str:
    """Who must own the case: `head` where the level demands it, else what the route says."""
    level = known.value(pack.grading.level) if pack.grading.level else None
    if level in pack.routing.owner_only:
        return pack.routing.owner_only[level]
    return route.owner if route else "member"


def skills_needed(pack: Pack, known: CaseFacts) -> tuple[str, ...]:
    """The skills that whoever takes the case has to have."""
    return tuple(name for name, skill in pack.routing.skills.items() if holds(skill.when, known))


def picked_by_load(
    pack: Pack, known: CaseFacts, route: Route | None, department: int, directory: Directory
) -> int | None:
    """Who takes a case that was given to nobody by name: the available member with the skills and the fewest open cases.

    None where the route names no team, or nobody of it is able. Whoever is complained about is never picked. Source: REP-6.1.1
    """
    if route is None or route.assigns is None:
        return None
    roles = pack.routing.teams[route.assigns].roles
    return directory.least_loaded(
        department, roles, skills_needed(pack, known), apart_from=known.value("accused_person")
    )
