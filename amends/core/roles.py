"""Which roles of a pack somebody has on a case, what they see, and which rights follow."""

from __future__ import annotations

from amends.core.directory import Actor, Caller, Directory, Holding
from amends.core.facts import CaseFacts
from amends.core.policy.conditions import holds
from amends.core.policy.keeping import once_a_pack
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


@once_a_pack
def roles_before_a_case(pack: Pack, caller: Caller) -> frozenset[str]:
    """The roles that the caller has where there is no case yet: those of the whole desk, and those that follow from who they are."""
    held = {h.role for h in caller.holdings if h.role in pack.roles.roles and pack.roles.roles[h.role].counts == "desk"}
    return frozenset(held | _standing_roles(pack, caller, CaseFacts()))


def _standing_roles(pack: Pack, caller: Caller, facts: CaseFacts) -> set[str]:
    """Roles that follow from who the caller is on the case rather than from an appointment."""
    found = set()
    for name, role in pack.roles.roles.items():
        if (
            (role.counts == "employee" and caller.person is not None)
            or (role.counts == "handler" and caller.person is not None and caller.person == facts.held_by)
            or (role.counts == "named" and caller.person is not None and caller.person in people_named(role, facts))
            or (role.counts == "complainant" and caller.complainant is not None)
            or (role.counts == "partner" and caller.partner is not None and _is_partner_of(role, caller.partner, facts))
            or (role.counts == "system" and caller.is_system)
        ):
            found.add(name)
    return found


def _counts(role: Role, holding: Holding, facts: CaseFacts, directory: Directory) -> bool:
    if role.counts == "desk":
        return True
    if role.counts == "asked":
        return any(_same_or_below(holding.department, unit, directory) for unit in departments_asked(facts))
    lies_in = facts.lies_in
    if lies_in is None or holding.department is None:
        return False
    if role.counts == "department":
        return directory.lies_within(lies_in, holding.department) or facts.team == holding.department
    if role.counts == "superior":
        return holding.department != lies_in and directory.lies_within(lies_in, holding.department)
    return False


def departments_asked(facts: CaseFacts) -> set[int]:
    """The departments that are asked for something: in open items of a case, or by a proceeding as a whole."""
    items = (item for items in facts.lists.values() for item in items if item.get("open"))
    asked = {item["asked_department"] for item in items if item.get("asked_department")}
    whole = facts.values.get("asked_department") if facts.behind is not None else None
    return asked | ({whole} if whole else set())


def people_named(role: Role, facts: CaseFacts) -> set[int]:
    """The people, or partners, whom the forms of a case or proceeding, or of what lies behind it, name in the fields of the role."""
    found: set[int] = set()
    for place in role.named_in:
        name, _, inner = place.partition(".")
        values = [item.get(inner) for item in facts.lists.get(name, ())] if inner else [facts.values.get(name)]
        found |= {value for value in values if isinstance(value, int)}
    return found | people_named(role, facts.behind) if facts.behind is not None else found


def _is_partner_of(role: Role, partner: int, facts: CaseFacts) -> bool:
    return partner == facts.value("partner") or partner in people_named(role, facts)


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


def sees_task_only(pack: Pack, actor: Actor) -> bool:
    """Whether the actor is complained about and sees of the case only what they have to do."""
    return actor.accused and pack.roles.accused.sees == "task"


def has_right(pack: Pack, actor: Actor, right: str) -> bool:
    """Whether one of the actor's roles carries the right, within the scopes of a token.

    Whoever is complained about and sees the task only has no right on the case beside adding evidence.
    """
    if sees_task_only(pack, actor) and right != "evidence":
        return False
    if actor.scopes is not None and right not in actor.scopes and "all" not in actor.scopes:
        return False
    return any(right in pack.roles.roles[role].may for role in actor.roles)


def complainant_roles(pack: Pack) -> frozenset[str]:
    """The roles of the pack that a complainant has on the own case."""
    return frozenset(name for name, role in pack.roles.roles.items() if role.counts == "complainant")
