"""What the portal offers: the desks that take forms from customers, with their kinds of contact and ways to be reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from amends.apps.messaging.actions import wording_of
from amends.apps.messaging.rendering import fill
from amends.apps.policies.models import Desk
from amends.apps.policies.queries import NoPackInForce, open_desks, pack_in_force
from amends.core.policy.base import Title
from amends.core.policy.intake import Kind
from amends.core.policy.pack import Pack
from amends.doors.wording import language, traditional, words


@dataclass(frozen=True, slots=True)
class PortalDesk:
    """A desk as customers meet it."""

    desk: Desk
    pack: Pack

    @property
    def title(self) -> str:
        if language() == "en":
            return self.desk.title_en or words(self.pack.head.title)
        return traditional(self.desk.title) if language() == "zh-hant" else self.desk.title

    @property
    def what_for(self) -> str:
        """What customers come here for, in their words; the name of the desk where the pack says nothing."""
        spoken = self.pack.head.portal
        return words(spoken.title) if spoken else self.title

    @property
    def lead(self) -> str:
        spoken = self.pack.head.portal
        return words(spoken.lead) if spoken and spoken.lead else ""

    @property
    def hotline(self) -> str:
        return self.pack.head.hotline or ""

    @property
    def mailbox(self) -> str:
        setting = self.pack.head.settings.get("mailbox")
        return str(setting.value or "") if setting else ""

    @property
    def kinds(self) -> list[tuple[str, Title]]:
        """The kinds of contact that customers may open by form, complaints before the rest."""
        kinds = [(name, kind) for name, kind in self.pack.channels.kinds.items() if kind.portal]
        return [(name, kind.offered_as or kind.title) for name, kind in sorted(kinds, key=lambda found: _place(*found))]

    @property
    def channel(self) -> str | None:
        """The channel that forms of the portal come in by: the one the pack names, else the only one there is."""
        channels = self.pack.channels.channels.items()
        open_to_all = [name for name, channel in channels if channel.portal and not channel.retired]
        named = self.pack.head.settings.get("portal_channel")
        return named.value if named and named.value in open_to_all else next(iter(open_to_all), None)

    @property
    def how_it_works(self) -> str:
        """What the pack says about its process, if it says it."""
        values = {"hotline": self.hotline, "desk": self.title}
        return page_text(self.pack, "how_it_works", values, self.desk)


def _place(name: str, kind: Kind) -> tuple[bool, bool, str]:
    """Complaints first: those that count, and among them the kind that carries the name."""
    return not kind.counts, name != "complaint", name


def page_text(pack: Pack, message: str, values: Mapping[str, str], desk: Desk) -> str:
    """The words of the desk or its pack for a page of the portal, in the reader's language."""
    text = wording_of(pack, message, "page", language(), desk)
    if text is None:
        return ""
    shown = fill(text, values).strip()
    return traditional(shown) if language() == "zh-hant" else shown


def portal_desks(*, now: datetime) -> list[PortalDesk]:
    """The desks that take forms from customers."""
    found = []
    for desk in open_desks():
        try:
            offered = PortalDesk(desk, pack_in_force(desk, now))
        except NoPackInForce:
            continue
        if offered.channel and offered.kinds:
            found.append(offered)
    return found


def portal_desk(code: str, *, now: datetime) -> PortalDesk | None:
    return next((offered for offered in portal_desks(now=now) if offered.desk.code == code), None)
