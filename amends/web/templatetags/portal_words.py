"""What templates of the portal show beside the words of packs: times in full, for readers of any day."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import template

from amends.web.portal.progress import in_full

register = template.Library()


@register.filter
def when(value: Any, zone: ZoneInfo) -> str:
    """A stored moment in the desk's zone, with year and weekday."""
    moment = datetime.fromisoformat(value.replace("Z", "+00:00")) if isinstance(value, str) else value
    return in_full(moment, zone)
