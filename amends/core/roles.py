"""Which roles of a pack somebody has on a case, what they see, and which rights follow."""

from __future__ import annotations

from amends.core.directory import Actor, Caller, Directory, Holding
from amends.core.facts import CaseFacts
from amends.core.policy.conditions import holds
from amends.core.policy.pack import Pack
from amends.core.policy.people import Restriction, Role


def actor_on_case(pack: Pack, caller: Caller, facts: CaseFacts, directory: Directory) -> Actor:
    """The caller as the rules of this case see them.

    A role held in a department counts only where the pack's `counts` says so; a deputy has the roles of the absent
    person and is recorded as deputising.
    """
    counted = [
        h
        for h in caller.holdings
        if h.role in pack.roles.roles and _counts(pack.roles.roles[h.role], h, facts, directory)
    ]
    roles = {h.role for h in counted} | _standing_roles(pack, caller, facts)
    return Actor(
        id=caller.id,
        person=caller.person,
        roles=frozenset(roles),
        accused=is_accused(pack, caller, facts, directory),
        deputising=tuple((h.role, h.deputy_for) for h in counted if h.deputy_for is not None),
        scopes=caller.scopes,
    )


def _standing_roles(pack: Pack, caller: Caller, facts: CaseFacts) -> set[str]:
    """Roles that follow from who the caller is on the case rather than from an appointment."""
    found = set()
    for name, role in pack.roles.roles.items():
        if (
            (role.counts == "employee" and caller.person is not None)
            or (role.counts == "handler" and caller.person is not None and caller.person == facts.handler)
            or (role.counts == "complainant" and caller.complainant is not None)
            or (role.counts == "partner" and caller.partner is not None and caller.partner == facts.value("partner"))
            or (role.counts == "system" and caller.is_system)
        ):
            found.add(name)
    return found


def _counts(role: Role, holding: Holding, facts: CaseFacts, directory: Directory) -> bool:
    if role.counts == "desk":
        return True
    if role.counts == "asked":
        return any(
            _same_or_below(holding.department, item.get("asked_department"), directory)
            for items in facts.lists.values()
            for item in items
            if item.get("open")
        )
    if facts.department is None or holding.department is None:
        return False
    if role.counts == "department":
        return directory.lies_within(facts.department, holding.department) or facts.team == holding.department
    if role.counts == "superior":
        return holding.department != facts.department and directory.lies_within(facts.department, holding.department)
    return False


def _same_or_below(department: int | None, asked: int | None, directory: Directory) -> bool:
    return department is not None and asked is not None and directory.lies_within(asked, department)


def is_accused(pack: Pack, caller: Caller, facts: CaseFacts, directory: Directory) -> bool:
    """Whether the caller is the person complained about, or, where the pack says so, of that department."""
    if caller.person is None:
        return False
    if facts.value("accused_person") == caller.person:
        return True
    department = facts.value("accused_department")
    return bool(pack.roles.accused.department_counts and department and directory.is_member(caller.person, department))


def restrictions_on(pack: Pack, facts: CaseFacts) -> list[Restriction]:
    """The restrictions of the pack that this case falls under."""
    return [r for r in pack.roles.restrictions if holds(r.when, facts)]


def may_see_restricted(restriction: Restriction, actor: Actor) -> bool:
    """Whether a restriction leaves the case visible to the actor."""
    if restriction.hides_from_accused and actor.accused:
        return False
    return not restriction.only or bool(actor.roles & set(restriction.only))


def has_right(pack: Pack, actor: Actor, right: str) -> bool:
    """Whether one of the actor's roles carries the right, within the scopes of a token.

    Whoever is complained about and sees the task only has no right on the case beside adding evidence.
    """
    if actor.accused and pack.roles.accused.sees == "task" and right != "evidence":
        return False
    if actor.scopes is not None and right not in actor.scopes and "all" not in actor.scopes:
        return False
    return any(right in pack.roles.roles[role].may for role in actor.roles)
