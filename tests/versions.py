"""A further version of a published pack, for tests of what happens when a policy changes."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

from amends.apps.policies.actions import close_version, publish_pack
from amends.apps.policies.models import PackVersion
from amends.apps.policies.queries import content_of


def publish_next(pack_id: str, change: Callable[[dict[str, Any]], None], *, now: datetime) -> PackVersion:
    """Publish the latest version with a change, in force from tomorrow on; returns it."""
    latest = PackVersion.objects.filter(pack_id=pack_id).latest("version")
    content = deepcopy(content_of(latest))
    first = max(now.date(), latest.valid_from) + timedelta(days=1)
    content["head"] |= {"version": latest.version + 1, "valid_from": first.isoformat()}
    change(content)
    close_version(latest, last_day=first - timedelta(days=1), now=now)
    return publish_pack(content, now=now)
