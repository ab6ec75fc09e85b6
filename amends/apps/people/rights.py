"""Rights on a desk that do not depend on a case: who manages its people and its policy, who reads its logs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from amends.apps.people.directory import standing_of
from amends.apps.people.models import Person
from amends.apps.policies.models import Desk
from amends.core.directory import Caller
from amends.core.policy.pack import Pack


@dataclass(frozen=True, slots=True)
class Ground:
    """Under which role somebody has a right on a desk; an administrator of the installation needs none."""

    role: str = ""
    deputy_for: int | None = None


def rights_of(caller: Caller, pack: Pack) -> frozenset[str]:
    """Every right that one of the caller's roles on the desk carries, within the scopes of a token."""
    held = {h.role for h in caller.holdings}
    rights = {right for name in held if name in pack.roles.roles for right in pack.roles.roles[name].may}
    if caller.scopes is None or "all" in caller.scopes:
        return frozenset(rights)
    return frozenset(rights & caller.scopes)


def standing_with(right: str, caller: Caller, pack: Pack) -> Ground | None:
    """Under which role the caller has a right on the desk; None when they do not have it."""
    for holding in caller.holdings:
        role = pack.roles.roles.get(holding.role)
        if role is not None and right in role.may and right in rights_of(caller, pack):
            return Ground(holding.role, holding.deputy_for)
    return None


def may_on_desk(person: Person, right: str, desk: Desk, pack: Pack, now: datetime) -> Ground | None:
    """Under what somebody has a right on a desk now: a role of theirs, or that they administer the installation."""
    if not person.is_active:
        return None
    if person.is_administrator:
        return Ground()
    return standing_with(right, standing_of(person, now).caller(desk, pack), pack)


def desks_where(person: Person, right: str, packs: Iterable[tuple[Desk, Pack]], now: datetime) -> list[Desk]:
    """The desks on which somebody has a right, in their order; what they hold is read once."""
    if person.is_administrator:
        return [desk for desk, _ in packs]
    standing = standing_of(person, now)
    return [desk for desk, pack in packs if standing_with(right, standing.caller(desk, pack), pack)]
