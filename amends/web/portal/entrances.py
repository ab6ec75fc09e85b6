"""Entrances that hang on a wall: a signed address names desk, way in and outlet, and can not be made up."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.urls import reverse

from amends.apps.people.models import Department
from amends.core.policy.pack import Pack
from amends.core.refusals import NotVisible

_SIGNER = "amends.portal.entrance"


@dataclass(frozen=True, slots=True)
class Entrance:
    """Where a poster hangs: the desk, the way in it counts as, and the outlet."""

    desk: str
    channel: str
    outlet: int | None = None

    @property
    def sealed(self) -> str:
        """The entrance as an address carries it; older keys of the installation open it as well."""
        return _signer().sign(f"{self.desk}.{self.channel}.{self.outlet or ''}")

    @property
    def address(self) -> str:
        return settings.BASE_URL + reverse("portal_entrance", args=[self.sealed])


def _signer() -> Signer:
    return Signer(salt=_SIGNER, sep="~")


def entrance_of(sealed: str) -> Entrance | None:
    """The entrance that was sealed; None without one. Raises NotVisible for one that was made up or changed."""
    if not sealed:
        return None
    try:
        desk, channel, outlet = _signer().unsign(sealed[:300]).split(".")
    except (BadSignature, ValueError):
        raise NotVisible from None
    return Entrance(desk, channel, int(outlet) if outlet else None)


def outlet_of(entrance: Entrance | None) -> Department | None:
    """The outlet where the poster hangs, while it is there."""
    if entrance is None or entrance.outlet is None:
        return None
    return Department.objects.filter(pk=entrance.outlet, retired_at=None).first()


def poster_channels(pack: Pack) -> list[str]:
    """The ways in that a poster may stand for."""
    return [name for name, channel in pack.channels.channels.items() if channel.poster and not channel.retired]
