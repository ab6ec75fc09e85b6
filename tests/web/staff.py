"""One courier desk and its people at the staff pages."""

from __future__ import annotations

import re
from typing import Any

from django.test import Client
from django.utils import timezone

from amends.apps.cases.models import Case
from tests.world import DeskWorld, open_world, publish_shipped

REGISTERED = {
    "_desk": "express", "_kind": "external_complaint", "_channel": "hotline", "complainant_name": "顾晓彤",
    "complainant_phone": "13800138000", "subject": "外箱破损", "description": "外箱压瘪，内件受潮。",
    "demands-0-text": "赔偿运费", "concerns_parcel": "no", "recorded_category": "",
}  # fmt: skip


def courier_desk() -> DeskWorld:
    """The express desk, published and staffed, at the present moment: pages take the time from the clock of the machine."""
    now = timezone.now()
    publish_shipped(("express",), now=now)
    return open_world("express", now=now)


def signed_in(world: DeskWorld, role: str, function: str = "") -> Client:
    """A browser in which somebody with the role is signed in."""
    client = Client()
    client.force_login(world.person(role, function), backend="django.contrib.auth.backends.ModelBackend")
    return client


def contact(world: DeskWorld, **changes: Any) -> dict[str, Any]:
    """What the intake page posts for an ordinary complaint; None leaves a field out."""
    pack = world.pack
    scheme = pack.categories.scheme("recorded_category")
    category = next(path for path, node in scheme.walk() if not node.children) if scheme else ""
    kind = next(k for k, v in pack.channels.kinds.items() if v.counts and not v.internal)
    channel = next(iter(pack.channels.channels))
    data = {**REGISTERED, "_kind": kind, "_channel": channel, "recorded_category": category, **changes}
    return {name: value for name, value in data.items() if value is not None}


def on_page(response: Any, name: str) -> str:
    """The value of a hidden or text input of a page."""
    found = re.search(rf'name="{re.escape(name)}"[^>]*?value="([^"]*)"', response.content.decode())
    return found.group(1) if found else ""


def only_case() -> Case:
    return Case.objects.get()
