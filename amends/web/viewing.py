"""Who looks at the page, and what every page shows of them."""

from __future__ import annotations

from functools import cached_property
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.utils import timezone

from amends.apps.cases.queries import Viewer
from amends.apps.messaging.models import Notice
from amends.apps.people.directory import OrganisationOfDesk
from amends.apps.policies.models import Desk
from amends.apps.policies.queries import NoPackInForce, pack_in_force
from amends.core.facts import CaseFacts
from amends.core.policy.pack import Pack
from amends.core.roles import actor_on_case


def viewer_of(request: HttpRequest) -> Viewer:
    """The person signed in, at the moment of the request; the same one for the whole request."""
    found = getattr(request, "_viewer", None)
    if found is None:
        found = Viewer(person=request.user, now=timezone.now())  # type: ignore[arg-type]
        request._viewer = found  # type: ignore[attr-defined]
    return found


def packs_of(viewer: Viewer) -> dict[Desk, Pack]:
    """The desks of the viewer with the policy in force; a desk without one is left out."""
    found = {}
    for desk in viewer.desks():
        try:
            found[desk] = pack_in_force(desk, viewer.now)
        except NoPackInForce:
            continue
    return found


def zone_of(pack: Pack) -> ZoneInfo:
    return ZoneInfo(pack.head.zone)


def may_register(viewer: Viewer, desk: Desk, pack: Pack) -> bool:
    """Whether the viewer may register contacts on the desk."""
    actor = actor_on_case(pack, viewer.caller(desk, pack), CaseFacts(), OrganisationOfDesk(desk, pack, viewer.now))
    return any(set(t.by) & actor.roles for t in pack.lifecycle.from_state(None) if t.verb == "register")


class Nav:
    """What the sidebar shows; read only when a page shows it."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    @cached_property
    def notices(self) -> int:
        return Notice.objects.filter(person=viewer_of(self.request).person, acknowledged_at=None).count()

    @cached_property
    def may_register(self) -> bool:
        viewer = viewer_of(self.request)
        return any(may_register(viewer, desk, pack) for desk, pack in packs_of(viewer).items())


def navigation(request: HttpRequest) -> dict[str, object]:
    """Context processor: the sidebar of staff pages."""
    return {"nav": Nav(request)} if getattr(request, "user", None) and request.user.is_authenticated else {}
