"""Who may keep the address book of a desk, approve entries, and release messages to groups."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from amends.apps.people.models import Person
from amends.apps.people.rights import rights_of
from amends.apps.policies.models import Desk
from amends.core.directory import Caller
from amends.core.policy.pack import Pack
from amends.core.refusals import NotPermitted

KEEP = "address_book"
APPROVE = "approve_entries"
RELEASE = "release_texts"
EXPORT = "export"
REVEAL = "reveal"
VERBS = {
    KEEP: "通讯录与群发短信", APPROVE: "批准新增经销商", RELEASE: "复核群发短信", EXPORT: "导出", REVEAL: "查看完整信息",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Keeper:
    """Somebody at a moment on a desk, with the rights that their roles there carry."""

    person: Person
    desk: Desk
    pack: Pack
    rights: frozenset[str]
    now: datetime

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.pack.head.zone)

    def may(self, right: str) -> bool:
        return right in self.rights

    def check(self, right: str) -> None:
        """Raises NotPermitted."""
        if right not in self.rights:
            raise NotPermitted(verb=VERBS[right])


def keeper_on(person: Person, desk: Desk, pack: Pack, caller: Caller, now: datetime) -> Keeper | None:
    """Them on the desk; None where they have to do with neither book nor messages, or the policy knows no groups."""
    rights = rights_of(caller, pack) if person.is_active else frozenset()
    if pack.texting.groups is None or not rights & {KEEP, APPROVE, RELEASE}:
        return None
    return Keeper(person, desk, pack, rights, now)
