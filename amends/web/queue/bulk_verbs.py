"""Which verbs the queue offers for several cases at once."""

from __future__ import annotations

from collections.abc import Mapping

from amends.apps.cases.queries import Viewer
from amends.apps.policies.models import Desk
from amends.core.policy.pack import Pack
from amends.core.verbs import FOR_MANY
from amends.doors.wording import button_of

STANDING = frozenset({"handler", "employee"})
"""Roles that follow from the case or from working here, and not from an appointment."""


def verbs_on_offer(viewer: Viewer, packs: Mapping[Desk, Pack]) -> list[tuple[str, str]]:
    """The verbs with their buttons that a role of the viewer may do on some case of these desks; asks the database nothing."""
    possible: set[str] = set()
    for desk, pack in packs.items():
        held = {holding.role for holding in viewer.caller(desk, pack).holdings}
        held |= {name for name, role in pack.roles.roles.items() if role.counts in STANDING}
        possible |= {t.verb for t in pack.lifecycle.transitions if t.verb in FOR_MANY and held & set(t.by)}
    return [(verb, button_of(verb)) for verb in FOR_MANY if verb in possible]
